"""Any walk through the public flows: right and wrong people, any verdict, any hour.

After every deed, done or refused, the invariants of the desk hold; a refused one changed nothing.
WALKS=500 walks longer than CI has time for.
"""

import os
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

from apps.core import partitions
from apps.flows import ads, desk_sweeps, releasing, review, trading
from apps.flows import waiting as waiting_flow
from apps.flows.order_terms import Wish
from apps.risk.models import Decision
from apps.trades.models import LIVE, Order
from apps.users.roles import Role
from tests.desk import LOOKED, Desk, facts
from tests.disputes import Disputes
from tests.people import NOON
from tests.staff import colleague
from tests.walking import CAST, Walking, buyers, numbers, sellers

WALKS, STEPS = int(os.environ.get("WALKS", "8")), 50
#: A walk that fails is told as it was walked: making it shorter takes longer than CI has.
PHASES = tuple(phase for phase in Phase if phase is not Phase.shrink or WALKS >= 100)
DEEDS = (
    "publish", "edit", "pause", "resume", "close", "open", "reclaim", "pay", "cancel", "wish",
    "release", "prove", "review", "appeal", "give in", "take", "decide", "agree",
)  # fmt: skip
SWEEPS = (
    desk_sweeps.expire_orders,
    desk_sweeps.remind_buyers,
    desk_sweeps.resume_waiting,
    desk_sweeps.raise_stopped,
    desk_sweeps.escalate_paid,
    desk_sweeps.advance_appeals,
)
people = st.sampled_from(CAST)
#: None: what the engine itself says.
verdicts = st.sampled_from(["ALLOW"] * 6 + [None, "STEP_UP", "REVIEW", "BLOCK"])
owners = st.sampled_from(["owner"] * 3 + ["stranger"])
amounts = st.sampled_from(["10", "93", "150.55", "400", "899.99", "900"])


class Walk(Disputes, Walking):
    """Three traders with ads and orders between them, and all that they, staff and the clock do."""

    def begin(self) -> None:
        self.publish("alice", "SELL", "1000", "ALLOW")
        self.publish("bob", "BUY", "500", "ALLOW")
        self.open("bob", 0, "93", "ALLOW")
        self.open("mallory", 0, "93", "ALLOW")
        self.pay("buyer", 1, "ALLOW")

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
            for sweep in SWEEPS:
                sweep(at=self.desk.now)
            settled = self.state()
            assert [sweep(at=self.desk.now) for sweep in SWEEPS] == [0] * len(SWEEPS)
        assert self.state() == settled
        moved = Order.objects.filter(id__in=paid).exclude(status__in=["PAID", "APPEALED"])
        assert not moved.exists(), "the clock ended what was paid"


def test_no_walk_breaks_the_desk(p2p: Desk) -> None:
    staff = {name: colleague(Role.SENIOR, name) for name in ("sam", "cora")}
    seen = Counter[str]()
    # What a process remembers of the database is there before the walks, and after each of them.
    for month in range(4):
        partitions.ensure(NOON + timedelta(days=30 * month))
    run_state_machine_as_test(
        lambda: Walk(staff, seen),
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
