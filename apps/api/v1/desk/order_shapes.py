"""Orders, field by field: as a line of a list, and as the room in which two people trade."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from rest_framework import serializers as s

from apps.api.v1.desk.amounts import AmountField, plain
from apps.api.v1.desk.order_steps import NEXT_STEPS
from apps.api.v1.desk.proof_shapes import ProveWithField
from apps.flows.proofs import ways
from apps.flows.public_event import moment
from apps.restrictions.models import Kind, Restriction
from apps.risk.models import Result
from apps.trades.models import CancelReason, Order, OrderStep
from apps.trades.states import AppealState, OrderStatus
from apps.users.models import User

UNDER_REVIEW, PROOF_NEEDED = "UNDER_REVIEW", "PROOF_NEEDED"
SHOWN = (*OrderStatus.values, UNDER_REVIEW, PROOF_NEEDED)
BUYER, SELLER = "BUYER", "SELLER"
WHO = ("YOU", "PARTNER", "DESK")


class OrderIn(s.Serializer):
    ad = s.UUIDField()
    rail = s.CharField(max_length=32, help_text="One of the ad's.")
    fiat_amount = AmountField(required=False, allow_null=True, help_text="This or `amount`.")
    amount = AmountField(required=False, allow_null=True, help_text="Crypto.")
    account = s.UUIDField(
        required=False,
        allow_null=True,
        help_text="Your own account on the rail: a seller is paid there, a buyer pays from there.",
    )
    price = AmountField(
        required=False,
        allow_null=True,
        help_text="What you were shown: PRICE_MOVED (409) rather than an order at another price.",
    )
    reclaims = s.UUIDField(
        required=False, allow_null=True, help_text="An expired order that you had paid after all."
    )


class PayIn(s.Serializer):
    payer_account = s.UUIDField(
        required=False, allow_null=True, help_text="Your own account from which you paid."
    )


class CancelIn(s.Serializer):
    unpaid = s.BooleanField(help_text="You have not paid, or you were paid back.")


class ReleaseIn(s.Serializer):
    arrived = s.BooleanField(help_text="The money is in your own account: you looked there.")
    from_named_payer = s.BooleanField(help_text="It came from the payer that the order names.")
    in_full = s.BooleanField(help_text="All of it.")


class OrdersQuery(s.Serializer):
    state = s.ChoiceField(choices=("live", "ended", "all"), default="all")
    role = s.ChoiceField(choices=(BUYER, SELLER), required=False)


class PartnerOut(s.Serializer):
    id = s.UUIDField()
    nickname = s.CharField()


class OrderOut(s.Serializer):
    id = s.UUIDField()
    number = s.CharField(help_text="What people call it.")
    ad = s.UUIDField()
    role = s.ChoiceField(choices=(BUYER, SELLER), help_text="Yours.")
    is_maker = s.BooleanField(help_text="The ad is yours.")
    partner = PartnerOut()
    status = s.ChoiceField(choices=OrderStatus.choices)
    display_status = s.ChoiceField(
        choices=SHOWN, help_text="The status, or what it waits for: a human, or a proof."
    )
    asset = s.CharField()
    fiat = s.CharField()
    price = AmountField()
    amount = AmountField(help_text="Crypto that is traded.")
    fiat_amount = AmountField()
    fee = AmountField(help_text="Yours, in crypto: a buyer gets the amount less it, a seller adds.")
    rail = s.CharField()
    created_at = s.DateTimeField()
    status_at = s.DateTimeField()
    pay_until = s.DateTimeField(allow_null=True)
    ended_at = s.DateTimeField(allow_null=True)
    cancel_reason = s.ChoiceField(choices=[("", ""), *CancelReason.choices])


class PayeeOut(s.Serializer):
    rail = s.CharField()
    rail_name = s.CharField()
    number_label = s.CharField()
    holder = s.CharField()
    number = s.CharField()
    bank = s.CharField()


class HeldOut(s.Serializer):
    kind = s.ChoiceField(choices=(UNDER_REVIEW, PROOF_NEEDED))
    sentence = s.CharField(help_text="For the person it waits for; empty for the other.")
    prove_with = ProveWithField()


class StepOut(s.Serializer):
    at = s.DateTimeField()
    before = s.CharField()
    after = s.CharField()
    by = s.ChoiceField(choices=WHO)
    reason = s.CharField()


class OpenAppealOut(s.Serializer):
    id = s.UUIDField()
    state = s.ChoiceField(choices=AppealState.choices)


class RoomOut(OrderOut):
    payee = PayeeOut(allow_null=True, help_text="Where to pay, as it was when the order began.")
    payer_holder = s.CharField(
        allow_null=True, help_text="The name from which the payment has to come."
    )
    partner_legal_name = s.CharField(allow_null=True, help_text="The verified one.")
    check_until = s.DateTimeField(allow_null=True, help_text="Prove yourself until then.")
    paid_at = s.DateTimeField(allow_null=True)
    released_at = s.DateTimeField(allow_null=True)
    paid_reverted = s.BooleanField()
    third_party = s.BooleanField()
    cancel_wished = s.BooleanField(help_text="The seller asks the buyer to cancel.")
    appeal_from = s.DateTimeField(
        allow_null=True, help_text="After 'paid': from when on the buyer may appeal."
    )
    held = HeldOut(allow_null=True)
    appeal = OpenAppealOut(allow_null=True)
    next_steps = s.ListField(
        child=s.ChoiceField(choices=NEXT_STEPS), help_text="What you can do now."
    )
    timeline = StepOut(many=True)
    last_line = s.IntegerField(help_text="Number of the newest line of the chat.")
    read_to = s.IntegerField(help_text="How far you have read.")
    partner_read_to = s.IntegerField()


class MovedOut(s.Serializer):
    outcome = s.ChoiceField(choices=Result.choices)
    sentence = s.CharField(help_text="For the person; empty where all is well.")
    order = RoomOut()


def order_words(order: Order, *, actor: User, held: Iterable[Restriction]) -> dict[str, Any]:
    """An order as one of its parties sees it in a list."""
    buys = actor.pk == order.buyer_id
    partner = order.seller if buys else order.buyer
    return {
        "id": str(order.pk),
        "number": order.number,
        "ad": str(order.ad_id),
        "role": BUYER if buys else SELLER,
        "is_maker": actor.pk == order.maker_id,
        "partner": {"id": str(partner.pk), "nickname": partner.nickname},
        "status": order.status,
        "display_status": _waits_for(held) or order.status,
        "asset": order.asset_id,
        "fiat": order.fiat_id,
        "price": plain(order.price),
        "amount": plain(order.amount),
        "fiat_amount": plain(order.fiat_amount),
        "fee": plain(order.buyer_fee if buys else order.seller_fee),
        "rail": order.rail_id,
        "created_at": moment(order.created_at),
        "status_at": moment(order.status_at),
        "pay_until": moment(order.pay_until),
        "ended_at": moment(order.ended_at),
        "cancel_reason": order.cancel_reason,
    }


def payee_words(order: Order) -> dict[str, Any]:
    """Where to pay: nobody is told before the order has passed its check."""
    return {
        "rail": order.rail_id,
        "rail_name": order.rail.name,
        "number_label": order.rail.number_label,
        "holder": order.payee_holder,
        "number": order.payee_number,
        "bank": order.payee_bank,
    }


def step_words(step: OrderStep, *, actor: User) -> dict[str, Any]:
    """One line of an order's timeline."""
    by = "DESK" if step.actor_id is None else "YOU" if step.actor_id == actor.pk else "PARTNER"
    # Whoever of the desk decided something is no party; reasons of the engine stay with the desk.
    return {
        "at": moment(step.at),
        "before": step.before,
        "after": step.after,
        "by": by,
        "reason": step.reason if step.reason in _TOLD else "",
    }


_TOLD = frozenset({*CancelReason.values, "CLEARED", "STEP_UP", "REVIEW", "BLOCK"})


def held_words(
    order: Order, *, actor: User, held: Iterable[Restriction], at: datetime
) -> Mapping[str, Any] | None:
    """What an order waits for, with words for whoever it waits for."""
    kind = _waits_for(held)
    if kind is None:
        return None
    waiting = {
        OrderStatus.CREATED: order.taker_id,
        OrderStatus.RELEASING: order.seller_id,
        OrderStatus.PAID: order.buyer_id,
    }.get(OrderStatus(order.status))
    sentences = [one.user_sentence for one in held if one.kind in (Kind.HOLD, Kind.STEP_UP)]
    asked = waiting == actor.pk
    return {
        "kind": kind,
        "sentence": sentences[0] if asked else "",
        "prove_with": list(ways(actor, at=at)) if asked and kind == PROOF_NEEDED else [],
    }


def _waits_for(held: Iterable[Restriction]) -> str | None:
    kinds = {one.kind for one in held}
    if kinds & {Kind.HOLD, Kind.DENY}:
        return UNDER_REVIEW
    return PROOF_NEEDED if Kind.STEP_UP in kinds else None
