"""Questions about disputes; rows are found for their parties and for staff only."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.core.errors import Refused
from apps.trades.models import Appeal, Evidence, Fault, Order, Penalty, Ruling, RulingStage
from apps.trades.states import AppealState
from apps.users.models import User

ENDED = (AppealState.CLOSED, AppealState.WITHDRAWN)
#: States whose end the clock brings; a human decides about the others.
TIMED = (
    AppealState.OPEN,
    AppealState.NEGOTIATING,
    AppealState.EVIDENCE,
    AppealState.DECIDED,
)
WITH_ORDER = ("order__buyer", "order__seller", "order__asset", "order__fiat", "order__rail")
FAULTY = {
    Fault.BUYER: ("BUYER",),
    Fault.SELLER: ("SELLER",),
    Fault.BOTH: ("BUYER", "SELLER"),
    Fault.NOBODY: (),
}


def appeal_for(actor: User, id: UUID) -> Appeal:
    """A dispute of this person's, whichever side they are on; NO_SUCH_APPEAL (404) otherwise."""
    found = (
        Appeal.objects.filter(Q(order__buyer=actor) | Q(order__seller=actor), pk=id)
        .select_related(*WITH_ORDER, "opener", "agent", "decided_by", "objection_by")
        .first()
    )
    if found is None:
        raise Refused("NO_SUCH_APPEAL", 404, "There is no such appeal of yours.")
    return found


def live_appeal(order: Order) -> Appeal | None:
    """The dispute about an order that is not over, if there is one."""
    return (
        Appeal.objects.filter(order=order)
        .exclude(state__in=ENDED)
        .select_related("agent", "opener")
        .first()
    )


def evidence_of(appeal: Appeal, *, party: User) -> QuerySet[Evidence]:
    """What a party has shown and is asked for; not what the other side showed."""
    return appeal.evidence.filter(party=party).select_related("attachment", "asked_by").order_by(
        "id"
    )  # fmt: skip


def other_of(order: Order, user: User) -> User:
    """The other party of an order."""
    return order.seller if user.pk == order.buyer_id else order.buyer


def losers(appeal: Appeal) -> tuple[User, ...]:
    """Against whom a decision went: who may object to it."""
    order = appeal.order
    if appeal.outcome == "RELEASE":
        return (order.seller,)
    if appeal.outcome == "REFUND":
        return (order.buyer,)
    if appeal.outcome == "SPLIT":
        return (order.buyer, order.seller)
    return (appeal.opener,) if appeal.opener else ()


def faulted(appeal: Appeal) -> tuple[User, ...]:
    """Who was found at fault."""
    sides = FAULTY.get(Fault(appeal.fault), ()) if appeal.fault else ()
    order = appeal.order
    return tuple(order.buyer if side == "BUYER" else order.seller for side in sides)


def pending_ruling(appeal: Appeal) -> Ruling | None:
    """What an agent decided and nobody has approved yet."""
    return appeal.rulings.filter(stage=RulingStage.PENDING).select_related("by").first()


def waiting_for_second(rows: Iterable[Appeal]) -> set[UUID]:
    """Which of these disputes have a decision that nobody has approved yet."""
    pending = Ruling.objects.filter(appeal__in=[one.pk for one in rows], stage=RulingStage.PENDING)
    return set(pending.values_list("appeal", flat=True))


def has_spoken(appeal: Appeal, party: User) -> bool:
    """Whether a party has told or shown anything since the last thing they had to answer."""
    since = appeal.objected_at if appeal.state == AppealState.OBJECTION else None
    shown = appeal.evidence.filter(party=party, shown_at__isnull=False)
    if since is not None:
        return appeal.objection_by_id == party.pk or shown.filter(shown_at__gt=since).exists()
    return appeal.opener_id == party.pk or shown.exists()


def asked_until(appeal: Appeal, party: User, *, at: datetime) -> datetime | None:
    """Until when a party may still show what the agent asked for."""
    open_ = appeal.evidence.filter(party=party, shown_at=None, due_at__gt=at)
    return open_.order_by("-due_at").values_list("due_at", flat=True).first()


def due(*, at: datetime) -> QuerySet[Appeal]:
    """Disputes in which a phase is over, the longest due first."""
    return (
        Appeal.objects.filter(state__in=TIMED, phase_until__lte=at)
        .select_related(*WITH_ORDER)
        .order_by("phase_until")
    )


def queue(*, ended: bool = False) -> QuerySet[Appeal]:
    """What staff work through: what is due first on top; what is over, the latest first."""
    rows = Appeal.objects.select_related(*WITH_ORDER, "opener", "agent")
    if ended:
        return rows.filter(state__in=ENDED).order_by("-closed_at")
    return rows.exclude(state__in=ENDED).order_by("decide_by", "id")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the penalty matrix as people read it; `steps` in order of the offence."""

    code: str
    name: str
    sentence: str
    falls_on: str
    reasons: tuple[str, ...]
    steps: tuple[dict[str, Any], ...]
    memory_days: int
    source: str


def penalties() -> list[Line]:
    """The published matrix."""
    return [
        Line(
            code=row.code,
            name=row.name,
            sentence=row.sentence,
            falls_on=row.falls_on,
            reasons=tuple(row.reasons),
            steps=tuple(row.steps),
            memory_days=row.memory_days,
            source=row.source,
        )
        for row in Penalty.objects.filter(is_active=True).order_by("name")
    ]


def offences(penalty: Penalty, *, user: User, at: datetime, but: Appeal) -> int:
    """How often this penalty has fallen on a person before, within its memory."""
    fell = {
        "BUYER": Q(order__buyer=user),
        "SELLER": Q(order__seller=user),
        "APPELLANT": Q(opener=user),
    }[penalty.falls_on]
    since = at - timedelta(days=penalty.memory_days)
    return (
        Appeal.objects.filter(fell, penalties__contains=[penalty.code], decided_at__gte=since)
        .exclude(pk=but.pk)
        .count()
    )
