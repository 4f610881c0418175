"""Whether one face, good enough to judge, is there throughout: bad pictures are a retry."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What this check measures against."""
