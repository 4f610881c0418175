"""What can still be got back after an order has ended (J7): held, then given to whom it belongs.

A hold takes what is there of the counterparty, and no more than the order brought them: first what
lies free, then what they have on offer in the order's own ad. It is never more than a wait.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from apps.core.money import total
from apps.ledger import queries as ledger_of
from apps.ledger import services as ledger
from apps.ledger.models import AccountKind, EntryKind
from apps.trades.models import Ad, AppealReason, Order
from apps.trades.services import ads
from apps.trades.services import people as merchants
from apps.trades.states import OrderStatus
from apps.users.models import User

NOTHING = Decimal(0)
#: Claims about money: for the others nothing is held.
ABOUT_MONEY = frozenset(
    {
        AppealReason.PAID_BUT_CANCELLED,
        AppealReason.RELEASED_NOT_RECEIVED,
        AppealReason.THIRD_PARTY_PAYMENT,
        AppealReason.AMOUNT_MISMATCH,
        AppealReason.BANK_FROZEN,
        AppealReason.CHARGEBACK_OR_RECALL,
        AppealReason.FAKE_RECEIPT,
    }
)


def holder(order: Order) -> User:
    """Who got the crypto of an order that has ended."""
    return order.buyer if order.status == OrderStatus.COMPLETED else order.seller


def brought(order: Order) -> Decimal:
    """What there is to recover at most: what the buyer got, or would have got."""
    entry = ledger_of.terminal_of(order.pk)
    if entry is not None and entry.kind == EntryKind.J4_SPLIT:
        parts = entry.postings.filter(
            account__kind=AccountKind.AVAILABLE, account__user=holder(order)
        )
        return total(part.amount for part in parts)
    return total([order.amount, order.buyer_fee.copy_negate()])


def held(order: Order) -> Decimal:
    """What is held for this order at present."""
    return ledger_of.frozen(holder(order), order.pk, order.asset)


def hold(order: Order, *, by: User | None, at: datetime) -> Decimal:
    """Hold what is there now, up to what the order brought; how much is held after it."""
    who, asset = holder(order), order.asset
    already = held(order)
    wanted = total([brought(order), already.copy_negate()])
    if wanted <= 0:
        return already
    free = ledger_of.available(who, asset)
    if free < wanted and who.pk == order.maker_id and who.pk == order.seller_id:
        ad = Ad.objects.select_for_update().select_related("asset", "owner").get(pk=order.ad_id)
        short = total([wanted, free.copy_negate()])
        ads.take_out(ad, at_most=short, key=f"{order.pk}:{_key(order)}", at=at, by=by)
        free = ledger_of.available(who, asset)
    if free <= 0:
        return already
    ledger.recover_hold(
        order=order.pk, user=who, asset=asset, amount=wanted, key=_key(order), at=at, by=by
    )
    return held(order)


def settle(order: Order, *, rightful: User, by: User | None, at: datetime) -> Decimal:
    """Give what is held to whom it belongs, or back; how much changed hands.

    What of it isn't there any more comes out of the margin of a merchant, as far as that goes.
    """
    who, asset, amount = holder(order), order.asset, held(order)
    words: dict[str, Any] = {
        "order": order.pk,
        "user": who,
        "asset": asset,
        "amount": amount,
        "at": at,
        "by": by,
    }
    if rightful.pk == who.pk:
        if amount:
            ledger.recover_return(key=_key(order), **words)
        return NOTHING
    if amount:
        ledger.recover(victim=rightful, key=_key(order), **words)
        # What was taken away needs no floor under it any more.
        ledger.lift_locks(user=who, order=order.pk, at=at, by=by)
    return total([amount, _out_of_margin(order, victim=rightful, by=by, at=at)])


def _out_of_margin(order: Order, *, victim: User, by: User | None, at: datetime) -> Decimal:
    """What a merchant's margin adds to what was recovered; in the order's own asset, and once."""
    entries = ledger_of.entries_of(order.pk)
    if entries.filter(kind=EntryKind.J8_SLASH).exists():
        return NOTHING
    given = [
        posting.amount
        for entry in entries.filter(kind=EntryKind.J7_RECOVER)
        for posting in entry.postings.all()
        if posting.account.user_id == victim.pk
    ]
    missing = total([brought(order), *(amount.copy_negate() for amount in given)])
    if missing <= 0:
        return NOTHING
    before = ledger_of.margin(holder(order), order.asset)
    merchants.slash_margin(
        merchant=holder(order),
        victim=victim,
        asset=order.asset,
        amount=missing,
        ref=order.pk,
        key="1",
        at=at,
        by=by,
    )
    return min(before, missing)


def _key(order: Order) -> str:
    return str(ledger_of.entries_of(order.pk).count() + 1)
