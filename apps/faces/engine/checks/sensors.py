"""Whether depth and infrared show a living head, where the device has to show them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What this check measures against."""
