"""What an agent needs to know of an appeal, without the words of the parties: those are opened."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.console.figures import span
from apps.events.models import Entity
from apps.flows.appeal_reading import may_read
from apps.flows.appeals_staff import DECIDABLE, TAKEABLE
from apps.ledger import queries as ledger
from apps.ledger.models import AccountKind, EntryKind
from apps.risk.models import Decision
from apps.trades.models import Appeal, Order, OrderStep
from apps.trades.queries import appeals as appeals_of
from apps.trades.queries import people
from apps.trades.states import AppealState
from apps.users import roles
from apps.users.models import User
from apps.users.roles import Deed

#: With less time than this to a due date, it is marked.
SOON_H = 4.0


@dataclass(frozen=True, slots=True)
class Due:
    """When a first decision is due: its tone and how to say it."""

    at: datetime
    tone: str
    words: str


@dataclass(frozen=True, slots=True)
class Side:
    """One party: who it is, what it claims, and how it has traded."""

    name: str
    user: User
    entity: Entity | None
    is_opener: bool
    is_faulted: bool
    record: people.Record
    asked: int
    shown: int


@dataclass(frozen=True, slots=True)
class Line:
    """One posting of the order's ledger entries."""

    at: datetime
    what: str
    account: str
    who: str
    amount: Decimal


def due(appeal: Appeal, *, now: datetime) -> Due:
    """The due date of a first decision, as a person reads it."""
    if appeal.state in (AppealState.DECIDED, *appeals_of.ENDED):
        return Due(appeal.decide_by, "good", "decided" if appeal.outcome else "settled")
    left = appeal.decide_by - now
    if left.total_seconds() < 0:
        return Due(appeal.decide_by, "bad", f"overdue by {span(-left)}")
    tone = "warn" if left.total_seconds() < SOON_H * 3600 else ""
    return Due(appeal.decide_by, tone, f"{span(left)} left")


def sides(appeal: Appeal, *, now: datetime) -> list[Side]:
    """Buyer and seller beside each other."""
    order = appeal.order
    records = people.records([order.buyer_id, order.seller_id], at=now)
    entities = Entity.objects.in_bulk([order.buyer.entity_id, order.seller.entity_id])
    faulted = appeals_of.faulted(appeal)
    pieces = list(appeal.evidence.only("party", "shown_at"))
    return [
        Side(
            name=name,
            user=user,
            entity=entities.get(user.entity_id),
            is_opener=user.pk == appeal.opener_id,
            is_faulted=user in faulted,
            record=records.get(user.pk, people.NOTHING),
            asked=len([one for one in pieces if one.party_id == user.pk and not one.shown_at]),
            shown=len([one for one in pieces if one.party_id == user.pk and one.shown_at]),
        )
        for name, user in (("Buyer", order.buyer), ("Seller", order.seller))
    ]


def postings(order: Order) -> list[Line]:
    """What the ledger moved for the order, oldest first."""
    names = {order.buyer_id: "buyer", order.seller_id: "seller"}
    return [
        Line(
            at=entry.at,
            what=EntryKind(entry.kind).label,
            account=AccountKind(posting.account.kind).label,
            who=names.get(posting.account.user_id, ""),
            amount=posting.amount,
        )
        for entry in ledger.entries_of(order.pk)
        for posting in entry.postings.all()
    ]


def judged(order: Order, steps: list[OrderStep]) -> list[Decision]:
    """What the engine decided about this order, newest first."""
    ids: set[UUID | None] = {
        order.created_decision,
        order.paid_decision,
        order.release_decision,
        *(step.event for step in steps if step.after == "APPEALED"),
    }
    found = Decision.objects.filter(pk__in=[id for id in ids if id]).select_related("event")
    return list(found.order_by("-id"))


def forms(by: User, one: Appeal, *, pending: bool) -> dict[str, Any]:
    """Which forms the page shows to this person; the flow asks again."""
    is_agent = one.agent_id == by.pk and roles.may(by, Deed.DECIDE_APPEALS)
    own = by.pk in (one.order.buyer_id, one.order.seller_id)
    takes = roles.may(by, Deed.DECIDE_APPEALS) and one.state in TAKEABLE and not own
    if one.agent_id is not None:
        takes = takes and roles.may(by, Deed.APPROVE_APPEALS) and not is_agent
    if one.state == "OBJECTION" and one.decided_by_id == by.pk:
        takes = False
    return {
        "may_take": takes and not pending,
        "may_decide": is_agent and one.state in DECIDABLE and not pending,
        "may_read": may_read(by, one),
    }
