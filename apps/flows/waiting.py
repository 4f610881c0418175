"""What waits for a proof or for a human goes on by itself, or ends; nothing that was asked is lost.

An order that waits carries its own restriction (STEP_UP or HOLD) beside whatever the engine put on
the person. When staff clear the decision, or the person proves themselves, those restrictions are
lifted, and the sweep (or the proof itself) lets the order go on. When staff confirm the decision,
or the time for the proof is over, it ends where it began.
"""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from apps.flows import ads as ads_flow
from apps.flows import flow, notices, own_acts, releasing, withdrawal_steps
from apps.flows import held as held_by
from apps.flows.held import confirmed, is_held, staff_outcome, unjudged
from apps.flows.trading import locked
from apps.restrictions import queries as restrictions
from apps.restrictions import services as restricting
from apps.restrictions.models import Kind, Restriction
from apps.risk.models import Decision, Maker, Result
from apps.trades.models import Ad, CancelReason, Order, Withdrawal
from apps.trades.services import ads, orders
from apps.trades.services.talk import notify
from apps.trades.states import AdStatus, OrderStatus
from apps.users.models import User

BATCH = 200


def prove(
    *, user: User, at: datetime, reason: str = restricting.FACE_PASSED
) -> list[Order | Withdrawal]:
    """A person has proven to be themselves: lift what asked for it, and let what waited go on."""
    orders, withdrawals = waiting_for(user), withdrawal_steps.waiting_for(user)
    with flow.transaction(user, at=at):
        restricting.satisfy_step_up(
            user=user.entity_id,
            also=[one.entity for one in (*orders, *withdrawals)],
            at=at,
            reason=reason,
        )
    gone_on: list[Order | Withdrawal] = [one for one in orders if resume(order=one, at=at)]
    gone_on += [one for one in withdrawals if withdrawal_steps.proven(withdrawal=one, at=at)]
    return gone_on


def fail(*, user: User, at: datetime, for_good: bool) -> list[Order | Withdrawal]:
    """A face check failed so that people have to look: end what can't wait for them.

    An order that has not begun is taken back, a release falls back to where it was. A withdrawal
    waits for the open case, unless the failure is `for_good`: then it is rejected. What moved.
    """
    moved: list[Order | Withdrawal] = [o for o in waiting_for(user) if stop(order=o, at=at)]
    for one in withdrawal_steps.waiting_for(user):
        if withdrawal_steps.failed(withdrawal=one, for_good=for_good, at=at):
            moved.append(one)
    return moved


@flow.deed
def stop(*, order: Order, at: datetime) -> bool:
    """End the wait of an order for a face that failed; False where it no longer waits for one."""
    with flow.transaction(order.buyer, order.seller, at=at):
        order = locked(order)
        asked = restrictions.live(subject=order.entity, at=at)
        if not asked.filter(kind=Kind.STEP_UP, imposed_at__lte=at).exists():
            return False
        if order.status == OrderStatus.CREATED:
            return _end(order, OrderStatus.REJECTED, why=CancelReason.RISK, at=at)
        if order.status == OrderStatus.RELEASING:
            _fall_back(order, reason="RISK", code="RELEASE_STOPPED", at=at)
            return True
    return False


def waiting_for(user: User) -> list[Order]:
    """The orders that wait for a proof of this person."""
    mine = (
        Q(status=OrderStatus.CREATED, taker=user)
        | Q(status=OrderStatus.RELEASING, seller=user)
        | Q(status=OrderStatus.PAID, buyer=user)
    )
    found = Order.objects.filter(mine).select_related("buyer", "seller")
    asked = Restriction.objects.filter(
        subject__in=[order.entity for order in found], kind=Kind.STEP_UP, lifted_at=None
    ).values_list("subject_id", flat=True)
    return [order for order in found if order.entity in set(asked)]


def due(*, at: datetime, limit: int = BATCH) -> list[Order]:
    """The orders that waited for something that may be over: not those that staff still have.

    In no order: those whose owner is held would else keep the others waiting for ever.
    """
    held = Restriction.objects.filter(
        subject=OuterRef("entity"), lifted_at=None, kind__in=held_by.HOLDING
    )
    refused = Decision.objects.filter(
        Q(supersedes=OuterRef("created_decision")) | Q(supersedes=OuterRef("release_decision")),
        maker=Maker.STAFF,
        outcome=Result.BLOCK,
    )
    waiting = Order.objects.filter(status__in=[OrderStatus.CREATED, OrderStatus.RELEASING])
    may_move = waiting.filter(~Exists(held) | Q(check_until__lte=at) | Exists(refused))
    return list(may_move.select_related("buyer", "seller").order_by("?")[:limit])


@flow.deed
def resume(*, order: Order, at: datetime) -> bool:
    """Let an order go on that nothing holds any more, or end it; False when it goes on waiting."""
    with flow.transaction(order.buyer, order.seller, at=at):
        order = locked(order)
        if order.status == OrderStatus.CREATED:
            return _opening(order, at=at)
        if order.status == OrderStatus.RELEASING:
            return _release(order, at=at)
    return False


@flow.deed
def resume_ad(*, ad: Ad, at: datetime) -> bool:
    """Show an ad that staff have cleared, or suspend one whose suspicion they confirmed."""
    with flow.transaction(ad.owner, at=at):
        ad = ads_flow.locked(ad)
        if ad.status != AdStatus.PENDING_REVIEW:
            return False
        judged = staff_outcome(ad.decision)
        if judged == Result.BLOCK:
            ads.step(ad, AdStatus.SUSPENDED, at=at, suspended_for="RISK")
        elif judged == Result.ALLOW:
            ads.step(ad, AdStatus.ONLINE, at=at)
        else:
            return False
        notify(ad.owner, "AD_CLEARED" if judged == Result.ALLOW else "AD_SUSPENDED", at=at)
    return True


def _opening(order: Order, *, at: datetime) -> bool:
    ability = "take_buy" if order.taker_id == order.buyer_id else "take_sell"
    if confirmed(order.created_decision):
        return _end(order, OrderStatus.REJECTED, why=CancelReason.RISK, at=at)
    if is_held(order.entity, order.taker, ability, at=at):
        if order.check_until and order.check_until <= at:
            return _end(order, OrderStatus.CANCELLED, why=CancelReason.CHECK_LATE, at=at)
        return False
    orders.begin_payment(order, at=at, actor=None, reason="CLEARED")
    notices.opened(order, at=at)
    if order.taker_id != order.buyer_id:
        notices.waiting(order, who=order.taker, code="CLEARED", at=at)
    return True


def _release(order: Order, *, at: datetime) -> bool:
    late = order.check_until is not None and order.check_until <= at
    if confirmed(order.release_decision) or (
        late and is_held(order.entity, order.seller, "release", at=at)
    ):
        reason = "CHECK_LATE" if late else "RISK"
        _fall_back(order, reason=reason, code="RELEASE_STOPPED", at=at)
        return True
    if is_held(order.entity, order.seller, "release", at=at):
        return False
    if unjudged(order.release_decision):
        # Nobody has looked: the seller may release again, and is judged then.
        _fall_back(order, reason="NOT_JUDGED", code="RELEASE_AGAIN", at=at)
        return True
    for act in releasing.complete(order, by=None, request_facts=own_acts.NOWHERE, at=at):
        flow.write(act)
    return True


def _fall_back(order: Order, *, reason: str, code: str, at: datetime) -> None:
    before = OrderStatus(order.release_from)
    orders.step(order, before, at=at, actor=None, reason=reason, check_until=None)
    restricting.end_step_ups(subject=order.entity, at=at)
    notices.waiting(order, who=order.seller, code=code, at=at)


def _end(order: Order, to: OrderStatus, *, why: CancelReason, at: datetime) -> bool:
    act = own_acts.act(
        "order.cancelled",
        user=order.taker,
        to=order.maker,
        usd=order.usd,
        request_facts=own_acts.NOWHERE,
        at=at,
        about=own_acts.thing("order", order.pk),
        side="buy" if order.taker_id == order.buyer_id else "sell",
    )
    orders.give_back(order, to, at=at, by=None, why=why, event=act.id)
    restricting.end_waits(subject=order.entity, at=at)
    notices.ended(order, to=order.taker, at=at)
    flow.write(act)
    return True
