"""What the clock does on the desk: each due thing in a transaction of its own.

Deadlines are columns. Whatever a missed beat left undone the next one does, and one row that fails
keeps none of the others waiting: it is logged, and tried again at the next beat.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from apps.core.errors import Refused
from apps.flows import (
    appeal_opening,
    appeal_outcome,
    appeal_terms,
    appeals,
    flow,
    notices,
    trading,
    waiting,
)
from apps.trades.models import Ad, AppealReason, Order
from apps.trades.queries import appeals as appeals_of
from apps.trades.states import AdStatus, OrderStatus

log = structlog.get_logger(__name__)
T = TypeVar("T")
BATCH = 500
#: How long before the end of the payment window the buyer is reminded.
REMIND_BEFORE = timedelta(minutes=5)


def expire_orders(*, at: datetime) -> int:
    """Give back the crypto of orders that were not paid in time; how many."""
    due = Order.objects.filter(status=OrderStatus.AWAITING_PAYMENT, pay_until__lte=at)
    rows = due.select_related("buyer", "seller").order_by("pay_until")[:BATCH]
    return each(rows, lambda order: trading.expire(order=order, at=at))


def remind_buyers(*, at: datetime) -> int:
    """Tell buyers whose time to pay is nearly over, once; how many."""
    due = Order.objects.filter(
        status=OrderStatus.AWAITING_PAYMENT,
        pay_until__lte=at + REMIND_BEFORE,
        pay_until__gt=at,
        reminded_at=None,
    )
    rows = due.select_related("buyer", "seller").order_by("pay_until")[:BATCH]
    return each(rows, lambda order: _remind(order, at=at))


def resume_waiting(*, at: datetime) -> int:
    """Let go on, or end, what waited for a proof or for staff; how many moved."""
    moved = each(waiting.due(at=at), lambda order: waiting.resume(order=order, at=at))
    pending = Ad.objects.filter(status=AdStatus.PENDING_REVIEW).select_related("owner")
    ads = pending.order_by("changed_at")[:BATCH]
    moved += each(ads, lambda ad: waiting.resume_ad(ad=ad, at=at))
    return moved + raise_stopped(at=at)


def raise_stopped(*, at: datetime) -> int:
    """Appeal orders whose release staff have refused: people settle what is left; how many."""
    fallen = Order.objects.filter(status=OrderStatus.PAID, release_decision__isnull=False)
    rows = fallen.select_related("buyer", "seller").order_by("status_at")[:BATCH]
    refused = [order for order in rows if waiting.confirmed(order.release_decision)]
    return each(
        refused,
        lambda order: appeal_opening.raise_by_risk(order=order, reason=AppealReason.OTHER, at=at),
    )


def escalate_paid(*, at: datetime) -> int:
    """Appeal orders that were marked as paid a day ago and are not released; how many."""
    due = Order.objects.filter(
        status=OrderStatus.PAID, paid_at__lte=at - appeal_terms.ESCALATION
    ).select_related("buyer", "seller")
    return each(due.order_by("paid_at")[:BATCH], lambda order: appeals.escalate(order=order, at=at))


def advance_appeals(*, at: datetime) -> int:
    """Move on appeals in which a phase is over, close those that nobody objected to; how many."""
    due = appeals_of.due(at=at)[:BATCH]
    return each(due, lambda appeal: appeal_outcome.advance(appeal=appeal, at=at))


def each(rows: Iterable[T], deed: Callable[[T], object]) -> int:
    """Do something with each row on its own; how many it moved."""
    moved = 0
    for row in rows:
        try:
            moved += bool(deed(row))
        except Refused as refused:
            # Somebody was faster: the row is no longer due.
            log.info("sweep.passed", row=str(getattr(row, "pk", "")), code=refused.code)
        except Exception:
            log.exception("sweep.failed", row=str(getattr(row, "pk", "")))
    return moved


def _remind(order: Order, *, at: datetime) -> bool:
    with flow.transaction(order.buyer, at=at):
        due = Order.objects.filter(
            pk=order.pk, status=OrderStatus.AWAITING_PAYMENT, reminded_at=None
        )
        if not due.update(reminded_at=at):
            return False
        notices.waiting(order, who=order.buyer, code="PAY_SOON", at=at)
    return True
