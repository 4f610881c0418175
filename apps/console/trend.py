"""A user's dynamic risk score over time: jumps with decisions, decay in between."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.risk.standing import decayed

WIDTH, HEIGHT = 1000.0, 200.0
#: Points drawn in the quiet time between two moves.
BETWEEN = 6
#: A move of at least this is worth a dot.
NOTABLE = 15


@dataclass(frozen=True, slots=True)
class Move:
    """One move of the score: when, to what, by how much, why, and the decision behind it."""

    at: datetime
    value: float
    moved: float
    reason: str
    outcome: str = ""
    decision: UUID | None = None


@dataclass(frozen=True, slots=True)
class Dot:
    """A notable move on the drawing, in percent of its width and height."""

    x: float
    y: float
    move: Move
    up: bool


@dataclass(frozen=True, slots=True)
class Trend:
    """The drawing of a score over time, in a box of 1000 × 200."""

    line: str
    area: str
    dots: tuple[Dot, ...]
    start: datetime
    end: datetime
    peak: int


def trend(
    moves: Sequence[Move], *, floor: float, half_life_hours: float, now: datetime
) -> Trend | None:
    """Return the drawing from the oldest of the moves until now; None without any move."""
    ordered = sorted(moves, key=lambda move: move.at)
    if not ordered or ordered[0].at >= now:
        return None
    start, whole = ordered[0].at, (now - ordered[0].at).total_seconds()

    def x(at: datetime) -> float:
        return round((at - start).total_seconds() / whole * WIDTH, 1)

    def y(value: float) -> float:
        return round(HEIGHT - min(max(value, 0.0), 1000.0) / 1000 * HEIGHT, 1)

    points: list[tuple[float, float]] = []
    for place, move in enumerate(ordered):
        until = ordered[place + 1].at if place + 1 < len(ordered) else now
        quiet = (until - move.at).total_seconds()
        for step in range(BETWEEN + 1):
            since = quiet * step / BETWEEN
            value = decayed(
                value=move.value, floor=floor, since_s=since, half_life_hours=half_life_hours
            )
            left = x(move.at) + (x(until) - x(move.at)) * step / BETWEEN
            points.append((round(left, 1), y(value)))
    line = " ".join(f"{left},{top}" for left, top in points)
    dots = tuple(
        Dot(x(move.at) / 10, y(move.value) / 2, move, move.moved > 0)
        for move in ordered
        if abs(move.moved) >= NOTABLE
    )
    return Trend(
        line=line,
        area=f"0,{HEIGHT:g} {line} {WIDTH:g},{HEIGHT:g}",
        dots=dots[-40:],
        start=start,
        end=now,
        peak=round(max(move.value for move in ordered)),
    )


def of_decision(one: dict[str, Any]) -> Move:
    """Return the move that a decision made."""
    return Move(
        at=one["at"],
        value=one["standing"],
        moved=one["moved"],
        reason=one["reasons"][0] if one["reasons"] else "",
        outcome=one["outcome"],
        decision=one["id"],
    )
