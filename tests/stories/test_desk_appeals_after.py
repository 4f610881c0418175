"""Appeals after the end of an order, what can still be recovered, and what races with them."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.core.errors import Refused
from apps.events.models import Event
from apps.flows import appeals, desk_sweeps, selfcheck, selfcheck_desk
from apps.ledger import queries as ledger
from apps.ledger.models import AcquisitionLock, Entry
from apps.restrictions.models import Restriction
from apps.trades.models import Appeal, Order
from apps.users.roles import Role
from tests.appeals import Court
from tests.desk import Desk
from tests.market import at_once
from tests.stories.test_desk_appeals import refused


@pytest.fixture
def court(p2p: Desk) -> Court:
    return Court(p2p)


def broken() -> list[Any]:
    """What selfcheck finds of the money and the orders."""
    checks = (
        selfcheck.entries_balanced,
        selfcheck.balances_recount,
        selfcheck.settled_once,
        *selfcheck_desk.CHECKS,
    )
    return [found for check in checks for found in selfcheck.run(check)]


def got(order: Order) -> Decimal:
    return order.amount - order.buyer_fee


def test_alice_released_and_the_money_never_came(court: Court) -> None:
    order = court.desk.order(step="COMPLETED")
    appeal = court.opens(order, "alice", "RELEASED_NOT_RECEIVED")
    assert (appeal.kind, appeal.state) == ("POST", "EVIDENCE")
    # The order does not open again; what it brought bob is held.
    assert Order.objects.get().status == "COMPLETED"
    assert (court.balance("bob"), court.balance("bob", "frozen")) == (0, got(order))
    court.heard(appeal)
    before = court.balance("alice")
    court.decides(appeal, "REFUND", reason="CLAIMED_PAID_NOT_RECEIVED", fault="BUYER")
    assert court.balance("alice") - before == got(order)
    assert court.balance("bob", "frozen") == 0
    assert Entry.objects.filter(ref=order.pk, is_terminal=True).count() == 1
    assert broken() == []


def test_found_groundless_bob_has_it_all_back(court: Court) -> None:
    order = court.desk.order(step="COMPLETED")
    appeal = court.opens(order, "alice", "RELEASED_NOT_RECEIVED")
    court.heard(appeal)
    court.decides(appeal, "NO_ACTION", reason="OTHER", fault="NOBODY")
    assert (court.balance("bob"), court.balance("bob", "frozen")) == (got(order), 0)


def test_taken_back_bob_has_it_all_back(court: Court) -> None:
    order = court.desk.order(step="COMPLETED")
    appeal = court.opens(order, "alice", "RELEASED_NOT_RECEIVED")
    at = court.desk.now
    refused(
        "NOT_YOURS_TO_DO",
        lambda: appeals.withdraw(actor=court.desk.person("bob"), appeal=appeal, at=at),
    )
    appeals.withdraw(actor=court.desk.person("alice"), appeal=appeal, at=at)
    assert (court.balance("bob"), court.balance("bob", "frozen")) == (got(order), 0)
    assert Order.objects.get().status == "COMPLETED"
    # Once is enough.
    refused("APPEALED_ALREADY", lambda: court.opens(order, "alice", "RELEASED_NOT_RECEIVED"))


def test_only_what_is_there_is_held_and_more_once_it_comes(court: Court) -> None:
    order = court.desk.order(step="COMPLETED")
    # Bob has put most of it on offer himself.
    court.desk.merchant("bob")
    AcquisitionLock.objects.filter(order=order.pk).update(lifted_at=order.ended_at)
    court.desk.ad("bob", quantity=got(order) - 30)
    appeal = court.opens(order, "alice", "CHARGEBACK_OR_RECALL")
    assert court.balance("bob", "frozen") == 30
    court.desk.funds("bob", "500")
    court.heard(appeal)
    court.decides(appeal, "REFUND", reason="CHARGEBACK_OR_RECALL", fault="BUYER")
    # At the decision what has arrived meanwhile is there, too: never more than the order brought.
    assert court.balance("bob", "frozen") == 0
    assert court.balance("bob") == 500 - (got(order) - 30)
    assert broken() == []


def test_paid_but_expired(court: Court) -> None:
    order = court.desk.order()
    court.desk.pass_time(minutes=31)
    assert desk_sweeps.expire_orders(at=court.desk.now) == 1
    available = court.balance("alice")
    order.refresh_from_db()
    appeal = court.opens(order, "bob", "PAID_BUT_CANCELLED")
    assert court.balance("alice", "frozen") == got(order)
    court.heard(appeal)
    court.decides(appeal, "RELEASE", reason="PAID_BUT_CANCELLED")
    assert court.balance("bob") == got(order)
    assert court.balance("alice") == available - got(order)
    assert Order.objects.get().status == "EXPIRED"


def test_what_went_back_on_offer_is_recovered_from_the_ad(court: Court) -> None:
    court.desk.funds("alice", "1000")
    ad = court.desk.ad("alice")
    order = court.desk.order(ad=ad)
    court.desk.pass_time(minutes=31)
    desk_sweeps.expire_orders(at=court.desk.now)
    assert (court.balance("alice"), court.balance("alice", "reserved")) == (0, 1000)
    order.refresh_from_db()
    court.opens(order, "bob", "PAID_BUT_CANCELLED")
    ad.refresh_from_db()
    assert court.balance("alice", "frozen") == got(order)
    assert (ad.remaining, ad.quantity) == (1000 - got(order), 1000 - got(order))
    assert ledger.reserved(court.desk.person("alice"), ad.pk, order.asset) == ad.remaining
    assert broken() == []


def test_five_days_and_for_reports_of_a_bank_no_end(court: Court) -> None:
    order = court.desk.order(step="COMPLETED")
    court.desk.pass_time(days=5, seconds=1)
    refused("APPEAL_TOO_LATE", lambda: court.opens(order, "alice", "RELEASED_NOT_RECEIVED"))
    court.desk.pass_time(days=60)
    appeal = court.opens(order, "alice", "CHARGEBACK_OR_RECALL")
    assert appeal.kind == "POST"
    event = Event.objects.get(kind="chargeback.reported")
    assert event.user_id == court.desk.person("bob").entity_id
    assert Restriction.objects.get(subject=event.user_id).ability == "withdraw"


def test_what_is_no_claim_for_money_holds_none(court: Court) -> None:
    order = court.desk.order(step="COMPLETED")
    court.opens(order, "alice", "ABUSE")
    assert court.balance("bob", "frozen") == 0


def test_who_has_the_crypto_holds_nothing_of_the_other(court: Court) -> None:
    order = court.desk.order(step="COMPLETED")
    before = court.balance("alice")
    court.opens(order, "bob", "BANK_FROZEN")
    assert (court.balance("alice"), court.balance("alice", "frozen")) == (before, 0)


def test_what_was_decided_is_not_appealed_again(court: Court) -> None:
    order = court.paid()
    court.decides(court.heard(court.opens(order)))
    court.desk.pass_time(hours=24)
    desk_sweeps.advance_appeals(at=court.desk.now)
    order.refresh_from_db()
    refused("APPEALED_ALREADY", lambda: court.opens(order, "alice", "RELEASED_NOT_RECEIVED"))
    assert court.opens(order, "alice", "BANK_FROZEN").kind == "POST"


def test_an_order_in_appeal_without_one_is_found(court: Court) -> None:
    order = court.paid()
    court.opens(order)
    assert broken() == []
    Appeal.objects.update(state="CLOSED")
    found = selfcheck.run(selfcheck_desk.appeals_of_orders)
    assert [str(order.pk) in one.what for one in found] == [True]


# --------------------------------------------------------------------------------- races


@pytest.mark.django_db(transaction=True)
def test_release_and_appeal_at_once(committed_p2p: Desk) -> None:
    court = Court(committed_p2p)
    order = court.paid()
    answers = court.desk.calm(
        lambda: at_once(lambda: court.desk.releases(order), lambda: court.opens(order))
    )
    released, appealed = answers
    assert not isinstance(released, Exception), released
    order.refresh_from_db()
    assert order.status == "COMPLETED"
    # Either the release came first, and there is nothing left to appeal against for this reason; or
    # the appeal did, and the release settled it.
    if isinstance(appealed, Exception):
        assert isinstance(appealed, Refused)
        assert appealed.code == "APPEAL_REASON"
        assert not Appeal.objects.exists()
    else:
        assert Appeal.objects.get().state == "CLOSED"
    _conserved(order, court)


@pytest.mark.django_db(transaction=True)
def test_decision_and_withdrawal_at_once(committed_p2p: Desk) -> None:
    court = Court(committed_p2p)
    appeal = court.heard(court.opens(court.paid()))
    bob, at = court.desk.person("bob"), court.desk.now
    answers = at_once(
        lambda: court.decides(appeal),
        lambda: appeals.withdraw(actor=bob, appeal=appeal, at=at),
    )
    failed = [answer for answer in answers if isinstance(answer, Exception)]
    assert len(failed) == 1
    assert isinstance(failed[0], Refused)
    order = Order.objects.get()
    assert order.status in ("COMPLETED", "CANCELLED")
    _conserved(order, court)


@pytest.mark.django_db(transaction=True)
def test_two_agents_and_two_clocks_at_once(committed_p2p: Desk, settings: Any) -> None:
    settings.APPEAL_SECOND_PAIR_USD = "50"
    court = Court(committed_p2p)
    appeal = court.opens(court.paid())
    for name in ("alice", "bob"):
        court.tells(appeal, name)
    for name in ("ana", "eve"):
        court.member(name, Role.ANALYST)
    taken = at_once(lambda: court.takes(appeal, "ana"), lambda: court.takes(appeal, "eve"))
    assert sum(isinstance(one, Refused) for one in taken) == 1
    agent = Appeal.objects.get().agent.display_name.lower()
    court.decides(appeal, by=agent)
    court.member("sam")
    court.member("cora")
    agreed = at_once(lambda: court.agrees(appeal, "sam"), lambda: court.agrees(appeal, "cora"))
    assert sum(isinstance(one, Refused) for one in agreed) == 1

    late = court.desk.now + timedelta(hours=24)
    moved = at_once(*[lambda: desk_sweeps.advance_appeals(at=late)] * 2)
    assert sorted(moved) == [0, 1]
    _conserved(Order.objects.get(), court)


def _conserved(order: Order, court: Court) -> None:
    assert Entry.objects.filter(ref=order.pk, is_terminal=True).count() == 1
    assert ledger.in_escrow(order.pk, order.asset) == 0
    whole = sum(
        court.balance(name, what)
        for name in ("alice", "bob")
        for what in ("available", "reserved", "frozen")
    )
    fees = order.fee if order.status == "COMPLETED" else 0
    assert whole == 10_000 - fees
    assert broken() == []
