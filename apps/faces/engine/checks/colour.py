"""Whether the light of the screen came back from the skin, in the order it was shown."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What this check measures against."""
