"""Questions about what is forbidden."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count, F, Q, QuerySet

from apps.core.errors import Refused
from apps.restrictions.caps import bounds
from apps.restrictions.models import Ability, Kind, LiftedBy, Restriction


def live(*, subject: int, at: datetime) -> QuerySet[Restriction]:
    """Return what the subject may not do freely at `at`."""
    return live_of([subject], at=at)


def live_of(subjects: Sequence[int], *, at: datetime) -> QuerySet[Restriction]:
    """Return what any of the subjects may not do freely at `at`."""
    return Restriction.objects.filter(
        Q(until=None) | Q(until__gt=at), subject__in=subjects, lifted_at=None
    )


def require(
    subject: int, ability: str, *, at: datetime, amount_usd: Decimal | None = None
) -> list[Restriction]:
    """Return the STEP_UP restrictions to satisfy; Refused when the ability is denied or held.

    Asked by every flow before the deed. A cap refuses an amount above it, and an unknown amount.
    """
    steps = []
    for restriction in live(subject=subject, at=at).filter(ability__in=(ability, Ability.ALL)):
        if restriction.kind == Kind.STEP_UP:
            steps.append(restriction)
        elif restriction.kind == Kind.WARN:
            continue
        elif restriction.kind == Kind.CAP:
            cap = restriction.cap_usd or Decimal(0)
            bound = bounds(cap_on=restriction.ability, ability=ability)
            if bound and (amount_usd is None or amount_usd > cap):
                raise Refused(
                    "OVER_CAP",
                    status=403,
                    detail=f"Your limit for this is {cap} USD at present. "
                    f"{restriction.user_sentence}",
                )
        else:
            raise Refused(
                "RESTRICTED" if restriction.kind == Kind.DENY else "UNDER_REVIEW",
                status=403,
                detail=restriction.user_sentence,
            )
    return steps


def ladder_steps(*, subject: int, since: datetime, at: datetime) -> list[tuple[str, bool]]:
    """Return the ladder's steps that the subject met since then, oldest first: (name, in force).

    A step that somebody lifted before its time was not met.
    """
    rows = (
        Restriction.objects.filter(subject=subject, imposed_at__gte=since)
        .exclude(step="")
        .exclude(lifted_at__lt=F("until"))
        .order_by("imposed_at", "id")
        .values_list("step", "lifted_at", "until")
    )
    return [
        (step, lifted_at is None and (until is None or until > at))
        for step, lifted_at, until in rows
    ]


def memory(at: datetime, days: int) -> datetime:
    """Return the moment from which on the ladder remembers."""
    return at - timedelta(days=days)


def step_ups(*, since: datetime, until: datetime) -> dict[str, int]:
    """How the step-ups on people that were imposed in [since, until) ended: counts by reason.

    "" are those that still wait; the others are restrictions.services' reasons for lifting.
    """
    asked = Restriction.objects.filter(
        subject__kind="user",
        kind=Kind.STEP_UP,
        lifts_by=LiftedBy.FACE,
        imposed_at__gte=since,
        imposed_at__lt=until,
    )
    rows = asked.values_list("lifted_for").annotate(n=Count("id")).order_by("lifted_for")
    return {reason or "": count for reason, count in rows}
