"""A decision's reasons as a waterfall: from 0 by each one's share to the score, then what forced.

Geometry only, in percent of the width, so that one drawing fits a wide screen and a phone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.risk.policy_settings import SEVERITY, PolicySettings

TOP = 34  # pixels above the first bar: the names of the thresholds
ROW = 46
BAR = 16
NEVER = 1001


@dataclass(frozen=True, slots=True)
class Bar:
    """One reason's step: from where to where on the scale of 0 to 100 %, at which height."""

    code: str
    sentence: str
    weight: float
    start: float
    width: float
    total: float
    y: int
    forces: str = ""

    @property
    def end(self) -> float:
        """Where the step ends, in percent."""
        return self.start + self.width

    @property
    def label_y(self) -> int:
        """Baseline of the label above the bar."""
        return self.y - 6

    @property
    def foot(self) -> int:
        """Lower edge of the bar."""
        return self.y + BAR

    @property
    def next_y(self) -> int:
        """Upper edge of the bar below."""
        return self.y + ROW


@dataclass(frozen=True, slots=True)
class Line:
    """A threshold of the checkpoint: the score from which on an outcome follows."""

    outcome: str
    score: int
    x: float
    passed: bool
    label_y: int


@dataclass(frozen=True, slots=True)
class Waterfall:
    """The drawing of one decision."""

    bars: tuple[Bar, ...]
    forced: tuple[Bar, ...]
    lines: tuple[Line, ...]
    score: int
    height: int
    by_score: str
    total_y: int

    @property
    def total_width(self) -> float:
        """Width of the bar of the whole score, in percent."""
        return self.score / 10


def waterfall(
    *,
    reasons: Sequence[str],
    weights: Sequence[float],
    sentences: Sequence[str],
    forces: Sequence[str],
    score: int,
    settings: PolicySettings | None,
    checkpoint: str,
) -> Waterfall:
    """Return where every bar and line stands; reasons without a share of the score only force."""
    steps = sorted(zip(reasons, weights, sentences, forces, strict=True), key=lambda step: -step[1])
    bars: list[Bar] = []
    forced: list[Bar] = []
    total = 0.0
    for code, weight, sentence, force in steps:
        if weight >= 0.05:
            y = TOP + 18 + ROW * len(bars)
            bars.append(
                Bar(code, sentence, weight, total / 10, weight / 10, total + weight, y, force)
            )
            total += weight
        if force or weight < 0.05:
            forced.append(Bar(code, sentence, weight, 0, 0, total, 0, force))
    forced.sort(key=lambda bar: -SEVERITY.get(bar.forces, 0))
    thresholds = settings.thresholds.get(checkpoint) if settings else None
    lines: dict[int, str] = {}
    if thresholds:
        for outcome in ("LIMIT", "STEP_UP", "REVIEW", "BLOCK"):
            at = getattr(thresholds, outcome)
            if at < NEVER:
                lines[at] = outcome  # of two at the same score the more severe holds
    by_score = "ALLOW"
    for at, outcome in lines.items():
        if score >= at and SEVERITY[outcome] > SEVERITY[by_score]:
            by_score = outcome
    total_y = TOP + 18 + ROW * len(bars)
    return Waterfall(
        bars=tuple(bars),
        forced=tuple(forced),
        lines=_lines(lines, score),
        score=score,
        height=total_y + BAR + 26,
        by_score=by_score,
        total_y=total_y,
    )


def _lines(lines: dict[int, str], score: int) -> tuple[Line, ...]:
    # Names of neighbours that would touch on a phone take turns above each other.
    found, last, high = [], -1000, False
    for at in sorted(lines):
        high = at - last < 320 and not high
        found.append(Line(lines[at], at, at / 10, score >= at, 11 if high else 25))
        last = at
    return tuple(found)
