"""The dynamic risk score of a user: it jumps with what happens and decays while nothing does.

    value(t) = floor + (value − floor) · ½^((t − at) / half-life)

A decision moves it towards the decision's score: by the share `rise` upwards, `fall` downwards.
"""

from dataclasses import dataclass

from apps.risk.policy_settings import StandingSettings


@dataclass(frozen=True, slots=True)
class Move:
    """The standing after a decision, and by how much the decision moved it."""

    value: float = 0.0
    moved: float = 0.0
    floor: float = 0.0


def decayed(*, value: float, floor: float, since_s: float, half_life_hours: float) -> float:
    """Return what is left of a standing after `since_s` seconds without events."""
    low = min(floor, value)
    return low + (value - low) * 0.5 ** (max(0.0, since_s) / 3600 / half_life_hours)


def move(
    *,
    settings: StandingSettings,
    standing: tuple[float, float, float] | None,
    score: float,
    at: float,
) -> Move:
    """Return where a decision of this score takes a standing (value, epoch seconds, floor)."""
    value, since, floor = standing or (0.0, at, 0.0)
    before = decayed(
        value=value, floor=floor, since_s=at - since, half_life_hours=settings.half_life_hours
    )
    share = settings.rise if score > before else settings.fall
    after = max(floor, before + share * (score - before))
    return Move(value=after, moved=after - before, floor=floor)
