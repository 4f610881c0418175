"""Any walk through the public flows: right and wrong people, any verdict, any hour.

After every deed, done or refused, the invariants of the desk hold; a refused one changed nothing.
WALKS=500 walks longer than CI has time for.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch
from uuid import UUID

from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

from apps.core import partitions
from apps.core.errors import Refused
from apps.flows import ads, desk_sweeps, releasing, review, selfcheck, selfcheck_desk, trading
from apps.flows import waiting as waiting_flow
from apps.flows.order_terms import Wish
from apps.ledger.models import Entry
from apps.risk.models import Decision
from apps.trades.models import LIVE, Ad, Order, OrderStep
from apps.users.models import User
from apps.users.roles import Role
from tests.desk import LOOKED, Desk, facts
from tests.invariants import Invariants
from tests.people import NOON
from tests.staff import colleague

WALKS, STEPS = int(os.environ.get("WALKS", "8")), 50
#: A walk that fails is told as it was walked: making it shorter takes longer than CI has.
PHASES = tuple(phase for phase in Phase if phase is not Phase.shrink or WALKS >= 100)
DEEDS = (
    "publish", "edit", "pause", "resume", "close", "open", "reclaim", "pay", "cancel", "wish",
    "release", "prove", "review",
)  # fmt: skip
CAST = ("alice", "bob", "mallory")

people = st.sampled_from(CAST)
#: None: what the engine itself says.
verdicts = st.sampled_from(["ALLOW"] * 6 + [None, "STEP_UP", "REVIEW", "BLOCK"])
buyers = st.sampled_from(["buyer"] * 3 + ["seller", "stranger"])
sellers = st.sampled_from(["seller"] * 3 + ["buyer", "stranger"])
owners = st.sampled_from(["owner"] * 3 + ["stranger"])
amounts = st.sampled_from(["10", "93", "150.55", "400", "899.99", "900"])
numbers = st.integers(0, 30)


@contextmanager
def undone() -> Iterator[None]:
    """Whatever happens inside is rolled back, and durable transactions think that they are real."""
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]
    with block:
        yield
        transaction.set_rollback(True)


class Walk(Invariants):
    """The desk with three traders, each at once buyer, seller, stranger and owner of ads."""

    def __init__(self, reviewer: User, seen: Counter[str]) -> None:
        super().__init__()
        self.seen = seen
        self.rolled_back = undone()
        self.rolled_back.__enter__()
        self.reviewer, self.desk = reviewer, Desk(now=NOON)
        for name in CAST:
            self.desk.merchant(name)
            self.desk.account(name)
            self.desk.funds(name, "3000")
        self.publish("alice", "SELL", "1000", "ALLOW")
        self.publish("bob", "BUY", "500", "ALLOW")
        self.open("bob", 0, "93", "ALLOW")
        self.open("mallory", 0, "93", "ALLOW")
        self.pay("buyer", 1, "ALLOW")

    def teardown(self) -> None:
        try:
            found = [found for check in selfcheck_desk.CHECKS for found in selfcheck.run(check)]
            assert found == []
        finally:
            self.rolled_back.__exit__(None, None, None)

    # ── Deeds ─────────────────────────────────────────────────────────────────────────────────────

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

    @rule(
        who=people,
        side=st.sampled_from(["SELL", "SELL", "BUY"]),
        quantity=st.sampled_from(["50", "500", "1000", "2900.123456"]),
        verdict=verdicts,
    )
    def publish(self, who: str, side: str, quantity: str, verdict: str | None) -> None:
        self.does(
            "publish",
            lambda: ads.publish(
                actor=self.desk.person(who),
                side=side,
                asset="USDT-TRC20",
                fiat="EUR",
                offer=self.desk.offer(who, side=side, quantity=Decimal(quantity)),
                request_facts=facts(self.desk.person(who)),
                at=self.desk.now,
            ),
            verdict=verdict,
        )

    @rule(
        role=owners,
        number=numbers,
        quantity=st.sampled_from(["20", "500", "2500"]),
        verdict=verdicts,
    )
    def edit(self, role: str, number: int, quantity: str, verdict: str | None) -> None:
        if ad := self.ad(number):
            who = self.name(role, ad)
            self.does(
                "edit",
                lambda: ads.edit(
                    actor=self.desk.person(who),
                    ad=ad,
                    offer=self.desk.offer(who, side=ad.side, quantity=Decimal(quantity)),
                    request_facts=facts(self.desk.person(who)),
                    at=self.desk.now,
                ),
                verdict=verdict,
                may=ad.owner_id == self.desk.person(who).pk
                and ad.status not in ("CLOSED", "SUSPENDED"),
            )

    @rule(role=owners, number=numbers, deed=st.sampled_from(["pause", "resume", "close"]))
    def take_down_or_put_back(self, role: str, number: int, deed: str) -> None:
        if ad := self.ad(number):
            who = self.name(role, ad)
            more = {"request_facts": facts(self.desk.person(who))} if deed == "resume" else {}
            kept_off = ad.status in ("PENDING_REVIEW", "SUSPENDED", "CLOSED")
            self.does(
                deed,
                lambda: getattr(ads, deed)(
                    actor=self.desk.person(who), ad=ad, at=self.desk.now, **more
                ),
                may=ad.owner_id == self.desk.person(who).pk and (deed == "close" or not kept_off),
            )

    @rule(who=people, number=numbers, fiat=amounts, verdict=verdicts)
    def open(self, who: str, number: int, fiat: str, verdict: str | None) -> None:
        if ad := self.ad(number):
            self.does(
                "open",
                lambda: self.desk.opens(who, ad, fiat=fiat),
                verdict=verdict,
                may=ad.status == "ONLINE" and ad.owner_id != self.desk.person(who).pk,
            )

    @precondition(lambda self: Order.objects.filter(status="EXPIRED").exists())
    @rule(role=buyers, number=numbers)
    def reclaim(self, role: str, number: int) -> None:
        expired = Order.objects.filter(status="EXPIRED").select_related("ad").order_by("-id")
        if order := self.pick(expired, number):
            who = self.name(role, order)
            wish = Wish(
                rail=order.rail_id,
                fiat_amount=order.fiat_amount,
                account=self.desk.account(who).pk,
                reclaims=order.pk,
            )
            self.does(
                "reclaim",
                lambda: trading.open_order(
                    actor=self.desk.person(who),
                    ad=order.ad_id,
                    wish=wish,
                    request_facts=facts(self.desk.person(who)),
                    at=self.desk.now,
                ),
                may=order.buyer_id == self.desk.person(who).pk
                and not Order.objects.filter(reclaims=order).exists()
                and self.desk.now <= order.ended_at + timedelta(minutes=15),
            )

    @precondition(lambda self: Order.objects.filter(status__in=LIVE).exists())
    @rule(role=buyers, number=numbers, verdict=verdicts)
    def pay(self, role: str, number: int, verdict: str | None) -> None:
        if order := self.order(number, status="AWAITING_PAYMENT"):
            who = self.name(role, order)
            self.does(
                "pay",
                lambda: trading.mark_paid(
                    actor=self.desk.person(who),
                    order=order,
                    payer=self.desk.account(who).pk,
                    request_facts=facts(self.desk.person(who)),
                    at=self.desk.now,
                ),
                verdict=verdict,
                may=self.is_buyer(who, order) and order.status == "AWAITING_PAYMENT",
            )

    @precondition(lambda self: Order.objects.filter(status__in=LIVE).exists())
    @rule(role=buyers, number=numbers, unpaid=st.booleans())
    def cancel(self, role: str, number: int, unpaid: bool) -> None:
        if order := self.order(number, status="PAID"):
            who = self.name(role, order)
            self.does(
                "cancel",
                lambda: trading.cancel(
                    actor=self.desk.person(who),
                    order=order,
                    request_facts=facts(self.desk.person(who)),
                    at=self.desk.now,
                    unpaid=unpaid,
                ),
                may=order.taker_id == self.desk.person(who).pk
                if order.status == "CREATED"
                else unpaid
                and self.is_buyer(who, order)
                and order.status in ("AWAITING_PAYMENT", "PAID"),
            )

    @precondition(lambda self: Order.objects.filter(status__in=LIVE).exists())
    @rule(role=sellers, number=numbers)
    def wish_cancel(self, role: str, number: int) -> None:
        if order := self.order(number, status="AWAITING_PAYMENT"):
            who = self.name(role, order)
            self.does(
                "wish",
                lambda: trading.wish_cancel(
                    actor=self.desk.person(who), order=order, at=self.desk.now
                ),
                may=self.is_seller(who, order) and order.status in ("AWAITING_PAYMENT", "PAID"),
            )

    @precondition(lambda self: Order.objects.filter(status__in=LIVE).exists())
    @rule(
        role=sellers,
        number=numbers,
        confirmed=st.sampled_from([True, True, False]),
        verdict=verdicts,
    )
    def release(self, role: str, number: int, confirmed: bool, verdict: str | None) -> None:
        if order := self.order(number, status="PAID"):
            who = self.name(role, order)
            self.does(
                "release",
                lambda: releasing.release(
                    actor=self.desk.person(who),
                    order=order,
                    looked=LOOKED,
                    confirmed=confirmed,
                    request_facts=facts(self.desk.person(who)),
                    at=self.desk.now,
                ),
                verdict=verdict,
                may=confirmed
                and self.is_seller(who, order)
                and order.status in ("PAID", "APPEALED"),
            )

    @precondition(lambda self: self.waiting())
    @rule(who=people)
    def prove(self, who: str) -> None:
        self.does("prove", lambda: waiting_flow.prove(user=self.desk.person(who), at=self.desk.now))

    @precondition(lambda self: self.waiting())
    @rule(number=numbers, outcome=st.sampled_from(["ALLOW", "BLOCK"]))
    def staff_judge(self, number: int, outcome: str) -> None:
        if decision := self.pick(
            Decision.objects.filter(pk__in=self.waiting()).order_by("id"), number
        ):
            self.does(
                "review",
                lambda: review.decide(
                    by=self.reviewer,
                    at=self.desk.now,
                    decision=decision,
                    outcome=outcome,
                    note="Looked at all of it.",
                ),
            )

    @rule(minutes=st.sampled_from([0, 1, 4, 6, 11, 31, 60, 60 * 26]))
    def clock(self, minutes: int) -> None:
        """Time passes and beat comes round; the same work twice does nothing the second time."""
        self.desk.pass_time(minutes=minutes)
        paid = set(Order.objects.filter(status="PAID").values_list("id", flat=True))
        with patch("apps.flows.desk_sweeps.log.exception", side_effect=AssertionError):
            desk_sweeps.expire_orders(at=self.desk.now)
            desk_sweeps.remind_buyers(at=self.desk.now)
            desk_sweeps.resume_waiting(at=self.desk.now)
            settled = self.state()
            assert desk_sweeps.expire_orders(at=self.desk.now) == 0
            assert desk_sweeps.resume_waiting(at=self.desk.now) == 0
        assert self.state() == settled
        still = set(Order.objects.filter(id__in=paid, status="PAID").values_list("id", flat=True))
        assert still == paid, "the clock moved what was paid"

    def is_buyer(self, who: str, order: Order) -> bool:
        return order.buyer_id == self.desk.person(who).pk

    def is_seller(self, who: str, order: Order) -> bool:
        return order.seller_id == self.desk.person(who).pk


def test_no_walk_breaks_the_desk(p2p: Desk) -> None:
    reviewer, seen = colleague(Role.SENIOR), Counter[str]()
    # What a process remembers of the database is there before the walks, and after each of them.
    for month in range(4):
        partitions.ensure(NOON + timedelta(days=30 * month))
    run_state_machine_as_test(
        lambda: Walk(reviewer, seen),
        settings=settings(
            max_examples=WALKS,
            stateful_step_count=STEPS,
            deadline=None,
            phases=PHASES,
            suppress_health_check=list(HealthCheck),
        ),
    )
    if WALKS >= 100:
        assert {f"{deed}: done" for deed in DEEDS} <= set(seen)
