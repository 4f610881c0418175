"""What a party can do with an order now: the buttons of its room."""

from datetime import datetime, timedelta

from apps.flows.chat import OPEN_AFTER_END_DAYS
from apps.trades.models import Order
from apps.trades.states import OrderStatus
from apps.users.models import User

PAY, CANCEL, WISH_CANCEL, RELEASE = "PAY", "CANCEL", "WISH_CANCEL", "RELEASE"
APPEAL, PROVE, SAY, RATE = "APPEAL", "PROVE", "SAY", "RATE"
REPORT_PAYMENT = "REPORT_PAYMENT"
NEXT_STEPS = (PAY, CANCEL, WISH_CANCEL, RELEASE, REPORT_PAYMENT, APPEAL, PROVE, SAY, RATE)


def appeal_from(order: Order) -> datetime | None:
    """From when on the buyer of a paid order may appeal: money needs its time to arrive."""
    if order.status != OrderStatus.PAID or order.paid_at is None:
        return None
    return order.paid_at + timedelta(minutes=order.rail.appeal_after_min)


def next_steps(order: Order, *, actor: User, proof_needed: bool, at: datetime) -> list[str]:
    """The deeds that this party may do now; what the server would refuse is not offered."""
    buys = actor.pk == order.buyer_id
    status = OrderStatus(order.status)
    steps: list[str] = []
    if proof_needed and _waits_for_me(order, actor):
        steps.append(PROVE)
    if status == OrderStatus.CREATED and buys:
        steps.append(CANCEL)
    elif status == OrderStatus.AWAITING_PAYMENT:
        steps += [PAY, CANCEL, APPEAL] if buys else [WISH_CANCEL, REPORT_PAYMENT, APPEAL]
    elif status == OrderStatus.PAID and buys:
        may_appeal = (appeal_from(order) or at) <= at
        steps += [*([] if order.third_party else [CANCEL]), *([APPEAL] if may_appeal else [])]
    elif status == OrderStatus.PAID:
        steps += [RELEASE, REPORT_PAYMENT, WISH_CANCEL, APPEAL]
    elif status == OrderStatus.APPEALED and not buys:
        steps.append(RELEASE)
    open_still = not order.ended_at or (at - order.ended_at).days < OPEN_AFTER_END_DAYS
    if status != OrderStatus.REJECTED and open_still:
        steps += [APPEAL] if order.ended_at else []
        steps.append(SAY)
    if status == OrderStatus.COMPLETED:
        steps.append(RATE)
    return steps


def _waits_for_me(order: Order, actor: User) -> bool:
    who = {
        OrderStatus.CREATED: order.taker_id,
        OrderStatus.RELEASING: order.seller_id,
        OrderStatus.PAID: order.buyer_id,
    }
    return who.get(OrderStatus(order.status)) == actor.pk
