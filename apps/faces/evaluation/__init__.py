"""Measuring the engine on recorded sessions: rates, calibration, rendered sessions."""
