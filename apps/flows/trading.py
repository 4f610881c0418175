"""What the parties of an order do until it is paid: open, pay, cancel; T1 to T6 and T10.

Every deed locks both parties, asks what is forbidden, moves the order, is judged, and writes last.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.flows import flow, notices, own_acts
from apps.flows.order_terms import Wish, agree
from apps.flows.payout_accounts import likeness
from apps.flows.request_facts import RequestFacts
from apps.restrictions import services as restricting
from apps.trades.models import Ad, CancelReason, Order
from apps.trades.queries import orders as orders_of
from apps.trades.services import orders, talk
from apps.trades.states import OrderStatus
from apps.users.models import PayoutAccount, User

#: How long a person has to prove themselves before an order that waits for it ends.
CHECK_TIME = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Moved:
    """An order after a deed, and what the engine said of it to the person who did it."""

    order: Order
    outcome: str = "ALLOW"
    sentence: str = ""


@flow.deed
def open_order(
    *, actor: User, ad: UUID, wish: Wish, request_facts: RequestFacts, at: datetime
) -> Moved:
    """Take an ad: the crypto goes into escrow, and the buyer is asked to pay (T1 to T3, CP1).

    STEP_UP and REVIEW leave the order CREATED with the crypto held; a BLOCK leaves it REJECTED
    without any, and is Refused (BLOCKED, 403) once that is written.
    """
    owner = orders_of.owner_of(ad)
    with flow.transaction(actor, owner, at=at):
        offer = (
            Ad.objects.select_for_update(of=("self",)).select_related("owner", "asset", "fiat")
        ).get(pk=ad)
        agreed = agree(offer, actor=actor, wish=wish, at=at)
        ability = "take_buy" if agreed.taker_buys else "take_sell"
        flow.require(actor, ability, at=at, request_facts=request_facts, usd=agreed.terms.usd)
        id = uuid7(at)
        about = own_acts.thing("order", id)
        act = own_acts.act(
            "order.created",
            user=actor,
            to=owner,
            account=agreed.payer if agreed.taker_buys else agreed.payee,
            usd=agreed.terms.usd,
            request_facts=request_facts,
            at=at,
            about=about,
            ad=str(offer.pk),
            side="buy" if agreed.taker_buys else "sell",
            **agreed.signals,
        )
        judgement = flow.judge(act)
        outcome = judgement.verdict.outcome
        order = orders.open_(
            id=id,
            ad=offer,
            taker=actor,
            terms=agreed.terms,
            payee=agreed.payee,
            payer=agreed.payer,
            status=_STATUS_AFTER[outcome],
            at=at,
            check_until=at + CHECK_TIME if outcome == "STEP_UP" else None,
            event=act.id,
            reason=outcome if outcome in ("STEP_UP", "REVIEW", "BLOCK") else "",
            reclaims=agreed.reclaims,
        )
        if order.status == OrderStatus.AWAITING_PAYMENT:
            notices.opened(order, at=at)
        flow.write(
            act,
            judgement=judgement,
            holds=flow.hold_on(order.entity, judgement, ability="proceed"),
        )
    sentence = flow.sentence(judgement)
    if outcome == "BLOCK":
        raise Refused("BLOCKED", 403, sentence)
    return Moved(order, outcome, sentence)


_STATUS_AFTER = {
    "ALLOW": OrderStatus.AWAITING_PAYMENT,
    "LIMIT": OrderStatus.AWAITING_PAYMENT,
    "STEP_UP": OrderStatus.CREATED,
    "REVIEW": OrderStatus.CREATED,
    "BLOCK": OrderStatus.REJECTED,
}


@flow.deed
def mark_paid(
    *,
    actor: User,
    order: Order,
    payer: UUID | None,
    request_facts: RequestFacts,
    at: datetime,
) -> Moved:
    """The buyer says "I have paid", from an account of their own (T4, CP2).

    What the engine would review holds the release of this order; the buyer's word stands.
    """
    with flow.transaction(order.buyer, order.seller, at=at):
        order = locked(order)
        _only(actor, order.buyer, "Only the buyer can mark this order as paid.")
        # Out of RELEASING there is a step to PAID too: it is the clock's, not the buyer's.
        if order.status != OrderStatus.AWAITING_PAYMENT:
            raise Refused(
                "ORDER_STATE",
                409,
                f"This order is {OrderStatus(order.status).label}: there is nothing to pay now.",
            )
        account = _payer(order, payer)
        act = own_acts.act(
            "order.paid",
            user=actor,
            to=order.seller,
            account=account,
            usd=order.usd,
            request_facts=request_facts,
            at=at,
            about=own_acts.thing("order", order.pk),
            side="buy",
            rail=order.rail_id,
            asset=order.asset_id,
            paid_after_s=(at - order.created_at).total_seconds(),
            reversible_rail=order.rail.is_reversible,
            name_similarity=likeness(account, actor),
            open_orders_same_amount=orders_of.twins(order, at=at),
            payee_changed=orders_of.payee_changed(order),
        )
        orders.step(
            order,
            OrderStatus.PAID,
            at=at,
            actor=actor,
            event=act.id,
            paid_at=at,
            payer_account=account,
            name_similarity=act.data.get("name_similarity"),
            paid_decision=act.id,
        )
        orders.keep_payer(order, holder=account.holder)
        talk.tell(order=order, code="ORDER_PAID", at=at)
        judgement = flow.judge(act)
        holds = flow.hold_on(order.entity, judgement, ability="release", stands=True)
        notices.paid(order, warn=bool(holds), at=at)
        flow.write(act, judgement=judgement, holds=holds)
    return Moved(order, judgement.verdict.outcome, flow.sentence(judgement))


@flow.deed
def cancel(
    *, actor: User, order: Order, request_facts: RequestFacts, at: datetime, unpaid: bool
) -> Moved:
    """The buyer gives up: not paid yet, or refunded (T5, T10); or agrees to the seller's wish.

    An order that still waits for a check may be given up by whoever took it.

    `unpaid`: the buyer confirms that no money is on its way. After "I have paid" this marks the
    order for ever, and no automation trusts it again.
    """
    with flow.transaction(order.buyer, order.seller, at=at):
        order = locked(order)
        waits = order.status == OrderStatus.CREATED
        _only(
            actor,
            order.taker if waits else order.buyer,
            "Only the buyer can cancel. Ask the buyer to, or open an appeal.",
        )
        if order.status not in _BUYER_MAY_CANCEL:
            raise Refused(
                "ORDER_STATE",
                409,
                "This order can't be cancelled now."
                + (" Its appeal decides." if order.status == OrderStatus.APPEALED else ""),
            )
        if not (unpaid or waits):
            raise Refused(
                "CONFIRM_UNPAID",
                422,
                "Confirm that you have not paid, or that your payment was returned.",
                {"unpaid": ["Please confirm."]},
            )
        was_paid = order.status == OrderStatus.PAID
        other = order.seller if actor.pk == order.buyer_id else order.buyer
        if was_paid and order.third_party:
            raise Refused(
                "REFUND_FIRST",
                409,
                "The seller reported a payment from somebody else. It has to go back to where it "
                "came from first: open an appeal.",
            )
        agreed = order.cancel_wished_by_id is not None
        why = CancelReason.MUTUAL if agreed else _WHY[was_paid]
        if waits:
            why = CancelReason.TAKER
        acts = [
            own_acts.act(
                kind,
                user=actor,
                to=other,
                usd=order.usd,
                request_facts=request_facts,
                at=at,
                about=own_acts.thing("order", order.pk),
                side="buy" if actor.pk == order.buyer_id else "sell",
            )
            # Taking "paid" back counts twice.
            for kind in (("order.paid_reverted",) if was_paid else ()) + ("order.cancelled",)
        ]
        orders.give_back(
            order,
            OrderStatus.CANCELLED,
            at=at,
            by=actor,
            why=why,
            event=acts[-1].id,
            at_fault=None if agreed or waits else actor,
            reverted=was_paid,
        )
        restricting.end_waits(subject=order.entity, at=at)
        notices.ended(order, to=other, at=at)
        for act in acts:
            flow.write(act)
    return Moved(order)


_BUYER_MAY_CANCEL = (OrderStatus.CREATED, OrderStatus.AWAITING_PAYMENT, OrderStatus.PAID)
_WHY = {False: CancelReason.BUYER, True: CancelReason.REFUNDED}


@flow.deed
def wish_cancel(*, actor: User, order: Order, at: datetime) -> Moved:
    """The seller asks the buyer to cancel; the order goes on until the buyer agrees."""
    with flow.transaction(order.buyer, order.seller, at=at):
        order = locked(order)
        _only(actor, order.seller, "You are the buyer: cancel the order itself.")
        if order.status not in (OrderStatus.AWAITING_PAYMENT, OrderStatus.PAID):
            raise Refused("ORDER_STATE", 409, "There is nothing to cancel any more.")
        if order.cancel_wished_by_id is None:
            orders.wish_cancel(order, by=actor, at=at)
            notices.cancel_wished(order, at=at)
    return Moved(order)


@flow.deed
def expire(*, order: Order, at: datetime) -> bool:
    """The time to pay is over (T6): the crypto goes back. False when the order has moved on."""
    with flow.transaction(order.buyer, order.seller, at=at):
        order = locked(order)
        due = order.pay_until is not None and order.pay_until <= at
        if order.status != OrderStatus.AWAITING_PAYMENT or not due:
            return False
        act = own_acts.act(
            "order.expired",
            user=order.buyer,
            to=order.seller,
            usd=order.usd,
            request_facts=own_acts.NOWHERE,
            at=at,
            about=own_acts.thing("order", order.pk),
            side="buy",
        )
        orders.give_back(
            order,
            OrderStatus.EXPIRED,
            at=at,
            by=None,
            why=CancelReason.UNPAID,
            event=act.id,
            at_fault=order.buyer,
        )
        notices.ended(order, to=order.buyer, at=at)
        notices.ended(order, to=order.seller, at=at)
        flow.write(act)
    return True


def locked(order: Order) -> Order:
    """The order as it is now, its row locked; the locks of both parties are held already."""
    return (
        Order.objects.select_for_update(of=("self",))
        .select_related("buyer", "seller", "ad", "asset", "fiat", "rail", "payee_account")
        .get(pk=order.pk)
    )


def _only(actor: User, who: User, sentence: str) -> None:
    if actor.pk != who.pk:
        raise Refused("NOT_YOURS_TO_DO", 403, sentence)


def _payer(order: Order, payer: UUID | None) -> PayoutAccount:
    id = payer or order.payer_account_id
    account = PayoutAccount.objects.filter(
        pk=id, user=order.buyer, rail=order.rail_id, removed_at=None
    ).first()
    if id is None or account is None:
        raise Refused(
            "PAYER_ACCOUNT_NEEDED",
            422,
            "Say from which of your own accounts you paid. Add it first if it is not listed.",
            {"payer_account": [f"Choose one of your {order.rail.name} accounts."]},
        )
    return account
