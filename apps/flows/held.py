"""Whether something waits, and what staff have said of it meanwhile."""

from datetime import datetime
from uuid import UUID

from apps.restrictions import queries as restrictions
from apps.restrictions.models import Ability, Kind, Restriction
from apps.risk.models import Decision, Maker, Result
from apps.users.models import User

HOLDING = (Kind.STEP_UP, Kind.HOLD, Kind.DENY)


def is_held(entity: int, user: User, ability: str, *, at: datetime) -> bool:
    """Whether anything keeps this thing or its owner from going on."""
    return bool(kinds_held(entity, user, ability, at=at))


def kinds_held(entity: int, user: User, ability: str, *, at: datetime) -> set[str]:
    """The kinds of restriction (STEP_UP, HOLD, DENY) that lie on the thing or on its owner."""
    on_it = Restriction.objects.filter(subject=entity, lifted_at=None, kind__in=HOLDING)
    on_them = restrictions.live(subject=user.entity_id, at=at).filter(
        kind__in=HOLDING, ability__in=(ability, Ability.ALL)
    )
    return {*on_it.values_list("kind", flat=True), *on_them.values_list("kind", flat=True)}


def confirmed(decision: UUID | None) -> bool:
    """Whether staff confirmed what the engine suspected."""
    return staff_outcome(decision) == Result.BLOCK


def unjudged(decision: UUID | None) -> bool:
    """Whether the fail-safe decided, and nobody since."""
    blind = Decision.objects.filter(pk=decision, degraded=True).exists()
    return blind and staff_outcome(decision) is None


def staff_outcome(decision: UUID | None) -> str | None:
    """What staff decided last in the stead of this decision."""
    if decision is None:
        return None
    latest = (
        Decision.objects.filter(supersedes=decision, maker=Maker.STAFF, pk__gt=decision)
        .order_by("-id")
        .first()
    )
    return latest.outcome if latest else None
