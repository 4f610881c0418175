"""Velocity: what each entity did, in any window, at a cost that does not grow with history."""
