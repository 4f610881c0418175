"""What the parties of an order do when they can't agree: appeal, answer, show, give in, object.

Nothing here releases or refunds by itself. An appeal keeps the crypto in escrow until a party who
owns the step takes it (the seller releases, the buyer gives in) or people decide (appeals_staff).
"""

from datetime import datetime

from apps.core.errors import Refused
from apps.events.act import Act
from apps.flows import flow, own_acts, recovery
from apps.flows.appeal_evidence import object_, show
from apps.flows.appeal_opening import escalate, open_appeal, raise_by_risk, report_payment
from apps.flows.appeal_reading import read_file, read_papers
from apps.flows.appeal_steps import HEARING, into, locked_appeal, party
from apps.flows.appeals_staff import approve, ask, decide, judge_evidence, send_back, take
from apps.trades.models import Appeal, AppealKind, CancelReason, Order
from apps.trades.queries import appeals as appeals_of
from apps.trades.services import appeals, orders, talk
from apps.trades.states import AppealState, OrderStatus
from apps.users.models import User

__all__ = [
    "answer",
    "approve",
    "ask",
    "decide",
    "escalate",
    "judge_evidence",
    "object_",
    "open_appeal",
    "raise_by_risk",
    "read_file",
    "read_papers",
    "report_payment",
    "send_back",
    "show",
    "take",
    "withdraw",
]


@flow.deed
def answer(*, actor: User, appeal: Appeal, consensus: bool, at: datetime) -> Appeal:
    """A party says whether the two have agreed; that takes the usual step of whoever owns it.

    Without an agreement evidence is collected at once instead of when the time for talks is over.
    """
    order = appeal.order
    party(actor, order)
    with flow.transaction(order.buyer, order.seller, at=at):
        order, appeal = locked_appeal(appeal)
        if appeal.state not in (AppealState.OPEN, AppealState.NEGOTIATING):
            raise Refused("APPEAL_STATE", 409, "The time for talks is over. Show what you have.")
        if not consensus:
            into(appeal, order, AppealState.EVIDENCE, at=at)
        elif actor.pk == appeal.opener_id:
            raise Refused(
                "NOT_YOURS_TO_DO",
                403,
                "You appealed: the other side answers. Release or give in if you have agreed.",
            )
        elif appeal.state == AppealState.OPEN:
            into(appeal, order, AppealState.NEGOTIATING, at=at)
        code = "APPEAL_AGREED" if consensus else "APPEAL_NOT_AGREED"
        talk.tell(order=order, code=code, at=at, by=str(actor.pk))
        other = appeals_of.other_of(order, actor)
        talk.notify(other, code, at=at, order=order, appeal=str(appeal.pk))
    return appeal


@flow.deed
def withdraw(*, actor: User, appeal: Appeal, at: datetime) -> Appeal:
    """Give in: the buyer of an open order lets the seller have the crypto back (T14).

    Of an order that has ended, whoever appealed takes the claim back and what was held returns.
    """
    order = appeal.order
    party(actor, order)
    with flow.transaction(order.buyer, order.seller, at=at):
        order, appeal = locked_appeal(appeal)
        if appeal.state not in HEARING:
            raise Refused("APPEAL_STATE", 409, "This appeal has been decided.")
        acts: list[Act] = []
        if appeal.kind == AppealKind.LIVE:
            acts = _given_in(order, actor=actor, at=at)
        elif actor.pk != appeal.opener_id:
            raise Refused("NOT_YOURS_TO_DO", 403, "Only who appealed can take it back.")
        else:
            recovery.settle(order, rightful=recovery.holder(order), by=actor, at=at)
        appeals.end(appeal, AppealState.WITHDRAWN, at=at)
        talk.tell(order=order, code="APPEAL_WITHDRAWN", at=at, by=str(actor.pk))
        other = appeals_of.other_of(order, actor)
        talk.notify(other, "APPEAL_WITHDRAWN", at=at, order=order, appeal=str(appeal.pk))
        for act in acts:
            flow.write(act)
    return appeal


def _given_in(order: Order, *, actor: User, at: datetime) -> list[Act]:
    if actor.pk != order.buyer_id:
        raise Refused("NOT_YOURS_TO_DO", 403, "If you have been paid after all, release the order.")
    if order.status != OrderStatus.APPEALED:
        raise Refused("ORDER_STATE", 409, "The seller has released: it is being checked.")
    if order.third_party:
        raise Refused(
            "REFUND_FIRST",
            409,
            "The payment has to go back to where it came from first. Show that it did: "
            "the agent then ends the order.",
        )
    was_paid = order.paid_at is not None
    kinds = ("order.paid_reverted", "order.cancelled") if was_paid else ("order.cancelled",)
    acts = [own_acts.of_party(kind, user=actor, order=order, at=at) for kind in kinds]
    orders.give_back(
        order,
        OrderStatus.CANCELLED,
        at=at,
        by=actor,
        why=CancelReason.REFUNDED,
        event=acts[-1].id,
        at_fault=actor,
        reverted=was_paid,
    )
    return acts
