"""Two deeds at once on an order that people disagree on: every pair with an appeal in it."""

from typing import Any

import pytest

from apps.flows import appeals
from apps.trades.models import Appeal
from apps.users.models import User
from tests.appeals import STATEMENT, Court
from tests.desk import Desk
from tests.racing import Pair, Round, race, run
from tests.stories.test_desk_races import awaiting, cancels, expires, paid, pays, releases


def court_of(it: Round) -> Court:
    """The staff of every round; there before anybody races."""
    court = Court(it.desk)
    for name in ("sam", "cora", "dora"):
        there = User.objects.filter(email=f"{name}@example.org").first()
        court.staff[name] = there or court.member(name)
    return court


def appeal_of(it: Round) -> Appeal:
    return Appeal.objects.select_related("order", "order__buyer", "order__seller").get(
        order=it.order
    )


# ── What parties and staff do ─────────────────────────────────────────────────────────────────────


def appeals_by_buyer(it: Round) -> Any:
    return _opened(it, it.buyer, "BANK_PROBLEM")


def appeals_by_seller(it: Round) -> Any:
    return _opened(it, "alice", "NO_REPLY")


def _opened(it: Round, by: str, reason: str) -> Any:
    return appeals.open_appeal(
        actor=it.desk.person(by),
        order=it.order,
        reason=reason,
        statement=STATEMENT,
        request_facts=it.desk.facts(by),
        at=it.desk.now,
    )


def reports(it: Round) -> Any:
    """The seller says that somebody else has paid."""
    return appeals.report_payment(
        actor=it.order.seller,
        order=it.order,
        what="THIRD_PARTY",
        request_facts=it.desk.facts("alice"),
        at=it.desk.now,
    )


def escalates(it: Round) -> Any:
    return appeals.escalate(order=it.order, at=it.desk.now)


def gives_in(it: Round) -> Any:
    return appeals.withdraw(actor=it.order.buyer, appeal=appeal_of(it), at=it.desk.now)


def takes(it: Round) -> Any:
    return court_of(it).takes(appeal_of(it), "sam")


def another_takes(it: Round) -> Any:
    return court_of(it).takes(appeal_of(it), "dora")


def decides_release(it: Round) -> Any:
    return court_of(it).decides(appeal_of(it), "RELEASE", fault="NOBODY")


def decides_refund(it: Round) -> Any:
    return court_of(it).decides(
        appeal_of(it), "REFUND", reason="CLAIMED_PAID_NOT_RECEIVED", fault="NOBODY"
    )


def agrees(it: Round) -> Any:
    return court_of(it).agrees(appeal_of(it), "cora")


def another_agrees(it: Round) -> Any:
    return court_of(it).agrees(appeal_of(it), "dora")


def sends_back(it: Round) -> Any:
    return appeals.send_back(
        by=court_of(it).staff["dora"],
        appeal=appeal_of(it),
        note="Look at it again.",
        at=it.desk.now,
    )


# ── Where a race begins ───────────────────────────────────────────────────────────────────────────


def paid_a_day_ago(it: Round) -> None:
    paid(it)
    it.desk.pass_time(hours=25)


def appealed(it: Round) -> None:
    paid_a_day_ago(it)
    appeals_by_buyer(it)
    court_of(it)


def in_review(it: Round) -> None:
    """Both have spoken, and somebody of the staff has taken it."""
    appealed(it)
    for name in ("alice", it.buyer):
        court_of(it).tells(appeal_of(it), name)
    takes(it)


def proposed(it: Round) -> None:
    """It is to be divided, if a second person agrees."""
    in_review(it)
    half = it.order.escrow / 2
    court_of(it).decides(
        appeal_of(it), "SPLIT", fault="NOBODY", buyer_amount=half, seller_amount=half
    )


OK, NO = "OK", "ORDER_STATE"
OPEN, DONE, OVER, PAST = "APPEALED", "COMPLETED", "CANCELLED", "APPEAL_REASON"
BACK, MOVED, NONE = "CANCELLED REVERTED", "APPEAL_STATE", "NOTHING_PENDING"
PAIRS = [
    race(awaiting, pays, appeals_by_buyer, (OK, "APPEAL_TOO_EARLY", "PAID"), (NO, OK, OPEN)),
    race(awaiting, cancels, appeals_by_buyer, (OK, PAST, OVER), (NO, OK, OPEN)),
    race(awaiting, expires, appeals_by_buyer, (True, PAST, "EXPIRED"), (False, OK, OPEN)),
    race(awaiting, pays, reports, (OK, OK, OPEN), (NO, OK, OPEN)),
    race(paid_a_day_ago, releases, appeals_by_buyer, (OK, PAST, DONE), (OK, OK, DONE)),
    race(paid_a_day_ago, releases, appeals_by_seller, (OK, PAST, DONE), (OK, OK, DONE)),
    race(paid_a_day_ago, releases, reports, (OK, OK, DONE)),
    race(paid_a_day_ago, cancels, appeals_by_seller, (OK, PAST, BACK), (NO, OK, OPEN)),
    race(paid_a_day_ago, cancels, reports, (OK, OK, BACK), (NO, OK, OPEN)),
    race(
        paid_a_day_ago,
        appeals_by_buyer,
        appeals_by_seller,
        (OK, "APPEAL_OPEN", OPEN),
        ("APPEAL_OPEN", OK, OPEN),
    ),
    race(paid_a_day_ago, escalates, releases, (False, OK, DONE), (True, OK, DONE)),
    race(paid_a_day_ago, escalates, cancels, (False, OK, BACK), (True, NO, OPEN)),
    race(
        paid_a_day_ago,
        escalates,
        appeals_by_seller,
        (False, OK, OPEN),
        (True, "APPEAL_OPEN", OPEN),
    ),
    race(paid_a_day_ago, escalates, escalates, (True, False, OPEN), (False, True, OPEN)),
    race(appealed, releases, gives_in, (OK, MOVED, DONE), (NO, OK, BACK)),
    race(appealed, releases, releases, (OK, NO, DONE), (NO, OK, DONE)),
    race(appealed, gives_in, gives_in, (OK, MOVED, BACK), (MOVED, OK, BACK)),
    race(appealed, gives_in, cancels, (OK, NO, BACK)),
    race(appealed, takes, another_takes, (OK, OK, OPEN)),
    race(appealed, takes, gives_in, (OK, OK, BACK), (MOVED, OK, BACK)),
    race(in_review, decides_release, releases, (OK, NO, DONE), (MOVED, OK, DONE)),
    race(in_review, decides_refund, releases, (OK, NO, OVER), (MOVED, OK, DONE)),
    race(in_review, decides_refund, gives_in, (OK, MOVED, OVER), (MOVED, OK, BACK)),
    race(in_review, decides_release, gives_in, (OK, MOVED, DONE), (MOVED, OK, BACK)),
    race(in_review, decides_release, decides_refund, (OK, MOVED, DONE), (MOVED, OK, OVER)),
    race(in_review, decides_refund, decides_refund, (OK, MOVED, OVER), (MOVED, OK, OVER)),
    race(proposed, agrees, another_agrees, (OK, NONE, DONE), (NONE, OK, DONE)),
    race(proposed, agrees, sends_back, (OK, NONE, DONE), (NONE, OK, OPEN)),
    race(proposed, agrees, releases, (OK, NO, DONE), (NONE, OK, DONE)),
    race(proposed, agrees, gives_in, (OK, MOVED, DONE), (NONE, OK, BACK)),
]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_two_at_once_end_as_if_one_came_first(committed_p2p: Desk, pair: Pair) -> None:
    seen = committed_p2p.judged("ALLOW", lambda: run(committed_p2p, pair))
    assert seen - pair.rarely == pair.ends
