"""What parties and staff do about appeals on a walk over the desk."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from apps.flows import appeals
from apps.trades.models import Appeal, Order
from tests.appeals import STATEMENT
from tests.walking import Walking, buyers, numbers

OVER = ("CLOSED", "WITHDRAWN")
HEARING = ("OPEN", "NEGOTIATING", "EVIDENCE", "IN_REVIEW")
anybody = st.sampled_from(["buyer", "seller", "stranger"])


class Disputes(Walking):
    """Walks on which people disagree."""

    @rule(role=anybody, number=numbers, reason=st.sampled_from(["OTHER", "NO_REPLY"]))
    def appeal(self, role: str, number: int, reason: str) -> None:
        rows = Order.objects.select_related("buyer", "seller").order_by("id")
        if order := self.order(number, status="PAID") or self.pick(rows, number):
            who = self.name(role, order)
            there = Appeal.objects.filter(order=order).exclude(state__in=OVER).exists()
            self.does(
                "appeal",
                lambda: appeals.open_appeal(
                    actor=self.desk.person(who),
                    order=order,
                    reason=reason,
                    statement=STATEMENT,
                    request_facts=self.desk.facts(who),
                    at=self.desk.now,
                ),
                may=role != "stranger"
                and not there
                and order.status not in ("CREATED", "RELEASING", "APPEALED", "REJECTED"),
            )

    @precondition(lambda self: self.open_appeals().exists())
    @rule(role=buyers, number=numbers)
    def give_in(self, role: str, number: int) -> None:
        appeal = self.pick(self.open_appeals(), number)
        who = self.name(role, appeal.order)
        live = appeal.kind == "LIVE"
        self.does(
            "give in",
            lambda: appeals.withdraw(actor=self.desk.person(who), appeal=appeal, at=self.desk.now),
            may=appeal.state in HEARING
            and (
                role == "buyer" and appeal.order.status == "APPEALED"
                if live
                else appeal.opener_id == self.desk.person(who).pk
            ),
        )

    @precondition(lambda self: self.open_appeals().exists())
    @rule(number=numbers, by=st.sampled_from(["sam", "cora"]))
    def take(self, number: int, by: str) -> None:
        appeal = self.pick(self.open_appeals(), number)
        for name in ("buyer", "seller"):
            who = self.name(name, appeal.order)
            self.does("show", lambda who=who: self.court.tells(appeal, who))
        self.does("take", lambda: self.court.takes(appeal, by))

    @precondition(lambda self: self.open_appeals().exists())
    @rule(
        number=numbers,
        by=st.sampled_from(["sam", "cora"]),
        outcome=st.sampled_from(["RELEASE", "REFUND", "SPLIT", "NO_ACTION"]),
    )
    def decide(self, number: int, by: str, outcome: str) -> None:
        appeal = self.pick(self.open_appeals(), number)
        more: dict[str, Any] = {}
        if outcome == "SPLIT":
            third = appeal.order.asset.round_down(appeal.order.escrow / 3)
            more = {"buyer_amount": third, "seller_amount": third}
        self.does(
            "decide",
            lambda: self.court.decides(appeal, outcome, by, fault="NOBODY", **more),
            may=appeal.agent_id == self.court.staff[by].pk,
        )

    @precondition(lambda self: self.open_appeals().exists())
    @rule(number=numbers, by=st.sampled_from(["sam", "cora"]))
    def agree(self, number: int, by: str) -> None:
        appeal = self.pick(self.open_appeals(), number)
        self.does(
            "agree",
            lambda: self.court.agrees(appeal, by),
            may=appeal.rulings.filter(stage="PENDING").exclude(by=self.court.staff[by]).exists(),
        )

    def open_appeals(self) -> Any:
        """Appeals that are not over."""
        rows = Appeal.objects.exclude(state__in=OVER).order_by("id")
        return rows.select_related("order__buyer", "order__seller", "order__asset")
