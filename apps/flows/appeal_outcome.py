"""From a decision that stands to its consequences: money, penalties, the end of the appeal.

Up to the limit a decision is carried out at once and an objection can still recover; above it the
money waits for the time to object. What a decision teaches (faults, tallies) is written at the end,
when nothing can change it any more.
"""

from dataclasses import replace
from datetime import datetime

from apps.core.errors import Refused
from apps.events.act import Act
from apps.flows import (
    appeal_penalties,
    appeal_terms,
    flow,
    notices,
    own_acts,
    recovery,
    releasing,
)
from apps.flows.appeal_steps import into, locked_appeal
from apps.flows.appeal_verdict import HOLDING, fits, is_settled, terms_of
from apps.flows.restricting import lift_all
from apps.restrictions.models import Restriction
from apps.risk.decide import Judgement
from apps.trades.models import Appeal, AppealOutcome, CancelReason, Order, Ruling
from apps.trades.queries import appeals as appeals_of
from apps.trades.services import appeals, orders, talk, tallies
from apps.trades.states import AppealState, OrderStatus
from apps.users.models import User

__all__ = ["advance", "fits", "stand", "terms_of"]

Written = list[tuple[Act, Judgement | None]]


def stand(appeal: Appeal, ruling: Ruling, *, at: datetime) -> None:
    """A decision stands: penalties fall, both learn of it, and what needn't wait is carried out.

    Writes the last statements of the transaction. After an objection it is final.
    """
    order = appeal.order
    # Whether there is an escrow to move is told by how the appeal stood before.
    settled = is_settled(appeal)
    if ruling.after_objection:
        appeal_penalties.undo(appeal, by=ruling.by, at=at)
    lines = appeal_penalties.called_for(appeal, ruling)
    appeals.stand(
        appeal,
        ruling,
        penalties=[line.code for line in lines],
        phase_until=at + appeal_terms.OBJECTION,
        at=ruling.at,
    )
    appeal_penalties.impose(appeal, lines, by=ruling.by, second=ruling.second, at=at)
    talk.tell(order=order, code="APPEAL_DECIDED", at=at, outcome=ruling.outcome)
    notices.of_appeal(appeal, "APPEAL_DECIDED", at=at, outcome=ruling.outcome)
    written: Written = []
    if ruling.after_objection or order.usd <= appeal_terms.second_pair_usd():
        written += _carried_out(appeal, settled=settled, at=at)
    if ruling.after_objection:
        written += _closed(appeal, at=at)
    for act, judgement in written:
        flow.write(act, judgement=judgement)


@flow.deed
def advance(*, appeal: Appeal, at: datetime) -> bool:
    """The clock: the next phase, or the end of a decided appeal. It never decides anything."""
    order = appeal.order
    with flow.transaction(order.buyer, order.seller, at=at):
        order, appeal = locked_appeal(appeal)
        if appeal.phase_until is None or at < appeal.phase_until:
            return False
        if appeal.state in (AppealState.OPEN, AppealState.NEGOTIATING):
            into(appeal, order, AppealState.EVIDENCE, at=at)
            notices.of_appeal(appeal, "APPEAL_SHOW", at=at)
            return True
        if appeal.state == AppealState.EVIDENCE:
            appeals.step(appeal, AppealState.IN_REVIEW, phase_until=None)
            return True
        if appeal.state != AppealState.DECIDED or order.status == OrderStatus.RELEASING:
            return False
        written: Written = []
        if appeal.carried_out_at is None:
            written += _carried_out(appeal, settled=is_settled(appeal), at=at)
        written += _closed(appeal, at=at)
        for act, judgement in written:
            flow.write(act, judgement=judgement)
    return True


def _carried_out(appeal: Appeal, *, settled: bool, at: datetime) -> Written:
    order, by = appeal.order, appeal.decided_by
    assert by is not None
    # First of all: what completes an order asks whether its appeal still has to be settled.
    appeals.step(appeal, AppealState.DECIDED, carried_out_at=at)
    if settled:
        rightful = {
            AppealOutcome.RELEASE: order.buyer,
            AppealOutcome.REFUND: order.seller,
        }.get(AppealOutcome(appeal.outcome), recovery.holder(order))
        if rightful.pk != recovery.holder(order).pk:
            recovery.hold(order, by=by, at=at)
        amount = recovery.settle(order, rightful=rightful, by=by, at=at)
        if amount:
            talk.tell(order=order, code="RECOVERED", at=at, amount=f"{amount:f}")
        return []
    if order.status != OrderStatus.APPEALED:
        raise Refused("ORDER_STATE", 409, "The parties have settled this order meanwhile.")
    if appeal.outcome == AppealOutcome.RELEASE:
        return _release(appeal, order, by=by, at=at)
    if appeal.outcome == AppealOutcome.REFUND:
        return _refund(appeal, order, by=by, at=at)
    assert appeal.buyer_amount is not None
    assert appeal.seller_amount is not None
    _lift_holds(appeal, order, at=at)
    orders.divide(
        order,
        buyer_amount=appeal.buyer_amount,
        seller_amount=appeal.seller_amount,
        at=at,
        by=by,
    )
    notices.completed(order, at=at)
    return []


def _release(appeal: Appeal, order: Order, *, by: User, at: datetime) -> Written:
    """J2; judged once more for the record, without measures: the seller has done nothing."""
    act = own_acts.of_party(
        "order.released",
        user=order.seller,
        order=order,
        by=by,
        at=at,
        rail=order.rail_id,
        asset=order.asset_id,
        payer_confirmed=False if order.third_party else None,
        declared_account=False if order.third_party else None,
        payment_ratio=releasing.payment_ratio(order) if appeal.received is not None else None,
        name_similarity=order.name_similarity,
        appeal=str(appeal.pk),
    )
    judgement = flow.judge(act)
    judgement = replace(judgement, verdict=replace(judgement.verdict, measures=()))
    _lift_holds(appeal, order, at=at)
    orders.step(
        order,
        OrderStatus.RELEASING,
        at=at,
        actor=by,
        event=act.id,
        reason="APPEAL",
        release_from=order.status,
        release_decision=act.id,
    )
    done = releasing.complete(order, by=by, request_facts=own_acts.NOWHERE, at=at)
    return [(act, judgement), *((one, None) for one in done)]


def _refund(appeal: Appeal, order: Order, *, by: User, at: datetime) -> Written:
    faulty = appeals_of.faulted(appeal)
    at_fault = faulty[0] if len(faulty) == 1 else None
    acts = [
        own_acts.of_party("order.cancelled", user=user, order=order, by=by, at=at)
        for user in faulty
    ]
    _lift_holds(appeal, order, at=at)
    orders.give_back(
        order,
        OrderStatus.CANCELLED,
        at=at,
        by=by,
        why=CancelReason.APPEAL,
        event=acts[0].id if acts else None,
        at_fault=at_fault,
    )
    for party in (order.buyer, order.seller):
        notices.ended(order, to=party, at=at)
    return [(act, None) for act in acts]


def _lift_holds(appeal: Appeal, order: Order, *, at: datetime) -> None:
    """The decision answers what risk control held this order for."""
    # Those whose time is up, too, until the clock has ended them: the database goes by the rows.
    held = Restriction.objects.filter(subject=order.entity, lifted_at=None, kind__in=HOLDING)
    by = appeal.approved_by or appeal.decided_by
    assert by is not None
    lift_all(list(held.select_related("subject")), by=by, at=at, reason="decided in an appeal")


def _closed(appeal: Appeal, *, at: datetime) -> Written:
    """The end: what was found is final, and counts from now on."""
    order, faulty = appeal.order, appeals_of.faulted(appeal)
    appeals.end(appeal, AppealState.CLOSED, at=at)
    talk.tell(order=order, code="APPEAL_CLOSED", at=at)
    written: Written = []
    for user in (order.buyer, order.seller):
        at_fault = user in faulty
        if at_fault:
            tallies.found_at_fault(user=user, at=at)
        act = own_acts.of_party(
            "appeal.decided",
            user=user,
            order=order,
            by=appeal.decided_by,
            at=at,
            at_fault=at_fault,
            appeal=str(appeal.pk),
            outcome=appeal.outcome,
        )
        written.append((act, None))
    return written
