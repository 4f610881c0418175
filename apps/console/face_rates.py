"""How often attacks passed and the living failed, by week and device, as far as staff have said.

ISO/IEC 30107-3: APCER is the share of attacks that were accepted, BPCER the share of living people
who were rejected. The truth of a check is what the latest ruling on it says.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import OuterRef, Subquery

from apps.faces.evaluation.rates import Rate
from apps.faces.models import Attempt, Outcome, Review
from apps.flows.face_review import LIVE

#: What could not be told is neither accepted nor rejected: the person tries again.
TOLD = (Outcome.PASS, Outcome.REVIEW, Outcome.FAIL)
NO_DEVICE = "unknown"


@dataclass(slots=True)
class Count:
    """Labelled checks of one week, or of one week on one device."""

    attacks: int = 0
    passed: int = 0
    living: int = 0
    failed: int = 0
    doubted: int = 0
    species: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, *, outcome: str, truth: str) -> None:
        """Count one labelled check."""
        if truth == LIVE:
            self.living += 1
            self.failed += outcome == Outcome.FAIL
            self.doubted += outcome == Outcome.REVIEW
        else:
            self.attacks += 1
            self.passed += outcome == Outcome.PASS
            self.species[truth] += 1

    @property
    def apcer(self) -> Rate:
        return Rate(self.passed, self.attacks)

    @property
    def bpcer(self) -> Rate:
        return Rate(self.failed, self.living)


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table: a week, a device model, its counts."""

    week: date
    device: str
    count: Count


def lines(*, since: datetime) -> list[Line]:
    """Labelled checks since then by week and device model, newest week first; one query."""
    counts: dict[tuple[date, str], Count] = defaultdict(Count)
    for outcome, device, at, truth in _labelled(since):
        counts[monday(at), device or NO_DEVICE].add(outcome=outcome, truth=truth)
    newest = sorted(counts, key=lambda key: (-key[0].toordinal(), key[1]))
    return [Line(*key, counts[key]) for key in newest]


def by_week(found: Iterable[Line], *, start: date, end: date) -> list[Line]:
    """The same over all devices, one line for every week from `start` to `end`, oldest first."""
    counts: dict[date, Count] = defaultdict(Count)
    for line in found:
        total = counts[line.week]
        for name in ("attacks", "passed", "living", "failed", "doubted"):
            setattr(total, name, getattr(total, name) + getattr(line.count, name))
    weeks = range((monday_of(end) - monday_of(start)).days // 7 + 1)
    return [
        Line(week, "", counts[week])
        for week in (monday_of(start) + timedelta(weeks=number) for number in weeks)
    ]


def monday(at: datetime) -> date:
    """The week that a moment is in, by its Monday."""
    return monday_of(at.date())


def monday_of(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def _labelled(since: datetime) -> Iterator[tuple[str, str, datetime, str]]:
    latest = Review.objects.filter(attempt=OuterRef("pk")).order_by("-at", "-id")
    rows = Attempt.objects.filter(at__gte=since, outcome__in=TOLD, reviews__isnull=False)
    known = rows.annotate(truth=Subquery(latest.values("truth")[:1])).exclude(truth="")
    yield from known.distinct().values_list("outcome", "device_model", "at", "truth")
