"""How an appeal begins: by a party, by a report of a payment, by the clock, by risk control."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.events.act import Act
from apps.flows import appeal_terms, flow, notices, own_acts, recovery
from apps.flows.appeal_steps import party
from apps.flows.request_facts import RequestFacts
from apps.flows.trading import locked
from apps.trades.models import Appeal, AppealKind, AppealReason, Order
from apps.trades.queries import appeals as appeals_of
from apps.trades.services import appeals, orders, talk, tallies
from apps.trades.states import OrderStatus
from apps.users.models import User


@flow.deed
def open_appeal(
    *,
    actor: User,
    order: Order,
    reason: str,
    statement: str,
    request_facts: RequestFacts,
    at: datetime,
) -> Appeal:
    """A party appeals (T11, T12, T16; CP4): the crypto stays where it is until this is settled.

    After the end of an order it stays ended; what it brought the other side is held (J7).
    """
    party(actor, order)
    statement = appeal_terms.words(statement)
    with flow.transaction(order.buyer, order.seller, at=at):
        order = locked(order)
        kind = appeal_terms.may_open(order, actor=actor, reason=reason, at=at)
        act = _opening(order, opener=actor, reason=reason, request_facts=request_facts, at=at)
        return _opened(order, act, kind, opener=actor, reason=reason, statement=statement, at=at)


@flow.deed
def report_payment(
    *,
    actor: User,
    order: Order,
    what: str,
    received: Decimal | None = None,
    request_facts: RequestFacts,
    at: datetime,
) -> Appeal:
    """The seller tells what is wrong with a payment: THIRD_PARTY, or AMOUNT with what arrived.

    It is an appeal at once, and the engine knows it whenever this order is released. Money from
    somebody else is never to be released for: it goes back to where it came from.
    """
    party(actor, order)
    if actor.pk != order.seller_id:
        raise Refused("NOT_YOURS_TO_DO", 403, "Only the seller sees what arrived.")
    if what not in _REPORTED:
        raise Refused("REPORT_WHAT", 422, "Say what is wrong.", {"what": ["Choose one."]})
    third_party = what == "THIRD_PARTY"
    if third_party:
        received = None
    elif (
        received is None
        or not received.is_finite()
        or received < 0
        or received == order.fiat_amount
    ):
        sentence = f"Say how much arrived instead of {order.fiat_amount:f} {order.fiat_id}."
        raise Refused("RECEIVED_NEEDED", 422, sentence, {"received": [sentence]})
    reason = _REPORTED[what]
    with flow.transaction(order.buyer, order.seller, at=at):
        order = locked(order)
        kind = appeal_terms.may_open(order, actor=actor, reason=reason, at=at)
        act = _opening(
            order,
            opener=actor,
            reason=reason,
            request_facts=request_facts,
            at=at,
            payer_confirmed=False if third_party else None,
            declared_account=False if third_party else None,
            payment_ratio=None if received is None else float(received / order.fiat_amount),
            name_similarity=order.name_similarity,
        )
        if third_party:
            orders.report_third_party(order)
        return _opened(
            order, act, kind, opener=actor, reason=reason, statement=None, received=received, at=at
        )


_REPORTED = {
    "THIRD_PARTY": AppealReason.THIRD_PARTY_PAYMENT,
    "AMOUNT": AppealReason.AMOUNT_MISMATCH,
}


@flow.deed
def escalate(*, order: Order, at: datetime) -> bool:
    """Marked as paid for a day and not released (T11): people look. False when it has moved on."""
    with flow.transaction(order.buyer, order.seller, at=at):
        order = locked(order)
        waited = order.status == OrderStatus.PAID and order.paid_at is not None
        if not waited or at < order.paid_at + appeal_terms.ESCALATION:  # type: ignore[operator]
            return False
        _raised(order, reason=AppealReason.PAID_NOT_RELEASED, at=at)
    return True


@flow.deed
def raise_by_risk(*, order: Order, reason: str, at: datetime) -> Appeal:
    """The risk system wants people to settle an order that is open."""
    with flow.transaction(order.buyer, order.seller, at=at):
        order = locked(order)
        if order.status not in (OrderStatus.AWAITING_PAYMENT, OrderStatus.PAID):
            raise Refused("ORDER_STATE", 409, "Only an order that waits can be appealed.")
        return _raised(order, reason=AppealReason(reason), at=at)


def _opening(
    order: Order,
    *,
    opener: User,
    reason: str,
    request_facts: RequestFacts,
    at: datetime,
    **signals: Any,
) -> Act:
    """The act that the engine judges: the opener's, or a report on the other side's account."""
    other = appeals_of.other_of(order, opener)
    kind = appeal_terms.REPORTS.get(AppealReason(reason))
    said = {"reason": str(reason), "rail": order.rail_id, "asset": order.asset_id, **signals}
    if kind is None:
        return own_acts.of_party(
            "appeal.opened", user=opener, order=order, request_facts=request_facts, at=at, **said
        )
    reported_buys = other.pk == order.buyer_id
    # The device and address of this request are those of whoever reports: they are left out.
    return own_acts.of_party(
        kind,
        user=other,
        order=order,
        by=opener,
        account=order.payer_account if reported_buys else order.payee_account,
        at=at,
        **said,
    )


def _opened(
    order: Order,
    act: Act,
    kind: AppealKind,
    *,
    opener: User,
    reason: str,
    statement: str | None,
    at: datetime,
    received: Decimal | None = None,
) -> Appeal:
    judgement = flow.judge(act)
    appeal = _entered(
        order, act, kind, opener=opener, reason=reason, statement=statement, received=received,
        at=at,
    )  # fmt: skip
    other = appeals_of.other_of(order, opener)
    tallies.appealed(against=other, at=at)
    flow.write(act, judgement=judgement)
    return appeal


def _raised(order: Order, *, reason: AppealReason, at: datetime) -> Appeal:
    """Opened by nobody: it is recorded and accuses nobody, so the engine has nothing to judge."""
    act = own_acts.act(
        "appeal.opened",
        user=None,
        request_facts=own_acts.NOWHERE,
        at=at,
        usd=order.usd,
        about=own_acts.thing("order", order.pk),
        reason=str(reason),
    )
    appeal = _entered(
        order, act, AppealKind.LIVE, opener=None, reason=reason, statement=None, received=None,
        at=at,
    )  # fmt: skip
    flow.write(act)
    return appeal


def _entered(
    order: Order,
    act: Act,
    kind: AppealKind,
    *,
    opener: User | None,
    reason: str,
    statement: str | None,
    received: Decimal | None,
    at: datetime,
) -> Appeal:
    state = appeal_terms.begins(kind=kind, opener=opener, reason=reason)
    if kind == AppealKind.LIVE:
        orders.step(
            order, OrderStatus.APPEALED, at=at, actor=opener, event=act.id, reason=str(reason)
        )
    appeal = appeals.open_(
        id=uuid7(at),
        order=order,
        kind=kind,
        opener=opener,
        reason=reason,
        statement=statement,
        received=received,
        state=state,
        phase_until=at + appeal_terms.lasts(state),
        decide_by=appeal_terms.decide_by(order, state=state, at=at),
        at=at,
    )
    if kind == AppealKind.POST and opener and reason in recovery.ABOUT_MONEY:
        holder = recovery.holder(order)
        if holder.pk != opener.pk and recovery.hold(order, by=None, at=at):
            talk.notify(holder, "RECOVERY_HELD", at=at, order=order, appeal=str(appeal.pk))
    talk.tell(order=order, code="APPEAL_OPENED", at=at, reason=str(reason))
    if order.third_party:
        talk.tell(order=order, code="REFUND_TO_SOURCE", at=at)
    notices.appealed(appeal, at=at)
    return appeal
