"""Whether the frames answer this challenge honestly and whole: order, times, rate, sizes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What this check measures against."""
