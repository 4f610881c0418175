"""Questions about what is forbidden."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Q, QuerySet

from apps.core.errors import Refused
from apps.restrictions.models import Ability, Kind, Restriction


def live(*, subject: int, at: datetime) -> QuerySet[Restriction]:
    """Return what the subject may not do freely at `at`."""
    return Restriction.objects.filter(
        Q(until=None) | Q(until__gt=at), subject=subject, lifted_at=None
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
        elif restriction.kind == Kind.CAP:
            cap = restriction.cap_usd or Decimal(0)
            if amount_usd is None or amount_usd > cap:
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


def ladder_steps(*, subject: int, since: datetime) -> list[str]:
    """Return the steps of the penalty ladder that the subject has met since then, oldest first."""
    return list(
        Restriction.objects.filter(subject=subject, imposed_at__gte=since)
        .exclude(step="")
        .exclude(lifted_for__startswith="appeal won")
        .order_by("imposed_at")
        .values_list("step", flat=True)
    )


def memory(at: datetime, days: int) -> datetime:
    """Return the moment from which on the ladder remembers."""
    return at - timedelta(days=days)
