"""Whether what was asked was done, in order, each within its window after its prompt."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What this check measures against."""
