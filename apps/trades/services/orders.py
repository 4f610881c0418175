"""Steps of an order: each a compare-and-swap under the locks of both parties, each with its trace.

A step that moves money posts its entry in the same call, so that no state is ever without its
money. Who settled an order, and how, is the ledger's to say: a second settlement is refused there.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import F

from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.core.money import total
from apps.ledger import services as ledger
from apps.ledger.models import Entry
from apps.trades import states
from apps.trades.models import Ad, CancelReason, Order, OrderStep
from apps.trades.prices import times
from apps.trades.services import tallies
from apps.trades.services.talk import tell
from apps.trades.states import AdStatus, OrderStatus
from apps.users.models import PayoutAccount, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What both parties agree to when an order is taken; amounts in crypto unless said."""

    price: Decimal
    amount: Decimal
    fiat_amount: Decimal
    usd: Decimal
    buyer_fee: Decimal
    seller_fee: Decimal
    rail: str


def open_(
    *,
    id: UUID,
    ad: Ad,
    taker: User,
    terms: Terms,
    payee: PayoutAccount,
    payer: PayoutAccount | None,
    status: OrderStatus,
    at: datetime,
    check_until: datetime | None = None,
    event: UUID | None = None,
    reason: str = "",
    reclaims: Order | None = None,
) -> Order:
    """A new order, its crypto in escrow (J1) and off the ad; REJECTED holds nothing."""
    selling = ad.side == "SELL"
    order = Order(
        id=id,
        ad=ad,
        ad_revision=ad.revision,
        maker=ad.owner,
        taker=taker,
        buyer=taker if selling else ad.owner,
        seller=ad.owner if selling else taker,
        asset_id=ad.asset_id,
        fiat_id=ad.fiat_id,
        price=terms.price,
        amount=terms.amount,
        fiat_amount=terms.fiat_amount,
        usd=terms.usd,
        buyer_fee=terms.buyer_fee,
        seller_fee=terms.seller_fee,
        rail_id=terms.rail,
        payee_account=payee,
        payee_holder=payee.holder,
        payee_number=payee.number,
        payee_bank=payee.bank,
        payer_account=payer,
        payer_holder=payer.holder if payer else None,
        status=status,
        created_at=at,
        status_at=at,
        pay_until=_pay_until(ad, at),
        check_until=check_until,
        ended_at=at if status == OrderStatus.REJECTED else None,
        cancel_reason=CancelReason.RISK if status == OrderStatus.REJECTED else "",
        created_decision=event,
        reclaims=reclaims,
    )
    order.save(force_insert=True)
    _trace(order, before="", actor=taker, at=at, event=event, reason=reason)
    if status == OrderStatus.REJECTED:
        return order
    ledger.hold_escrow(
        order=order.id,
        seller=order.seller,
        asset=ad.asset,
        amount=order.escrow,
        from_ad=ad.id if selling else None,
        at=at,
        by=taker,
    )
    _draw(ad, order.draws, price=terms.price)
    tell(order=order, code="ORDER_OPENED", at=at)
    return order


def step(
    order: Order,
    to: OrderStatus,
    *,
    at: datetime,
    actor: User | None,
    reason: str = "",
    event: UUID | None = None,
    **changes: Any,
) -> None:
    """Move an order on, from the state in hand and no other; STALE (409) when it has moved since.

    No money moves here: `complete`, `give_back` and `divide` end an order.
    """
    before = order.status
    if not states.ORDER.allows(before, to):
        raise Refused(
            "ORDER_STATE",
            409,
            f"This order is {OrderStatus(before).label}: that can't be done with it now.",
        )
    changes |= {"status": to, "status_at": at}
    if Order.objects.filter(pk=order.pk, status=before).update(**changes) != 1:
        raise Refused("STALE", 409, "The order has moved on meanwhile. Reload and look again.")
    for name, value in changes.items():
        setattr(order, name, value)
    _trace(order, before=before, actor=actor, at=at, event=event, reason=reason)


def begin_payment(order: Order, *, at: datetime, actor: User | None, reason: str = "") -> None:
    """The check is passed: from now on the buyer has the ad's whole window to pay (T3)."""
    step(
        order,
        OrderStatus.AWAITING_PAYMENT,
        at=at,
        actor=actor,
        reason=reason,
        check_until=None,
        pay_until=_pay_until(order.ad, at),
    )


def complete(
    order: Order, *, at: datetime, by: User | None, lock_days: int, event: UUID | None = None
) -> Entry:
    """The buyer gets the crypto (T8: J2 and the T+N lock)."""
    step(
        order,
        OrderStatus.COMPLETED,
        at=at,
        actor=by,
        event=event,
        released_at=at,
        ended_at=at,
        check_until=None,
    )
    entry = ledger.release_escrow(
        order=order.id, buyer=order.buyer, asset=order.asset, fee=order.fee, at=at, by=by
    )
    got = total([order.amount, order.buyer_fee.copy_negate()])
    if lock_days:
        ledger.lock_acquired(
            user=order.buyer,
            asset=order.asset,
            amount=got,
            until=at + timedelta(days=lock_days),
            order=order.id,
            at=at,
        )
    _executed(order)
    PayoutAccount.objects.filter(
        pk__in=[order.payee_account_id, order.payer_account_id], first_used_at=None
    ).update(first_used_at=at)
    tallies.completed(order, at=at)
    tell(order=order, code="ORDER_COMPLETED", at=at)
    return entry


def give_back(
    order: Order,
    to: OrderStatus,
    *,
    at: datetime,
    by: User | None,
    why: CancelReason,
    event: UUID | None = None,
    at_fault: User | None = None,
    reverted: bool = False,
) -> Entry:
    """The seller gets the crypto back (T5, T6, T10, T14: J3); onto the ad while it is live.

    `reverted`: the buyer takes back that they have paid, which stays on record for ever.
    """
    step(
        order,
        to,
        at=at,
        actor=by,
        reason=why,
        event=event,
        ended_at=at,
        cancelled_by=by,
        cancel_reason=why,
        check_until=None,
        paid_reverted=order.paid_reverted or reverted,
    )
    ad = Ad.objects.select_for_update().get(pk=order.ad_id)
    selling, live = order.maker_id == order.seller_id, ad.status in RELISTED
    entry = ledger.return_escrow(
        order=order.id,
        seller=order.seller,
        asset=order.asset,
        to_ad=ad.id if selling and live else None,
        at=at,
        by=by,
    )
    if live:
        _undraw(ad, order.draws)
    else:
        Ad.objects.filter(pk=ad.pk).update(quantity=F("quantity") - order.draws)
    tallies.failed(order, at_fault=at_fault, at=at)
    tell(order=order, code="ORDER_ENDED", at=at, why=str(why))
    return entry


def divide(
    order: Order,
    *,
    buyer_amount: Decimal,
    seller_amount: Decimal,
    at: datetime,
    by: User,
    event: UUID | None = None,
) -> Entry:
    """Both get a part (T15: J4); what the parts leave of the escrow is the desk's fee."""
    step(order, OrderStatus.COMPLETED, at=at, actor=by, reason="SPLIT", event=event, ended_at=at)
    entry = ledger.split_escrow(
        order=order.id,
        seller=order.seller,
        seller_amount=seller_amount,
        buyer=order.buyer,
        buyer_amount=buyer_amount,
        asset=order.asset,
        fee=total([order.escrow, buyer_amount.copy_negate(), seller_amount.copy_negate()]),
        at=at,
        by=by,
    )
    _executed(order)
    tell(order=order, code="ORDER_SPLIT", at=at)
    return entry


#: Ads to which what an order gives back returns; from the others it goes to the owner.
RELISTED = (
    AdStatus.ONLINE,
    AdStatus.PAUSED,
    AdStatus.SOLD_OUT,
    AdStatus.PENDING_REVIEW,
    AdStatus.SUSPENDED,
)


def _pay_until(ad: Ad, at: datetime) -> datetime:
    return at + timedelta(minutes=ad.window_min)


def _trace(
    order: Order,
    *,
    before: str,
    actor: User | None,
    at: datetime,
    event: UUID | None,
    reason: str,
) -> None:
    OrderStep.objects.create(
        id=uuid7(at),
        order=order,
        at=at,
        actor=actor,
        before=before,
        after=order.status,
        reason=reason[:40],
        event=event,
    )


def _draw(ad: Ad, amount: Decimal, *, price: Decimal) -> None:
    left = total([ad.remaining, amount.copy_negate()])
    empty = times(left, price) < ad.min_fiat
    status = AdStatus.SOLD_OUT if empty and ad.status == AdStatus.ONLINE else ad.status
    Ad.objects.filter(pk=ad.pk).update(remaining=left, status=status)
    ad.remaining, ad.status = left, status


def _undraw(ad: Ad, amount: Decimal) -> None:
    status = AdStatus.ONLINE if ad.status == AdStatus.SOLD_OUT else ad.status
    Ad.objects.filter(pk=ad.pk).update(remaining=F("remaining") + amount, status=status)


def _executed(order: Order) -> None:
    Ad.objects.filter(pk=order.ad_id).update(executed=F("executed") + order.draws)


def keep_payer(order: Order, *, holder: str | None) -> None:
    """Freeze the name on the account from which the buyer says to have paid."""
    order.payer_holder = holder
    order.save(update_fields=["payer_holder"])


def wish_cancel(order: Order, *, by: User, at: datetime) -> None:
    """The seller would rather not trade; only the buyer can make it so."""
    Order.objects.filter(pk=order.pk).update(cancel_wished_by=by)
    order.cancel_wished_by = by
    tell(order=order, code="CANCEL_WISHED", at=at)


def report_third_party(order: Order) -> None:
    """The seller was paid by somebody else; that stays with the order."""
    Order.objects.filter(pk=order.pk).update(third_party=True)
    order.third_party = True
