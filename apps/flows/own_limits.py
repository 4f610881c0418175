"""limits_of(): everything that bounds a person now, for the person to see, with reason and end."""

from dataclasses import replace
from datetime import datetime

from apps.restrictions import queries as restrictions
from apps.restrictions.models import Kind, Restriction
from apps.trades.queries.limits import Bound, bounds_of
from apps.users.models import User


def limits_of(user: User, *, at: datetime) -> list[Bound]:
    """What bounds somebody now, restrictions first: nine queries (eleven at level 1).

    Codes of restrictions are CAPPED, DENIED, HELD, PROOF_NEEDED; `about` is their ability.
    """
    imposed = restrictions.live(subject=user.entity_id, at=at).exclude(kind=Kind.WARN)
    return [*(_bound(one) for one in imposed.order_by("imposed_at")), *bounds_of(user, at=at)]


CODES = {
    Kind.CAP: "CAPPED",
    Kind.DENY: "DENIED",
    Kind.HOLD: "HELD",
    Kind.STEP_UP: "PROOF_NEEDED",
}


def _bound(one: Restriction) -> Bound:
    bound = Bound(
        code=CODES[Kind(one.kind)],
        about=one.ability,
        why=one.user_sentence,
        until=one.until,
    )
    return replace(bound, usd=one.cap_usd) if one.kind == Kind.CAP else bound
