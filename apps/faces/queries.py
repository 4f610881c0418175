"""Questions about face checks: whose, how many, what they may still do."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Max, Q

from apps.core.errors import Refused
from apps.faces.engine.verdict import ENGINE_FAULT
from apps.faces.models import (
    Attempt,
    Challenge,
    Consent,
    ManualCheck,
    ManualRuling,
    Outcome,
    Template,
)
from apps.faces.states import ChallengeState
from apps.users.models import User

#: So many checks may be begun in this time.
MOST_BEGUN, BEGUN_WITHIN = 3, timedelta(minutes=10)
#: After so many failures in this time people look, not machines.
MOST_FAILED, FAILED_WITHIN = 5, timedelta(hours=24)
#: So many earlier sequences of colours are kept unlike the next one.
COLOURS_REMEMBERED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a person stands with face checks; `next_at` only where they may not begin one now."""

    consent: Consent | None
    template: Template | None
    is_locked: bool
    attempts_left: int
    next_at: datetime | None
    in_review: bool


def challenge_for(user: User, id: UUID) -> Challenge:
    """The person's own challenge; somebody else's does not exist."""
    found = Challenge.objects.filter(user=user, pk=id).select_related("user", "attempt").first()
    if found is None:
        raise Refused("NOT_FOUND", 404, "There is no such face check of yours.")
    return found


def consent_of(user: User) -> Consent | None:
    """The person's consent in force."""
    return Consent.objects.filter(user=user, withdrawn_at=None).first()


def standing(user: User, *, at: datetime) -> Standing:
    """Everything that a person is told of their face checks; nine queries."""
    count, free_at = begun(user, at=at)
    locked = failures(user, at=at) >= MOST_FAILED
    return Standing(
        consent=consent_of(user),
        template=Template.objects.filter(user=user, superseded_at=None, sealed__isnull=False)
        .defer("sealed")
        .order_by("-enrolled_at")
        .first(),
        is_locked=locked,
        attempts_left=0 if locked else max(0, MOST_BEGUN - count),
        next_at=free_at if free_at is not None and free_at > at else None,
        in_review=is_in_review(user),
    )


def is_in_review(user: User) -> bool:
    """Whether staff have something of the person's to look at: a request, or the latest check."""
    if ManualCheck.objects.filter(user=user, ruling="").exists():
        return True
    latest = Attempt.objects.filter(user=user).order_by("-at").first()
    if latest is None or latest.outcome != Outcome.REVIEW or latest.reviews.exists():
        return False
    decided = ManualCheck.objects.filter(user=user, decided_at__gt=latest.at)
    return not decided.exists()


def is_being_judged(user: User) -> bool:
    """Whether a check of the person's is with a worker."""
    return Challenge.objects.filter(user=user, state=ChallengeState.FINISHED).exists()


def begun(user: User, *, at: datetime) -> tuple[int, datetime | None]:
    """How many checks the person began in the last minutes, and when the next may begin.

    One that broke on our side is not counted.
    """
    found = Challenge.objects.filter(user=user, issued_at__gt=at - BEGUN_WITHIN).exclude(
        attempt__code=ENGINE_FAULT
    )
    times = list(found.order_by("-issued_at").values_list("issued_at", flat=True)[:MOST_BEGUN])
    free_at = times[-1] + BEGUN_WITHIN if len(times) >= MOST_BEGUN else None
    return len(times), free_at


def failures(user: User, *, at: datetime) -> int:
    """Failed checks within a day since the last one that passed, or that people approved.

    Those of which people could not tell either are not counted.
    """
    mine = Attempt.objects.filter(user=user)
    since = at - FAILED_WITHIN
    good = mine.filter(Q(outcome=Outcome.PASS) | Q(reviews__ruling="APPROVED"), at__gt=since)
    by_hand = ManualCheck.objects.filter(
        user=user, ruling=ManualRuling.APPROVED, decided_at__gt=since
    )
    passed = good.aggregate(latest=Max("at"))["latest"] or since
    approved = by_hand.aggregate(latest=Max("decided_at"))["latest"] or since
    failed = mine.filter(outcome=Outcome.FAIL, at__gt=max(passed, approved))
    counted = failed.exclude(reviews__ruling="ASK_AGAIN")
    return int(counted.aggregate(n=Count("id"))["n"])


def last_passed(user: User) -> Attempt | None:
    """The person's latest check that passed, with its challenge."""
    passed = Attempt.objects.filter(user=user, outcome=Outcome.PASS)
    return passed.select_related("challenge").order_by("-at").first()


def colours_before(user: User) -> list[str]:
    """The latest sequences of colours that this person was shown, as text."""
    found = Challenge.objects.filter(user=user).exclude(colours="").order_by("-issued_at")
    return list(found.values_list("colours", flat=True)[:COLOURS_REMEMBERED])


def latest(user: User, *, limit: int) -> list[Attempt]:
    """The person's latest judged checks."""
    found = Attempt.objects.filter(user=user).select_related("challenge").defer("trace")
    return list(found.order_by("-at")[:limit])
