"""Face checks that people should look at, and all others by filter."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet

from apps.faces import queries
from apps.faces.models import Attempt, ManualCheck, Outcome, Review
from apps.users.models import User

PAGE = 50
#: Checks older than this that nobody has looked at no longer wait: their pictures are gone.
WAITS_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Locked:
    """Somebody who may not try any more today."""

    user: User
    failures: int


def rows(said: dict[str, Any], *, at: datetime) -> QuerySet[Attempt]:
    """The checks that a filter asks for, the latest first."""
    found = Attempt.objects.select_related("user", "challenge").defer("trace")
    ruled = Review.objects.filter(attempt=OuterRef("pk"))
    found = found.annotate(is_ruled=Exists(ruled))
    if not said.get("all") and not said.get("outcome"):
        found = found.filter(
            outcome__in=[Outcome.REVIEW, Outcome.FAIL], at__gt=at - WAITS_FOR
        ).exclude(is_ruled=True)
    for name in ("outcome", "species"):
        if said.get(name):
            found = found.filter(**{name: said[name]})
    if said.get("device"):
        found = found.filter(device_model__icontains=said["device"])
    if said.get("person"):
        found = found.filter(user=said["person"])
    if said.get("start"):
        found = found.filter(at__gte=said["start"])
    if said.get("end"):
        found = found.filter(at__lt=said["end"])
    return found.order_by("-at")


def locked(*, at: datetime) -> list[Locked]:
    """Who failed so often within a day that only people can let them on."""
    since = at - queries.FAILED_WITHIN
    often = (
        Attempt.objects.filter(outcome=Outcome.FAIL, at__gt=since)
        .values("user")
        .annotate(n=Count("id"))
        .filter(n__gte=queries.MOST_FAILED)
    )
    people = User.objects.filter(pk__in=[row["user"] for row in often])
    counted = [Locked(user, queries.failures(user, at=at)) for user in people]
    return [one for one in counted if one.failures >= queries.MOST_FAILED]


def by_hand() -> QuerySet[ManualCheck]:
    """The people who asked for a check by hand, longest first."""
    return ManualCheck.objects.filter(ruling="").select_related("user").order_by("asked_at")
