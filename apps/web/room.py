"""An order as one of its parties sees it, and whether anything has changed since they looked."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from apps.flows.order_terms import RECLAIM_TIME
from apps.restrictions import queries as restrictions
from apps.restrictions.models import Kind, Restriction
from apps.trades.models import Appeal, Message, Order, OrderStep, Rating, ReadMark
from apps.trades.queries import orders as orders_of
from apps.trades.queries import people
from apps.trades.queries.people import NOTHING, Record
from apps.users.models import User

BUYER, SELLER = "BUYER", "SELLER"
#: Lines of the chat on one page; older ones are a link away.
LINES = 50
#: An appeal about an order that has ended.
POST_APPEAL = timedelta(days=5)
RATE_WITHIN = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an order stands for one of its parties; enough to tell whether anything has changed."""

    order: Order
    viewer: User
    held: list[Restriction]
    appeal: Appeal | None
    now: datetime

    @property
    def role(self) -> str:
        """BUYER or SELLER."""
        return BUYER if self.viewer.pk == self.order.buyer_id else SELLER

    @property
    def is_buyer(self) -> bool:
        """Whether the viewer buys."""
        return self.role == BUYER

    @property
    def is_taker(self) -> bool:
        """Whether the viewer took the ad."""
        return self.viewer.pk == self.order.taker_id

    @property
    def other(self) -> User:
        """The party on the other side."""
        return self.order.seller if self.is_buyer else self.order.buyer

    @property
    def hold(self) -> Restriction | None:
        """What makes the order wait for a human."""
        return next((one for one in self.held if one.kind in (Kind.HOLD, Kind.DENY)), None)

    @property
    def step_up(self) -> Restriction | None:
        """What makes the order wait for a proof."""
        return next((one for one in self.held if one.kind == Kind.STEP_UP), None)

    @property
    def prover(self) -> User | None:
        """Who is asked for a proof: the taker at the beginning, then whoever did the last step."""
        if self.step_up is None:
            return None
        return {
            "CREATED": self.order.taker,
            "PAID": self.order.buyer,
            "RELEASING": self.order.seller,
        }.get(self.order.status)

    @property
    def may_prove(self) -> bool:
        """Whether the viewer is the one asked for a proof."""
        return self.prover is not None and self.prover.pk == self.viewer.pk

    @property
    def may_cancel(self) -> bool:
        """Whether the viewer may cancel now: the buyer, or the taker of an order that waits."""
        if self.order.status == "CREATED":
            return self.is_taker
        return self.is_buyer and self.order.status in ("AWAITING_PAYMENT", "PAID")

    @property
    def appeals_from(self) -> datetime | None:
        """From when on the viewer may appeal; None: not in this state."""
        order = self.order
        if self.appeal is not None:
            return None
        if order.status == "PAID":
            wait = timedelta(minutes=order.rail.appeal_after_min if self.is_buyer else 0)
            return (order.paid_at or order.status_at) + wait
        if order.status == "AWAITING_PAYMENT":
            return order.status_at
        ended = order.ended_at
        if ended and order.status != "REJECTED" and self.now - ended < POST_APPEAL:
            return ended
        return None

    @property
    def may_appeal(self) -> bool:
        """Whether the viewer may appeal now."""
        return self.appeals_from is not None and self.appeals_from <= self.now

    @property
    def may_reclaim(self) -> bool:
        """Whether the viewer may show that an expired order was paid after all."""
        order = self.order
        return bool(
            self.is_buyer
            and self.is_taker
            and order.status == "EXPIRED"
            and order.ended_at
            and self.now - order.ended_at < RECLAIM_TIME
        )

    @property
    def tag(self) -> str:
        """Changes whenever what is shown of the order changes."""
        order, appeal = self.order, self.appeal
        said = [
            order.status,
            order.status_at,
            order.cancel_wished_by_id,
            order.third_party,
            sorted((one.kind, str(one.pk)) for one in self.held),
            appeal and (appeal.pk, appeal.state, appeal.phase_until, appeal.agent_id),
            self.may_appeal,
        ]
        return hashlib.blake2b(repr(said).encode(), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Everything on an order's page."""

    standing: Standing
    steps: list[OrderStep]
    lines: list[Message]
    older: int | None
    record: Record
    is_rated: bool
    # How far the other party has read, and the viewer.
    read_to: int
    seen_to: int

    @property
    def last(self) -> int:
        """The number of the last line that is shown."""
        return self.lines[-1].seq if self.lines else 0


def standing(viewer: User, id: UUID, *, at: datetime) -> Standing:
    """How the order stands for this party; NO_SUCH_ORDER (404) for anybody else. Three queries."""
    order = orders_of.order_for(viewer, id)
    return Standing(
        order=order,
        viewer=viewer,
        held=list(restrictions.live(subject=order.entity, at=at).exclude(kind=Kind.WARN)),
        appeal=Appeal.objects.filter(order=order)
        .exclude(state__in=["CLOSED", "WITHDRAWN"])
        .first(),
        now=at,
    )


def room(viewer: User, id: UUID, *, before: int | None = None, at: datetime) -> Room:
    """The whole room; the same number of queries however long the chat is."""
    now = standing(viewer, id, at=at)
    order = now.order
    lines = list(_lines(order, before)[: LINES + 1])[::-1]
    more = len(lines) > LINES
    lines = lines[1:] if more else lines
    marks = dict(ReadMark.objects.filter(order=order).values_list("reader_id", "seq"))
    return Room(
        standing=now,
        steps=list(OrderStep.objects.filter(order=order).order_by("id")),
        lines=lines,
        older=lines[0].seq if more else None,
        record=people.records([now.other.pk], at=at).get(now.other.pk, NOTHING),
        is_rated=order.status == "COMPLETED"
        and Rating.objects.filter(order=order, rater=viewer).exists(),
        read_to=marks.get(now.other.pk, 0),
        seen_to=marks.get(viewer.pk, 0),
    )


def lines_after(order: Order, seq: int) -> list[Message]:
    """What was said since a line, at most as much as fits a page."""
    return list(_lines(order, None).filter(seq__gt=seq)[:LINES])[::-1]


def _lines(order: Order, before: int | None) -> QuerySet[Message]:
    found = Message.objects.filter(order=order).select_related("attachment")
    if before:
        found = found.filter(seq__lt=before)
    return found.defer("attachment__content").order_by("-seq")
