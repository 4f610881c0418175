"""Who is told of what about an order: a notice under the bell, in the transaction of the deed."""

from datetime import datetime
from uuid import UUID

from apps.trades.models import Appeal, Notice, Order
from apps.trades.services.talk import notify
from apps.users.models import User


def opened(order: Order, *, at: datetime) -> None:
    """The maker has a new order; whoever buys is asked to pay."""
    notify(order.maker, "ORDER_NEW", at=at, order=order)
    if order.maker_id == order.buyer_id:
        return
    notify(order.buyer, "PAY_NOW", at=at, order=order)


def paid(order: Order, *, warn: bool, at: datetime) -> None:
    """The seller is to look into the bank; `warn` says that something does not fit."""
    notify(order.seller, "ORDER_PAID_LOOK_TWICE" if warn else "ORDER_PAID", at=at, order=order)


def cancel_wished(order: Order, *, at: datetime) -> None:
    """The buyer is asked to cancel."""
    notify(order.buyer, "CANCEL_WISHED", at=at, order=order)


def ended(order: Order, *, to: User, at: datetime) -> None:
    """An order ended without a release."""
    notify(to, "ORDER_ENDED", at=at, order=order, why=order.cancel_reason)


def completed(order: Order, *, at: datetime) -> None:
    """Both are told that the crypto has changed hands."""
    notify(order.buyer, "CRYPTO_RECEIVED", at=at, order=order)
    notify(order.seller, "ORDER_COMPLETED", at=at, order=order)


def waiting(order: Order, *, who: User, code: str, at: datetime) -> None:
    """Something of this person's waits for a proof, a human, or goes on."""
    notify(who, code, at=at, order=order)


def read(*, actor: User, upto: UUID | None, at: datetime) -> int:
    """A person has seen their notices, up to this one or all; how many were new to them."""
    unread = Notice.objects.filter(user=actor, read_at=None)
    if upto is not None:
        unread = unread.filter(pk__lte=upto)
    return unread.update(read_at=at)


def appealed(appeal: Appeal, *, at: datetime) -> None:
    """Everybody but who opened it learns of an appeal."""
    order = appeal.order
    for who in (order.buyer, order.seller):
        if who.pk != appeal.opener_id:
            notify(who, "APPEAL_OPENED", at=at, order=order, appeal=str(appeal.pk))


def of_appeal(appeal: Appeal, code: str, *, at: datetime, **params: str) -> None:
    """Both parties learn how far an appeal is."""
    for who in (appeal.order.buyer, appeal.order.seller):
        notify(who, code, at=at, order=appeal.order, appeal=str(appeal.pk), **params)


def read_one(*, actor: User, notice: UUID, at: datetime) -> bool:
    """A person has seen one of their notices; whether it was new to them."""
    return Notice.objects.filter(user=actor, pk=notice, read_at=None).update(read_at=at) == 1
