"""Whether the skin looks like print or screen: a weight that never decides alone."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What this check measures against."""
