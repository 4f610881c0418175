"""Walks over a desk: who there is, how a deed is done and held against what may be, and undone."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import transaction
from hypothesis import strategies as st

from apps.core.errors import Refused
from apps.flows import selfcheck, selfcheck_desk
from apps.ledger.models import Entry
from apps.trades.models import LIVE, Ad, Appeal, Order, OrderStep
from apps.users.models import User
from tests.appeals import Court
from tests.desk import Desk
from tests.invariants import Invariants
from tests.people import NOON

CAST = ("alice", "bob", "mallory")
numbers = st.integers(0, 30)
buyers = st.sampled_from(["buyer"] * 3 + ["seller", "stranger"])
sellers = st.sampled_from(["seller"] * 3 + ["buyer", "stranger"])


@contextmanager
def undone() -> Iterator[None]:
    """Whatever happens inside is rolled back, and durable transactions think that they are real."""
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]
    with block:
        yield
        transaction.set_rollback(True)


class Walking(Invariants):
    """The desk with three traders, each at once buyer, seller, stranger and owner of ads."""

    def __init__(self, staff: dict[str, User], seen: Counter[str]) -> None:
        super().__init__()
        self.seen = seen
        self.rolled_back = undone()
        self.rolled_back.__enter__()
        self.desk = Desk(now=NOON)
        self.court = Court(self.desk, staff)
        self.reviewer = staff["sam"]
        for name in CAST:
            self.desk.merchant(name)
            self.desk.account(name)
            self.desk.funds(name, "3000")
        self.begin()

    def begin(self) -> None:
        """What there is before the first step."""

    def teardown(self) -> None:
        try:
            found = [found for check in selfcheck_desk.CHECKS for found in selfcheck.run(check)]
            assert found == []
        finally:
            self.rolled_back.__exit__(None, None, None)

    def does(
        self, what: str, deed: Callable[[], Any], *, verdict: str | None = None, may: bool = True
    ) -> Any:
        """Do a deed under a verdict; what it gives, or None when it was refused, as it has to be
        when nobody `may` do it."""
        before = self.state()
        try:
            done = self.desk.judged(verdict, deed) if verdict else self.desk.calm(deed)
        except Refused as refused:
            code = refused.code
        else:
            self.seen[f"{what}: done"] += 1
            assert may, f"{what} by somebody who may not, or where it can't be"
            return done
        self.seen[f"{what}: {code}"] += 1
        if code != "BLOCKED":
            assert self.state() == before, f"{what} was refused and changed something"
        return None

    def state(self) -> tuple[Any, ...]:
        return (
            list(Order.objects.order_by("id").values_list("id", "status", "paid_reverted")),
            list(Ad.objects.order_by("id").values_list("id", "status", "remaining", "quantity")),
            list(Appeal.objects.order_by("id").values_list("id", "state", "outcome", "agent")),
            Entry.objects.count(),
            OrderStep.objects.count(),
        )

    def ad(self, number: int) -> Ad | None:
        return self.pick(Ad.objects.select_related("owner").order_by("id"), number)

    def order(self, number: int, *, status: str) -> Order | None:
        """One of the live orders, often one in this state: walks should get somewhere."""
        rows = Order.objects.select_related("buyer", "seller", "taker", "ad").order_by("id")
        first = rows.filter(status=status) if number % 2 else rows.none()
        return self.pick(first, number // 2) or self.pick(rows.filter(status__in=LIVE), number)

    def waiting(self) -> list[UUID]:
        """The judgements for which an order or ad waits, or of which a payment is suspected."""
        return [
            *Order.objects.filter(status="CREATED").values_list("created_decision", flat=True),
            *Order.objects.filter(status="RELEASING").values_list("release_decision", flat=True),
            *Order.objects.filter(status="PAID").values_list("paid_decision", flat=True),
            *Ad.objects.filter(status="PENDING_REVIEW").values_list("decision", flat=True),
        ]

    def name(self, role: str, thing: Ad | Order) -> str:
        """Who of the cast is buyer, seller or owner of it, or a stranger to it."""
        parts = {part: getattr(thing, f"{part}_id", None) for part in ("buyer", "seller", "owner")}
        for name in CAST:
            id = self.desk.person(name).pk
            if id == parts.get(role) or (role == "stranger" and id not in parts.values()):
                return name
        raise LookupError(role)

    def pick(self, rows: Any, number: int) -> Any:
        found = list(rows)
        return found[number % len(found)] if found else None

    def is_buyer(self, who: str, order: Order) -> bool:
        return order.buyer_id == self.desk.person(who).pk

    def is_seller(self, who: str, order: Order) -> bool:
        return order.seller_id == self.desk.person(who).pk
