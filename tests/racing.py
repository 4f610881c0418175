"""Races: two deeds at once over two connections, and one after the other both ways round.

RACES says how often each pair is raced at once.
"""

import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from apps.core.errors import Refused
from apps.flows import ads, selfcheck, selfcheck_desk
from apps.ledger.models import Asset, Entry
from apps.trades.models import LIVE, Ad, Order, OrderStep
from tests.books import books
from tests.desk import Desk
from tests.market import at_once

AT_ONCE = int(os.environ.get("RACES", "3"))
CHECKS = (
    selfcheck.entries_balanced,
    selfcheck.balances_recount,
    selfcheck.settled_once,
    *selfcheck_desk.CHECKS,
)
End = tuple[Any, Any, str]


@dataclass
class Round:
    """One race: alice's ad, and an order of hers with somebody whom no race before this has met."""

    desk: Desk
    number: int
    orders: list[Order] = field(default_factory=list)
    ad: Ad | None = None
    other_ad: Ad | None = None

    @property
    def buyer(self) -> str:
        return f"bob{self.number}"

    @property
    def order(self) -> Order:
        return self.orders[0]

    def offers(self, **words: Any) -> Ad:
        """Alice puts up an ad of this round's own."""
        self.ad = self.desk.ad("alice", **words)
        return self.ad


Deed = Callable[[Round], Any]


@dataclass(frozen=True)
class Pair:
    """Two deeds; what each answers and where the order is then, in every order they may come.

    `rarely`: ends that only an interleaving brings about.
    """

    begin: Callable[[Round], None]
    one: Deed
    two: Deed
    ends: frozenset[End]
    rarely: frozenset[End] = frozenset()

    @property
    def name(self) -> str:
        return " × ".join(part.__name__ for part in (self.one, self.two)) + (
            f", {self.begin.__name__}".replace("_", " ")
        )


def race(begin: Callable[[Round], None], one: Deed, two: Deed, *ends: End, **more: Any) -> Pair:
    """A pair that is to end in one of these ways."""
    return Pair(begin, one, two, frozenset(ends), **more)


def run(desk: Desk, pair: Pair) -> set[End]:
    """Race a pair: one before two, two before one, then at once; the ways it ended."""
    chance, seen = random.Random(5), set[End]()
    desk.merchant("alice")
    for number in range(2 + AT_ONCE):
        it = Round(desk, number)
        desk.funds("alice", "1000")
        pair.begin(it)
        for name in (it.buyer, f"{it.buyer}s-rival"):
            desk.account(name)
        before = books(Asset.objects.get(pk="USDT-TRC20"))["HOT_WALLET"]
        if number < 2:
            answers = _in_turn(pair, it, second_first=number == 1)
        else:
            # Sometimes at once, sometimes one a little before the other.
            ahead = chance.choice([0, 0.002, 0.005, 0.02]) * chance.choice([-1, 1])
            answers = at_once(
                lambda ahead=ahead, it=it: _after(max(0, ahead), pair.one, it),
                lambda ahead=ahead, it=it: _after(max(0, -ahead), pair.two, it),
            )
        first, second = (_said(answer) for answer in answers)
        seen.add((first, second, _place(it)))
        conserved(before)
        _tidy(desk)
        desk.pass_time(hours=30)
    return seen


def _in_turn(pair: Pair, it: Round, *, second_first: bool) -> list[Any]:
    deeds = [pair.one, pair.two]
    answers: list[Any] = [None, None]
    for place in (1, 0) if second_first else (0, 1):
        try:
            answers[place] = deeds[place](replace(it, orders=it.orders))
        except Exception as fault:
            answers[place] = fault
    return answers


def _after(delay: float, deed: Deed, it: Round) -> Any:
    time.sleep(delay)
    return deed(replace(it, orders=it.orders))


def _said(answer: Any) -> Any:
    if isinstance(answer, Refused):
        assert answer.detail
        return answer.code
    if isinstance(answer, Exception):
        raise answer
    return answer if isinstance(answer, bool) else "OK"


def _place(it: Round) -> str:
    if not it.orders:
        return "none"
    order = Order.objects.get(pk=it.orders[0].pk)
    also = [" REVERTED"] if order.paid_reverted else []
    also += [" MUTUAL"] if order.cancel_reason == "MUTUAL" else []
    return order.status + "".join(also)


def conserved(deposited: Decimal) -> None:
    """No coin came or went, each ended order was settled once, and its steps are a chain."""
    there = books(Asset.objects.get(pk="USDT-TRC20"))
    assert sum(there.values()) == 0
    assert there["HOT_WALLET"] == deposited
    assert [found for check in CHECKS for found in selfcheck.run(check)] == []
    for order in Order.objects.exclude(status="REJECTED"):
        ends = Entry.objects.filter(ref=order.pk, is_terminal=True).count()
        assert ends == (order.status not in LIVE), order.status
        steps = list(OrderStep.objects.filter(order=order).order_by("id"))
        assert [step.before for step in steps] == ["", *[step.after for step in steps[:-1]]]
        assert steps[-1].after == order.status


def _tidy(desk: Desk) -> None:
    """Ads that a race left open are closed, so that the next begins alone."""
    for ad in Ad.objects.exclude(status="CLOSED").select_related("owner"):
        ads.close(actor=ad.owner, ad=ad, at=desk.now)
