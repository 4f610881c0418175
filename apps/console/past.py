"""A decision's features against the same user's own past: what is unusual for this person?"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from apps.console.figures import in_unit
from apps.risk.features import all_features
from apps.risk.features.registry import Feature
from apps.risk.shadow import names_of

#: So many of the user's decisions before this one are compared.
BACK = 200
#: … among so many of the user's newest events, of which some were only recorded.
WALK = 2_000
SPARK = 40
#: Fewer values than this say nothing of what is usual.
ENOUGH = 5
#: From here on a value counts as unusual: near the edge of the past, and far from its middle.
UNUSUAL = 0.6
_WIDTH, _HEIGHT = 96.0, 22.0

BEFORE = f"""
SELECT d.feature_set, d."values"
FROM (SELECT id FROM events_event WHERE user_id = %s AND id < %s
      ORDER BY id DESC LIMIT {WALK}) e
JOIN risk_decision d ON d.id = e.id AND d.maker = 'ENGINE' AND NOT d.degraded
ORDER BY e.id DESC LIMIT {BACK}
"""
_META = {feature.name: feature for feature in all_features()}


@dataclass(frozen=True, slots=True)
class Spark:
    """A small line of the last values, in a box of 96 × 22; `dot` is the present value."""

    points: str
    dot: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Compared:
    """One feature of a decision: its value, what it means, and what is usual for this user."""

    name: str
    family: str
    unit: str
    doc: str
    value: float
    shown: str
    median: str
    percentile: int | None
    count: int
    unusual: float
    spark: Spark | None
    used_by: tuple[str, ...]

    @property
    def known(self) -> bool:
        """Whether the engine knew a value."""
        return not math.isnan(self.value)

    @property
    def is_unusual(self) -> bool:
        """Whether the value lies outside of what this user usually shows."""
        return self.unusual >= UNUSUAL


def before(*, user: int | None, decision: UUID) -> list[dict[str, float | None]]:
    """Return the values of the user's decisions before this one, newest first: one query."""
    if user is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(BEFORE, [user, decision])
        found = cursor.fetchall()
    return [
        dict(zip(names_of(version), values, strict=False)) for version, values in found if values
    ]


def compare(
    *,
    values: Sequence[float | None],
    names: Sequence[str],
    past: Sequence[dict[str, float | None]],
    used_by: dict[str, list[str]],
) -> list[Compared]:
    """Return every feature with its place in the user's own past, the most unusual first."""
    found = []
    for name, value in zip(names, values, strict=False):
        number = math.nan if value is None else value
        series = [v for one in past if (v := one.get(name)) is not None and v == v]
        found.append(_compared(_META.get(name), name, number, series, used_by.get(name, ())))
    found.sort(key=lambda one: (-one.unusual, not one.used_by, not one.known, one.name))
    return found


def _compared(
    meta: Feature | None,
    name: str,
    value: float,
    series: list[float],
    used_by: Sequence[str],
) -> Compared:
    unit = meta.unit if meta else ""
    ordered = sorted(series)
    percentile, unusual, median = None, 0.0, ""
    if ordered:
        middle = ordered[len(ordered) // 2]
        if len(ordered) % 2 == 0 and unit != "yes/no":
            middle = (ordered[len(ordered) // 2 - 1] + middle) / 2
        median = in_unit(middle, unit)
    if value == value and len(ordered) >= ENOUGH:
        below = bisect_left(ordered, value)
        equal = bisect_right(ordered, value) - below
        share = (below + equal / 2) / len(ordered)
        percentile = round(100 * share)
        # What only ever grows (an age, a total) is always at the edge: distance counts as well.
        far = _distance(value, ordered)
        unusual = abs(2 * share - 1) * (far / (far + 2) if far < math.inf else 1.0)
    return Compared(
        name=name,
        family=meta.family if meta else "retired",
        unit=unit,
        doc=meta.doc if meta else "This feature has left the registry.",
        value=value,
        shown=in_unit(value, unit),
        median=median,
        percentile=percentile,
        count=len(ordered),
        unusual=unusual,
        spark=_spark([*reversed(series[: SPARK - 1])], value),
        used_by=tuple(used_by),
    )


def _distance(value: float, ordered: list[float]) -> float:
    """Return how far a value lies from the median, in median absolute deviations."""
    middle = ordered[len(ordered) // 2]
    spread = sorted(abs(one - middle) for one in ordered)[len(ordered) // 2]
    scale = max(1.4826 * spread, 0.05 * abs(middle))
    if value == middle:
        return 0.0
    return abs(value - middle) / scale if scale else math.inf


def _spark(series: list[float], value: float) -> Spark | None:
    """Draw the past, oldest first, and the present value as a dot at its end."""
    line = [*series, value] if value == value else series
    if len(line) < 2:
        return None
    low, high = min(line), max(line)
    tall = (high - low) or 1.0
    step = (_WIDTH - 6) / (len(line) - 1)

    def place(at: int, number: float) -> tuple[float, float]:
        share = (number - low) / tall if high > low else 0.5
        return round(3 + at * step, 1), round(_HEIGHT - 3 - share * (_HEIGHT - 6), 1)

    points = [place(at, number) for at, number in enumerate(line)]
    text = " ".join(f"{x},{y}" for x, y in points)
    return Spark(text, points[-1] if value == value else None)


def families(found: Sequence[Compared]) -> list[tuple[str, list[Compared]]]:
    """Return the features by family, the family with the most unusual one first."""
    grouped: dict[str, list[Compared]] = {}
    for one in found:
        grouped.setdefault(one.family, []).append(one)
    return list(grouped.items())


def as_values(found: Sequence[Compared]) -> dict[str, Any]:
    """Return the values by name, for explaining rules."""
    return {one.name: one.value for one in found}
