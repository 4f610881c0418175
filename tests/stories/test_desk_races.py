"""Two deeds at once on one order or ad, over two connections: every pair that can race.

Each pair says how it may end: what the one deed answers, what the other, and where the order is
then. It is run both ways round and then at once, and never ends in another way; after each race the
books are those of before, each order was settled once, and its steps are a chain.
"""

from decimal import Decimal
from typing import Any

import pytest

from apps.flows import ads, trading, waiting
from apps.restrictions import services as restrictions
from tests.desk import Desk, facts
from tests.racing import Pair, Round, race, run

# ── What people, staff and the clock do ───────────────────────────────────────────────────────────


def pays(it: Round) -> Any:
    return it.desk.pays(it.order)


def cancels(it: Round) -> Any:
    return trading.cancel(
        actor=it.order.buyer,
        order=it.order,
        request_facts=facts(it.order.buyer),
        at=it.desk.now,
        unpaid=True,
    )


def wishes(it: Round) -> Any:
    return trading.wish_cancel(actor=it.order.seller, order=it.order, at=it.desk.now)


def releases(it: Round) -> Any:
    return it.desk.releases(it.order)


def expires(it: Round) -> Any:
    return trading.expire(order=it.order, at=it.order.pay_until)


def resumes(it: Round) -> Any:
    return waiting.resume(order=it.order, at=it.desk.now)


def proves(it: Round) -> Any:
    who = it.order.seller if it.order.status == "RELEASING" else it.order.taker
    return bool(waiting.prove(user=who, at=it.desk.now))


def opens(it: Round) -> Any:
    assert it.ad is not None
    it.orders.append(it.desk.opens(it.buyer, it.ad).order)


def another_opens(it: Round) -> Any:
    assert it.ad is not None
    it.orders.append(it.desk.opens(f"{it.buyer}s-rival", it.ad).order)


def sells(it: Round) -> Any:
    """Somebody takes carol's offer to buy."""
    assert it.ad is not None
    it.orders.append(it.desk.opens(it.buyer, it.ad).order)


def sells_elsewhere(it: Round) -> Any:
    """The same person takes dave's offer to buy."""
    assert it.other_ad is not None
    it.orders.append(it.desk.opens(it.buyer, it.other_ad).order)


def publishes(it: Round) -> Any:
    """The same person offers all that they have."""
    who = it.desk.person(it.buyer)
    ads.publish(
        actor=who,
        side="SELL",
        asset="USDT-TRC20",
        fiat="EUR",
        offer=it.desk.offer(it.buyer, quantity=Decimal(120)),
        request_facts=facts(who),
        at=it.desk.now,
    )


def edits(it: Round) -> Any:
    """From now on there is less than anybody would take."""
    assert it.ad is not None
    less = it.desk.offer("alice", quantity=Decimal(50))
    ads.edit(
        actor=it.ad.owner, ad=it.ad, offer=less, request_facts=facts(it.ad.owner), at=it.desk.now
    )


def pauses(it: Round) -> Any:
    assert it.ad is not None
    ads.pause(actor=it.ad.owner, ad=it.ad, at=it.desk.now)


def closes(it: Round) -> Any:
    assert it.ad is not None
    ads.close(actor=it.ad.owner, ad=it.ad, at=it.desk.now)


# ── Where a race begins ───────────────────────────────────────────────────────────────────────────


def awaiting(it: Round) -> None:
    it.orders = [it.desk.order(buyer=it.buyer, ad=it.offers())]


def paid(it: Round) -> None:
    it.orders = [it.desk.order(buyer=it.buyer, ad=it.offers(), step="PAID")]


def checked(it: Round) -> None:
    """The taker is asked for a proof; the order waits, CREATED."""
    ad = it.offers()
    it.orders = [it.desk.judged("STEP_UP", lambda: it.desk.opens(it.buyer, ad)).order]


def checked_late(it: Round) -> None:
    """The same, and the time for the proof is over."""
    checked(it)
    it.desk.pass_time(minutes=6)


def proven(it: Round) -> None:
    """The proof was given, and the order has not gone on yet."""
    checked(it)
    _lift(it)


def releasing(it: Round) -> None:
    """The seller is asked for a proof; the order waits, RELEASING."""
    paid(it)
    it.orders = [it.desk.judged("STEP_UP", lambda: it.desk.releases(it.order)).order]


def releasing_late(it: Round) -> None:
    """The same, and the time for the proof is over."""
    releasing(it)
    it.desk.pass_time(minutes=11)


def cleared(it: Round) -> None:
    """The proof was given, and the release has not gone on yet."""
    releasing(it)
    _lift(it)


def _lift(it: Round) -> None:
    who = it.order.seller if it.order.status == "RELEASING" else it.order.taker
    restrictions.satisfy_step_up(user=who.entity_id, also=[it.order.entity], at=it.desk.now)


def for_one(it: Round) -> None:
    """The ad has enough for one taker."""
    it.offers(quantity=Decimal(150))


def with_enough_for_one(it: Round) -> None:
    """Somebody has enough for one sale, and there are two who buy."""
    it.desk.merchant(it.buyer)
    it.desk.funds(it.buyer, "120")
    it.ad = it.desk.ad("carol", side="BUY")
    it.other_ad = it.desk.ad("dave", side="BUY")


def for_many(it: Round) -> None:
    it.offers()


def reclaimable(it: Round) -> None:
    """An order expired a moment ago; its buyer had paid after all."""
    awaiting(it)
    it.desk.now = it.order.pay_until
    trading.expire(order=it.order, at=it.desk.now)


def reclaims(it: Round) -> Any:
    assert it.ad is not None
    old = it.orders[0]
    return it.desk.opens(it.buyer, it.ad, reclaims=old.pk)


# ── The pairs: two deeds, and each way in which they may end ──────────────────────────────────────

OK, NO = "OK", "ORDER_STATE"
SHORT = "INSUFFICIENT_FUNDS"
GONE, SOLD, LATE = "AD_NOT_AVAILABLE", "AD_SOLD_OUT", "RECLAIM_TOO_LATE"
UNPAID, PAYABLE, DONE, OVER = "NOT_PAID", "AWAITING_PAYMENT", "COMPLETED", "CANCELLED"
PAIRS = [
    race(awaiting, cancels, pays, (OK, NO, OVER), (OK, OK, "CANCELLED REVERTED")),
    race(awaiting, expires, pays, (True, NO, "EXPIRED"), (False, OK, "PAID")),
    race(awaiting, expires, cancels, (True, NO, "EXPIRED"), (False, OK, OVER)),
    race(awaiting, expires, expires, (True, False, "EXPIRED"), (False, True, "EXPIRED")),
    race(awaiting, cancels, cancels, (OK, NO, OVER), (NO, OK, OVER)),
    race(awaiting, pays, pays, (OK, NO, "PAID"), (NO, OK, "PAID")),
    race(awaiting, wishes, cancels, (OK, OK, "CANCELLED MUTUAL"), (NO, OK, OVER)),
    race(awaiting, wishes, pays, (OK, OK, "PAID")),
    race(awaiting, wishes, expires, (OK, True, "EXPIRED"), (NO, True, "EXPIRED")),
    race(awaiting, releases, pays, (UNPAID, OK, "PAID"), (OK, OK, DONE)),
    race(awaiting, releases, expires, (NO, True, "EXPIRED"), (UNPAID, True, "EXPIRED")),
    race(awaiting, releases, cancels, (NO, OK, OVER), (UNPAID, OK, OVER)),
    race(paid, releases, releases, (OK, NO, DONE), (NO, OK, DONE)),
    race(paid, releases, cancels, (OK, NO, DONE), (NO, OK, "CANCELLED REVERTED")),
    race(paid, releases, wishes, (OK, OK, DONE), (OK, NO, DONE)),
    race(paid, releases, expires, (OK, False, DONE)),
    race(paid, cancels, cancels, (OK, NO, "CANCELLED REVERTED"), (NO, OK, "CANCELLED REVERTED")),
    race(
        paid,
        cancels,
        wishes,
        (OK, NO, "CANCELLED REVERTED"),
        (OK, OK, "CANCELLED REVERTED MUTUAL"),
    ),
    race(checked, proves, cancels, (True, OK, OVER), (False, OK, OVER)),
    race(
        checked_late,
        proves,
        resumes,
        (True, False, PAYABLE),
        (False, True, OVER),
        rarely={(False, True, PAYABLE)},
    ),
    race(checked_late, resumes, cancels, (True, NO, OVER), (False, OK, OVER)),
    race(proven, resumes, resumes, (True, False, PAYABLE), (False, True, PAYABLE)),
    race(proven, resumes, cancels, (True, OK, OVER), (False, OK, OVER)),
    race(proven, resumes, pays, (True, OK, "PAID"), (True, NO, PAYABLE)),
    race(cleared, resumes, resumes, (True, False, DONE), (False, True, DONE)),
    race(cleared, resumes, cancels, (True, NO, DONE)),
    race(cleared, resumes, releases, (True, NO, DONE)),
    race(cleared, resumes, pays, (True, NO, DONE)),
    race(
        releasing_late,
        proves,
        resumes,
        (True, False, DONE),
        (False, True, "PAID"),
        rarely={(False, True, DONE)},
    ),
    race(releasing_late, resumes, cancels, (True, OK, "CANCELLED REVERTED"), (True, NO, "PAID")),
    race(releasing_late, resumes, releases, (True, NO, "PAID"), (True, OK, DONE)),
    race(for_one, opens, another_opens, (OK, SOLD, PAYABLE), (SOLD, OK, PAYABLE)),
    race(with_enough_for_one, sells, sells_elsewhere, (OK, SHORT, PAYABLE), (SHORT, OK, PAYABLE)),
    race(with_enough_for_one, sells, publishes, (OK, SHORT, PAYABLE), (SHORT, OK, "none")),
    race(with_enough_for_one, publishes, publishes, (OK, SHORT, "none"), (SHORT, OK, "none")),
    race(for_many, closes, opens, (OK, OK, PAYABLE), (OK, GONE, "none")),
    race(for_many, pauses, opens, (OK, OK, PAYABLE), (OK, GONE, "none")),
    race(for_many, edits, opens, (OK, OK, PAYABLE), (OK, SOLD, "none")),
    race(for_many, edits, closes, (OK, OK, "none"), ("AD_STATE", OK, "none")),
    race(for_many, closes, closes, (OK, OK, "none")),
    race(awaiting, edits, cancels, (OK, OK, OVER)),
    race(awaiting, closes, cancels, (OK, OK, OVER)),
    race(awaiting, closes, expires, (OK, True, "EXPIRED")),
    race(paid, closes, releases, (OK, OK, DONE)),
    race(reclaimable, reclaims, reclaims, (OK, LATE, "EXPIRED"), (LATE, OK, "EXPIRED")),
]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_two_at_once_end_as_if_one_came_first(committed_p2p: Desk, pair: Pair) -> None:
    seen = committed_p2p.judged("ALLOW", lambda: run(committed_p2p, pair))
    assert seen <= pair.ends | pair.rarely
