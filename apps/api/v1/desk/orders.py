"""Orders: opened, paid, cancelled, released; the room that both parties look at."""

from typing import Any
from uuid import UUID

from django.db.models import Max, QuerySet
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.v1.base import NewestFirst
from apps.api.v1.desk.base import DeskView, deed, listed, polled
from apps.api.v1.desk.order_shapes import (
    BUYER,
    PROOF_NEEDED,
    CancelIn,
    MovedOut,
    OrderIn,
    OrderOut,
    OrdersQuery,
    PayIn,
    ReleaseIn,
    RoomOut,
    held_words,
    order_words,
    payee_words,
    step_words,
)
from apps.api.v1.desk.order_steps import appeal_from, next_steps
from apps.flows import releasing, trading
from apps.flows.order_terms import Wish
from apps.flows.public_event import moment
from apps.flows.trading import Moved
from apps.restrictions.models import Restriction
from apps.trades.models import LIVE, Appeal, Message, Order, OrderStep, ReadMark
from apps.trades.queries.orders import order_for, orders_of
from apps.trades.states import OrderStatus
from apps.users.models import User


def holds_on(entities: list[int]) -> dict[int, list[Restriction]]:
    """What lies on each of these things, in one query."""
    found: dict[int, list[Restriction]] = {entity: [] for entity in entities}
    for one in Restriction.objects.filter(subject__in=entities, lifted_at=None).order_by("id"):
        found[one.subject_id].append(one)
    return found


def room_words(order: Order, *, actor: User, at: Any) -> dict[str, Any]:
    """An order with all that its room shows, in five queries more."""
    held = holds_on([order.entity])[order.entity]
    read = dict(ReadMark.objects.filter(order=order).values_list("reader", "seq"))
    partner = order.seller if actor.pk == order.buyer_id else order.buyer
    appeal = Appeal.objects.filter(order=order).exclude(state__in=["CLOSED", "WITHDRAWN"]).first()
    told = held_words(order, actor=actor, held=held, at=at)
    steps = list(OrderStep.objects.filter(order=order).order_by("id"))
    begun = any(step.after == OrderStatus.AWAITING_PAYMENT for step in steps)
    return order_words(order, actor=actor, held=held) | {
        "payee": payee_words(order) if begun else None,
        "payer_holder": order.payer_holder if begun else None,
        "partner_legal_name": partner.legal_name if begun else None,
        "check_until": moment(order.check_until),
        "paid_at": moment(order.paid_at),
        "released_at": moment(order.released_at),
        "paid_reverted": order.paid_reverted,
        "third_party": order.third_party,
        "cancel_wished": order.cancel_wished_by_id is not None,
        "appeal_from": moment(appeal_from(order)),
        "held": told,
        "appeal": {"id": str(appeal.pk), "state": appeal.state} if appeal else None,
        "next_steps": next_steps(
            order,
            actor=actor,
            proof_needed=bool(told) and told["kind"] == PROOF_NEEDED,
            at=at,
        ),
        "timeline": [step_words(one, actor=actor) for one in steps],
        "last_line": Message.objects.filter(order=order).aggregate(last=Max("seq"))["last"] or 0,
        "read_to": read.get(actor.pk, 0),
        "partner_read_to": read.get(partner.pk, 0),
    }


class OrderView(DeskView):
    """What the views of orders share: the room is what every deed answers with."""

    def order(self, id: UUID) -> Order:
        """One of the caller's orders, or 404."""
        return order_for(self.actor, id)

    def room(self, order: Order) -> dict[str, Any]:
        """Its room as it is now."""
        return room_words(self.order(order.pk), actor=self.actor, at=self.at)

    def moved(self, moved: Moved, *, status: int = 200) -> Response:
        """The order after a deed, and what is said to the person who did it."""
        told = {
            "outcome": moved.outcome,
            "sentence": moved.sentence,
            "order": self.room(moved.order),
        }
        return Response(told, status=status)


class Orders(OrderView):
    """Your orders, whichever side you are on."""

    pagination_class = NewestFirst

    @extend_schema(
        operation_id="list_orders",
        summary="Your orders, newest first",
        parameters=[OrdersQuery],
        responses=OrderOut(many=True),
    )
    def get(self, request: Request) -> HttpResponse:
        answer: HttpResponse = listed(self, self.found(), self.lines)
        return answer

    def found(self) -> QuerySet[Order]:
        """The orders that the query asks for."""
        wanted, found = self.asked(OrdersQuery), orders_of(self.actor)
        if wanted["state"] != "all":
            is_live = wanted["state"] == "live"
            found = found.filter(status__in=LIVE) if is_live else found.exclude(status__in=LIVE)
        if role := wanted.get("role"):
            found = found.filter(**{"buyer" if role == BUYER else "seller": self.actor})
        return found

    def lines(self, page: list[Order]) -> list[Any]:
        """A page of them in words."""
        held = holds_on([order.entity for order in page])
        return [order_words(one, actor=self.actor, held=held[one.entity]) for one in page]

    @extend_schema(
        operation_id="open_order",
        summary="Take an ad",
        description="The crypto goes into escrow. With the outcome STEP_UP the order is CREATED "
        "and waits for POST /proofs; with REVIEW it waits for a person of the desk; both go on by "
        "themselves. BLOCK is a 403.",
        request=OrderIn,
        responses={201: MovedOut},
    )
    @deed
    def post(self, request: Request) -> Response:
        said = self.said(OrderIn)
        moved = trading.open_order(
            actor=self.actor,
            ad=said.pop("ad"),
            wish=Wish(**said),
            request_facts=self.facts,
            at=self.at,
        )
        return self.moved(moved, status=201)


class OneOrder(OrderView):
    """The room of one of your orders: poll it with If-None-Match."""

    @extend_schema(operation_id="read_order", summary="The room of an order", responses=RoomOut)
    def get(self, request: Request, id: UUID) -> HttpResponse:
        return polled(request, room_words(self.order(id), actor=self.actor, at=self.at))


class PayOrder(OrderView):
    """The buyer's word."""

    @extend_schema(
        operation_id="pay_order",
        summary="Say that you have paid",
        description="From an account of your own, in your own name; first send the money.",
        request=PayIn,
        responses=MovedOut,
    )
    @deed
    def post(self, request: Request, id: UUID) -> Response:
        order = self.order(id)
        said = self.said(PayIn)
        return self.moved(
            trading.mark_paid(
                actor=self.actor,
                order=order,
                payer=said.get("payer_account"),
                request_facts=self.facts,
                at=self.at,
            )
        )


class CancelOrder(OrderView):
    """The buyer gives up."""

    @extend_schema(
        operation_id="cancel_order",
        summary="Cancel, as the buyer",
        request=CancelIn,
        responses=MovedOut,
    )
    @deed
    def post(self, request: Request, id: UUID) -> Response:
        order = self.order(id)
        return self.moved(
            trading.cancel(
                actor=self.actor,
                order=order,
                **self.said(CancelIn),
                request_facts=self.facts,
                at=self.at,
            )
        )


class WishCancelOrder(OrderView):
    """The seller asks."""

    @extend_schema(
        operation_id="wish_cancel_order",
        summary="Ask the buyer to cancel, as the seller",
        request=None,
        responses=MovedOut,
    )
    @deed
    def post(self, request: Request, id: UUID) -> Response:
        order = self.order(id)
        return self.moved(trading.wish_cancel(actor=self.actor, order=order, at=self.at))


class ReleaseOrder(OrderView):
    """The seller gives the crypto away, for good."""

    @extend_schema(
        operation_id="release_order",
        summary="Release the crypto to the buyer",
        description="Needs a proof of who you are in the last five minutes: otherwise 403 "
        "CONFIRM_IDENTITY, whose member `confirm` says where to give it. With the outcome STEP_UP "
        "or REVIEW the order stays RELEASING until it is cleared.",
        request=ReleaseIn,
        responses=MovedOut,
    )
    @deed
    def post(self, request: Request, id: UUID) -> Response:
        order = self.order(id)
        return self.moved(
            releasing.release(
                actor=self.actor,
                order=order,
                looked=releasing.Looked(**self.said(ReleaseIn)),
                confirmed=self.confirmed,
                request_facts=self.facts,
                at=self.at,
            )
        )
