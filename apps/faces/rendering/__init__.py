"""Rendered sessions: a head that does as it is told, and the pictures and masks that pretend to."""
