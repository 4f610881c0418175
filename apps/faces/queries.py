"""Questions about face checks: whose, how many, what they may still do."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Max, Q

from apps.core.errors import Refused
from apps.faces.models import Attempt, Challenge, Consent, Outcome
from apps.users.models import User

#: So many checks may be begun in this time.
MOST_BEGUN, BEGUN_WITHIN = 3, timedelta(minutes=10)
#: After so many failures in this time people look, not machines.
MOST_FAILED, FAILED_WITHIN = 5, timedelta(hours=24)
#: So many earlier sequences of colours are kept unlike the next one.
COLOURS_REMEMBERED = 200


def challenge_for(user: User, id: UUID) -> Challenge:
    """The person's own challenge; somebody else's does not exist."""
    found = Challenge.objects.filter(user=user, pk=id).select_related("user", "attempt").first()
    if found is None:
        raise Refused("NOT_FOUND", 404, "There is no such face check of yours.")
    return found


def consent_of(user: User) -> Consent | None:
    """The person's consent in force."""
    return Consent.objects.filter(user=user, withdrawn_at=None).first()


def begun(user: User, *, at: datetime) -> tuple[int, datetime | None]:
    """How many checks the person began in the last minutes, and when the next may begin."""
    found = Challenge.objects.filter(user=user, issued_at__gt=at - BEGUN_WITHIN)
    times = list(found.order_by("-issued_at").values_list("issued_at", flat=True)[:MOST_BEGUN])
    free_at = times[-1] + BEGUN_WITHIN if len(times) >= MOST_BEGUN else None
    return len(times), free_at


def failures(user: User, *, at: datetime) -> int:
    """Failed checks within a day since the last one that passed, or that people approved."""
    mine = Attempt.objects.filter(user=user)
    since = at - FAILED_WITHIN
    good = mine.filter(Q(outcome=Outcome.PASS) | Q(reviews__ruling="APPROVED"), at__gt=since)
    latest = good.aggregate(latest=Max("at"))["latest"] or since
    counted = mine.filter(outcome=Outcome.FAIL, at__gt=latest).aggregate(n=Count("id"))
    return int(counted["n"])


def last_passed(user: User) -> Attempt | None:
    """The person's latest check that passed, with its challenge."""
    passed = Attempt.objects.filter(user=user, outcome=Outcome.PASS)
    return passed.select_related("challenge").order_by("-at").first()


def colours_before(user: User) -> list[str]:
    """The latest sequences of colours that this person was shown, as text."""
    found = Challenge.objects.filter(user=user).exclude(colours="").order_by("-issued_at")
    return list(found.values_list("colours", flat=True)[:COLOURS_REMEMBERED])
