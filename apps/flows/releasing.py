"""The release: the seller gives the crypto away for good; T7 to T9 and CP3, which fails closed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.core.errors import Refused
from apps.events.act import Act
from apps.flows import flow, notices, own_acts
from apps.flows.request_facts import RequestFacts
from apps.flows.trading import Moved, locked
from apps.restrictions import queries as restrictions
from apps.risk.models import Decision
from apps.trades import limits
from apps.trades.models import Order
from apps.trades.queries import appeals as appeals_of
from apps.trades.queries import orders as orders_of
from apps.trades.services import appeals, orders
from apps.trades.states import OrderStatus
from apps.users.models import User

#: How long the seller has to prove themselves before the release falls back (T9).
PROOF_TIME = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What the seller says to have seen in their own bank, not on a picture."""

    arrived: bool
    from_named_payer: bool
    in_full: bool


@flow.deed
def release(
    *,
    actor: User,
    order: Order,
    looked: Looked,
    confirmed: bool,
    request_facts: RequestFacts,
    at: datetime,
) -> Moved:
    """The seller has the money and gives the crypto (T7, T8, or T13 out of an appeal).

    `confirmed`: the person has just shown again who they are. STEP_UP and REVIEW leave the order
    RELEASING until it is cleared; a BLOCK leaves it where it was and is Refused (BLOCKED, 403).
    """
    if actor.pk != order.seller_id:
        raise Refused("NOT_YOURS_TO_DO", 403, "Only the seller can release.")
    if not confirmed:
        raise Refused("CONFIRM_IDENTITY", 403, "Confirm who you are first, then release.")
    if not (looked.arrived and looked.from_named_payer and looked.in_full):
        raise Refused(
            "LOOK_FIRST",
            422,
            "Release only when the whole amount is in your own account, from the payer named here. "
            "If anything differs, report it instead.",
            {"looked": ["Confirm all three, or report what differs."]},
        )
    with flow.transaction(order.buyer, order.seller, at=at):
        order = locked(order)
        if order.status not in (OrderStatus.PAID, OrderStatus.APPEALED):
            raise Refused(
                "NOT_PAID" if order.status == OrderStatus.AWAITING_PAYMENT else "ORDER_STATE",
                409,
                "The buyer has not marked this order as paid."
                if order.status == OrderStatus.AWAITING_PAYMENT
                else f"This order is {OrderStatus(order.status).label}: it can't be released now.",
            )
        flow.require(actor, "release", at=at, request_facts=request_facts, usd=order.usd)
        refuse_if_held(order, at=at)
        act = own_acts.act(
            "order.released",
            user=actor,
            to=order.buyer,
            account=None,
            usd=order.usd,
            request_facts=request_facts,
            at=at,
            about=own_acts.thing("order", order.pk),
            side="sell",
            rail=order.rail_id,
            asset=order.asset_id,
            released_after_s=(at - order.paid_at).total_seconds() if order.paid_at else None,
            payer_confirmed=looked.from_named_payer and not order.third_party,
            declared_account=looked.from_named_payer and not order.third_party,
            payment_ratio=payment_ratio(order),
            name_similarity=order.name_similarity,
            open_orders_same_amount=orders_of.twins(order, at=at),
        )
        judgement = flow.judge(act)
        outcome = judgement.verdict.outcome
        if outcome != "BLOCK":
            orders.step(
                order,
                OrderStatus.RELEASING,
                at=at,
                actor=actor,
                event=act.id,
                reason=outcome if outcome in ("STEP_UP", "REVIEW") else "",
                release_from=order.status,
                release_decision=act.id,
                check_until=at + PROOF_TIME if outcome == "STEP_UP" else None,
            )
        done = []
        if outcome in ("ALLOW", "LIMIT"):
            done = complete(order, by=actor, request_facts=request_facts, at=at)
        flow.write(
            act,
            judgement=judgement,
            holds=flow.hold_on(order.entity, judgement, ability="release"),
        )
        for one in done:
            flow.write(one)
    sentence = flow.sentence(judgement)
    if outcome == "BLOCK":
        raise Refused("BLOCKED", 403, sentence)
    return Moved(order, outcome, sentence)


def complete(
    order: Order, *, by: User | None, request_facts: RequestFacts, at: datetime
) -> list[Act]:
    """Settle an order that is RELEASING; the acts that the caller writes last."""
    acts = [
        own_acts.act(
            "order.completed",
            user=who,
            to=other,
            usd=order.usd,
            request_facts=request_facts if by and by.pk == who.pk else own_acts.NOWHERE,
            at=at,
            about=own_acts.thing("order", order.pk),
            side=side,
            asset=order.asset_id,
            rail=order.rail_id,
        )
        for who, other, side in (
            (order.buyer, order.seller, "buy"),
            (order.seller, order.buyer, "sell"),
        )
    ]
    orders.complete(order, at=at, by=by, event=acts[0].id, lock_days=_lock_days(order, at=at))
    appeals.settled_by_parties(order, at=at)
    notices.completed(order, at=at)
    return acts


def payment_ratio(order: Order) -> float:
    """What arrived over what was due: as the seller reported it, else all of it."""
    appeal = appeals_of.live_appeal(order)
    received = appeal.received if appeal else None
    return 1.0 if received is None else float(received / order.fiat_amount)


def refuse_if_held(order: Order, *, at: datetime) -> None:
    """Refused while a hold lies on this very order."""
    for held in restrictions.live(subject=order.entity, at=at).filter(ability="release"):
        raise Refused(
            "UNDER_REVIEW" if held.kind == "HOLD" else "PROOF_NEEDED", 403, held.user_sentence
        )


def _lock_days(order: Order, *, at: datetime) -> int:
    ids = [id for id in (order.created_decision, order.paid_decision) if id]
    bands = Decision.objects.filter(pk__in=ids).values_list("band", flat=True)
    return limits.lock_days(
        band=max(bands, default=0), buyer_since=order.buyer.date_joined, rail=order.rail, at=at
    )
