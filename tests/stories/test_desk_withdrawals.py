"""Asking for a withdrawal: what is refused, what waits, and for how long."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest

from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.events.models import Event
from apps.flows import accounts, address_book, waiting, withdrawals
from apps.flows.withdrawal_terms import cool_down
from apps.ledger import services as ledger
from apps.ledger.models import Asset, Entry
from apps.restrictions import services as restrictions
from apps.restrictions.models import Restriction
from apps.risk.models import ListName
from apps.trades.models import Notice, Withdrawal, WithdrawalStep
from apps.trades.queries import wallet
from apps.trades.states import WITHDRAWAL
from tests.desk import Desk, facts
from tests.wallet import (
    DETAILS,
    USDT,
    address,
    asks,
    clock,
    cool_entry,
    entry,
    fresh,
    listed,
    money,
    reports,
    withdraws,
)


def steps(withdrawal: Withdrawal) -> list[str]:
    rows = WithdrawalStep.objects.filter(withdrawal=withdrawal).order_by("id")
    return [row.after for row in rows]


def test_alice_withdraws_to_a_cool_address(p2p: Desk) -> None:
    made = withdraws(p2p)
    assert steps(made) == ["REQUESTED", "SCREENING", "APPROVED"]
    assert money(p2p, "alice") == (9900, 100)
    assert (made.fee, made.sent, made.usd) == (1, 99, 100)

    clock(p2p, seconds=5)
    made = fresh(made)
    assert made.status == "BROADCAST"
    assert money(p2p, "alice") == (9900, 0)
    clock(p2p, minutes=6)
    made = fresh(made)
    assert (made.status, made.confirmations >= 20) == ("CONFIRMED", True)
    done = Event.objects.get(kind="withdrawal.completed")
    assert done.user_id == made.user.entity_id
    codes = Notice.objects.filter(code__startswith="WITHDRAWAL").order_by("id")
    assert [one.code for one in codes] == [
        "WITHDRAWAL_REQUESTED",
        "WITHDRAWAL_SENT",
        "WITHDRAWAL_CONFIRMED",
    ]


@pytest.mark.parametrize(
    "amount",
    ["NaN", "Infinity", "-Infinity", "-100", "0", "1e30", "1e-19", "100.0000001", "9.99", "1e400",
     "20.1234567890123456789"],
)  # fmt: skip
def test_nonsense_amounts_are_refused_and_leave_nothing(p2p: Desk, amount: str) -> None:
    p2p.funds("alice")
    to = cool_entry(p2p)
    before = Entry.objects.count(), Event.objects.count(), Notice.objects.count()
    with pytest.raises(Refused) as refused:
        asks(p2p, "alice", to, amount)
    assert (refused.value.code, refused.value.status) == ("BAD_AMOUNT", 422)
    assert "amount" in refused.value.fields
    assert not Withdrawal.objects.exists()
    assert (Entry.objects.count(), Event.objects.count(), Notice.objects.count()) == before


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"asset": "DOGE"}, "UNKNOWN_ASSET"),
        ({"asset": "ETH", "amount": Decimal(1)}, "ADDRESS_WRONG_NETWORK"),
        ({"asset": "USDT-ERC20"}, "ADDRESS_WRONG_NETWORK"),
        ({"entry": uuid7()}, "NO_SUCH_ADDRESS"),
        ({"confirmed": False}, "CONFIRM_IDENTITY"),
        ({"amount": Decimal(10_001)}, "INSUFFICIENT_FUNDS"),
        ({"travel_rule": {"sender": {}}}, "TRAVEL_RULE_INCOMPLETE"),
        ({"travel_rule": {"originator": {"name": 7}}}, "TRAVEL_RULE_INCOMPLETE"),
        ({"travel_rule": {"beneficiary": {"name": "x" * 201}}}, "TRAVEL_RULE_INCOMPLETE"),
    ],
)
def test_what_is_refused_leaves_nothing(p2p: Desk, words: dict[str, Any], code: str) -> None:
    p2p.funds("alice")
    to = cool_entry(p2p)
    with pytest.raises(Refused) as refused:
        asks(p2p, "alice", to, **words)
    assert refused.value.code == code
    assert not Withdrawal.objects.exists()
    assert money(p2p, "alice") == (10_000, 0)


def test_bob_cannot_use_see_or_cancel_what_is_alices(p2p: Desk) -> None:
    made = withdraws(p2p)
    p2p.funds("bob")
    bob = p2p.person("bob")
    for deed in (
        lambda: asks(p2p, "bob", made.entry),
        lambda: wallet.withdrawal_for(bob, made.pk),
        lambda: withdrawals.cancel(actor=bob, withdrawal=made, at=p2p.now),
        lambda: withdrawals.give_details(
            actor=bob, withdrawal=made, travel_rule=DETAILS, at=p2p.now
        ),
    ):
        with pytest.raises(Refused) as refused:
            deed()
        assert refused.value.status == 404


def test_what_was_bought_lately_stays_and_alice_is_told_until_when(p2p: Desk) -> None:
    p2p.funds("alice", "500")
    to = cool_entry(p2p)
    ledger.lock_acquired(
        user=p2p.person("alice"),
        asset=Asset.objects.get(pk=USDT),
        amount=Decimal(450),
        until=p2p.now + timedelta(hours=20),
        order=uuid7(),
        at=p2p.now,
    )
    with pytest.raises(Refused) as refused:
        asks(p2p, "alice", to, "100")
    assert refused.value.detail == (
        "You can withdraw 50 USDT now. 450 USDT bought lately can't leave yet: "
        "450 until 2026-03-11 09:00 UTC."
    )
    assert p2p.judged("ALLOW", lambda: asks(p2p, "alice", to, "50")).withdrawal.amount == 50
    p2p.pass_time(hours=21)
    assert p2p.judged("ALLOW", lambda: asks(p2p, "alice", to, "450")).withdrawal.amount == 450


def test_a_new_address_cools_off_and_then_it_goes_by_itself(p2p: Desk) -> None:
    p2p.funds("alice")
    to = entry(p2p)
    asked = p2p.judged("ALLOW", lambda: asks(p2p, "alice", to))
    made = asked.withdrawal
    assert (made.status, made.wait_until) == ("COOLING_OFF", to.usable_at)
    assert "“Cold” is a new address" in asked.sentence
    clock(p2p, hours=23)
    assert fresh(made).status == "COOLING_OFF"
    clock(p2p, hours=2)
    assert fresh(made).status == "BROADCAST"
    assert steps(made)[-4:] == ["COOLING_OFF", "SCREENING", "APPROVED", "PROCESSING"][-3:] + [
        "BROADCAST"
    ]


def test_showing_control_of_the_address_ends_its_cool_down(p2p: Desk) -> None:
    p2p.funds("alice")
    to = entry(p2p)
    made = p2p.judged("ALLOW", lambda: asks(p2p, "alice", to)).withdrawal
    p2p.pass_time(minutes=30)
    reports(p2p, "alice", sender=to.address)
    address_book.verify(actor=made.user, entry=to, at=p2p.now)
    assert fresh(made).status == "APPROVED"


@pytest.mark.parametrize(
    ("change", "how", "hours"),
    [
        ("password", "CHANGED", 24),
        ("totp", "REMOVED", 24),
        ("totp", "ADDED", 6),
        ("passkey", "ADDED", 6),
        ("email", "CHANGED", 72),
        ("email", "ADDED", 6),
        ("phone", "CHANGED", 72),
        ("recovery", "CHANGED", 72),
    ],
)
def test_withdrawals_wait_after_a_change_of_security(
    p2p: Desk, change: str, how: str, hours: int
) -> None:
    p2p.funds("alice")
    to, alice = cool_entry(p2p), p2p.person("alice")
    accounts.security_changed(
        user=alice, request_facts=facts(alice), at=p2p.now, change=change, how=how
    )
    until = p2p.now + timedelta(hours=hours)
    p2p.pass_time(minutes=30)
    found = cool_down(user=alice, entry=to, at=p2p.now)
    assert found is not None
    assert (found.code, found.until) == (f"{change.upper()}_{how}", until)
    assert f"wait until {until:%Y-%m-%d %H:%M} UTC" in found.sentence
    assert cool_down(user=alice, entry=to, at=until) is None


def test_a_password_changed_while_it_waits_makes_it_wait_longer(p2p: Desk) -> None:
    p2p.funds("alice")
    to, alice = entry(p2p), p2p.person("alice")
    made = p2p.judged("ALLOW", lambda: asks(p2p, "alice", to)).withdrawal
    p2p.pass_time(hours=20)
    said = {"user": alice, "request_facts": facts(alice), "at": p2p.now, "change": "password"}
    p2p.judged("ALLOW", lambda: accounts.security_changed(**said))
    clock(p2p, hours=5)
    made = fresh(made)
    assert (made.status, made.wait_until) == ("COOLING_OFF", p2p.now + timedelta(hours=19))
    clock(p2p, hours=20)
    assert fresh(made).status == "BROADCAST"


def test_reading_the_cool_down_is_one_query(p2p: Desk, django_assert_num_queries: Any) -> None:
    to, alice = cool_entry(p2p), p2p.person("alice")
    with django_assert_num_queries(1):
        cool_down(user=alice, entry=to, at=p2p.now)


def test_above_the_limit_the_law_wants_names_first(p2p: Desk) -> None:
    made = withdraws(p2p, amount="1000")
    assert (made.status, made.travel_rule) == ("TRAVEL_RULE_PENDING", None)
    alice = p2p.person("alice")
    with pytest.raises(Refused, match="TRAVEL_RULE_INCOMPLETE"):
        withdrawals.give_details(
            actor=alice, withdrawal=made, travel_rule={"payee": {}}, at=p2p.now
        )
    withdrawals.give_details(actor=alice, withdrawal=made, travel_rule=DETAILS, at=p2p.now)
    made = fresh(made)
    assert made.status == "APPROVED"
    told = withdrawals.details_of(made)
    assert told is not None
    sender = told["originator"]["originatorPersons"][0]["naturalPerson"]
    assert sender["name"]["nameIdentifier"][0]["primaryIdentifier"] == "Alice Example"
    assert sender["customerIdentification"] == str(alice.pk)
    assert told["beneficiary"]["accountNumber"] == [made.address]
    # In the column it is sealed, and the log has none of it.
    assert "Alice Example" not in str(Withdrawal.objects.values("travel_rule").get())
    assert "Alice Example" not in str(list(Event.objects.values_list("data", flat=True)))


def test_below_the_limit_nobody_asks_and_to_an_exchange_always(p2p: Desk) -> None:
    assert withdraws(p2p, amount="999").status == "APPROVED"
    to = cool_entry(p2p, seed="exchange", destination="VASP", vasp="Kraken")
    assert withdraws(p2p, amount="20", to=to).status == "TRAVEL_RULE_PENDING"
    given = withdraws(p2p, amount="20", to=to, travel_rule=DETAILS)
    assert given.status == "APPROVED"
    assert "Kraken" in str(withdrawals.details_of(given))


def test_jurisdictions_have_limits_of_their_own(p2p: Desk, settings: Any) -> None:
    settings.TRAVEL_RULE_USD = {
        "*": {"SELF_HOSTED": "1000", "VASP": "0"},
        "DE": {"SELF_HOSTED": "50"},
    }
    assert withdraws(p2p, amount="60").status == "TRAVEL_RULE_PENDING"


def test_somebody_elses_wallet_has_a_name(p2p: Desk) -> None:
    to = cool_entry(p2p, seed="carols", is_own=False, beneficiary="Carol Example")
    made = withdraws(p2p, amount="1000", to=to, travel_rule=DETAILS)
    assert "Carol Example" in str(withdrawals.details_of(made)["beneficiary"])  # type: ignore[index]


def test_details_that_never_come_end_it_after_a_week(p2p: Desk) -> None:
    made = withdraws(p2p, amount="1000")
    clock(p2p, days=6)
    assert fresh(made).status == "TRAVEL_RULE_PENDING"
    clock(p2p, days=2)
    made = fresh(made)
    assert (made.status, made.reject_reason) == ("REJECTED", "DETAILS_LATE")
    assert money(p2p, "alice") == (10_000, 0)


def test_a_stepped_up_withdrawal_goes_on_when_proven(p2p: Desk) -> None:
    made = withdraws(p2p, judged="STEP_UP")
    assert (made.status, made.wait_until) == ("CHALLENGED", p2p.now + timedelta(minutes=15))
    assert money(p2p, "alice") == (9900, 100)
    clock(p2p, minutes=10)
    assert fresh(made).status == "CHALLENGED"
    assert waiting.prove(user=p2p.person("alice"), at=p2p.now) == [made]
    made = fresh(made)
    assert (made.status, made.proven_at) == ("APPROVED", p2p.now)


def test_a_proof_that_never_comes_gives_the_money_back(p2p: Desk) -> None:
    made = withdraws(p2p, judged="STEP_UP")
    clock(p2p, hours=1)
    made = fresh(made)
    assert (made.status, made.reject_reason) == ("REJECTED", "CHECK_LATE")
    assert money(p2p, "alice") == (10_000, 0)
    asked = Restriction.objects.filter(subject=made.entity, lifted_at=None)
    assert not asked.exists()


def test_a_proof_does_not_skip_the_cool_down(p2p: Desk) -> None:
    p2p.funds("alice")
    to = entry(p2p)
    made = p2p.judged("STEP_UP", lambda: asks(p2p, "alice", to)).withdrawal
    p2p.pass_time(minutes=1)
    waiting.prove(user=made.user, at=p2p.now)
    assert fresh(made).status == "COOLING_OFF"


def test_a_blocked_withdrawal_holds_nothing_and_is_on_record(p2p: Desk) -> None:
    p2p.funds("alice")
    to = cool_entry(p2p)
    with pytest.raises(Refused) as refused:
        p2p.judged("BLOCK", lambda: asks(p2p, "alice", to))
    assert refused.value.code == "BLOCKED"
    made = Withdrawal.objects.get()
    assert (made.status, made.reject_reason) == ("REJECTED", "BLOCKED")
    assert money(p2p, "alice") == (10_000, 0)


def test_a_limited_withdrawal_goes_on_and_the_next_meets_the_limit(p2p: Desk) -> None:
    made = withdraws(p2p, judged="LIMIT", amount="500")
    assert made.status == "APPROVED"
    with pytest.raises(Refused, match="OVER_CAP"):
        asks(p2p, "alice", made.entry, "1500", travel_rule=DETAILS)


def test_an_address_on_the_blocked_list_is_blocked_by_the_engine_itself(p2p: Desk) -> None:
    p2p.funds("alice")
    to = cool_entry(p2p, seed="lazarus")
    listed(ListName.BLOCKED, address("lazarus"), at=p2p.now)
    with pytest.raises(Refused, match="BLOCKED"):
        asks(p2p, "alice", to)
    assert money(p2p, "alice") == (10_000, 0)


def test_where_the_engine_fails_nothing_leaves(p2p: Desk) -> None:
    p2p.funds("alice")
    to = cool_entry(p2p)
    with patch("apps.risk.decide.conclude", side_effect=ZeroDivisionError):
        made = asks(p2p, "alice", to).withdrawal
    assert made.status == "UNDER_REVIEW"
    clock(p2p, minutes=10)
    assert fresh(made).status == "UNDER_REVIEW"
    p2p.pass_time(minutes=10)
    restrictions.lift_due(at=p2p.now)
    clock(p2p, minutes=1)
    assert fresh(made).status == "UNDER_REVIEW"

    # Whoever lifts the hold on alice has not judged this withdrawal: she may ask again.
    hold = Restriction.objects.get(subject=made.user.entity_id, lifted_at=None)
    restrictions.lift(restriction=hold, by=made.user, reason="engine is back", at=p2p.now)
    clock(p2p, minutes=1)
    made = fresh(made)
    assert (made.status, made.reject_reason) == ("REJECTED", "NOT_JUDGED")
    assert money(p2p, "alice") == (10_000, 0)


def test_alice_changes_her_mind_until_it_is_approved(p2p: Desk) -> None:
    made = withdraws(p2p, amount="1000")
    withdrawals.cancel(actor=made.user, withdrawal=made, at=p2p.now)
    assert fresh(made).status == "CANCELLED"
    assert money(p2p, "alice") == (10_000, 0)
    with pytest.raises(Refused, match="WITHDRAWAL_STATE"):
        withdrawals.cancel(actor=made.user, withdrawal=made, at=p2p.now)
    approved = withdraws(p2p, to=made.entry)
    with pytest.raises(Refused, match="can't be cancelled any more"):
        withdrawals.cancel(actor=made.user, withdrawal=approved, at=p2p.now)
    assert money(p2p, "alice") == (19_900, 100)


def test_a_restricted_person_asks_in_vain(p2p: Desk) -> None:
    made = withdraws(p2p, judged="REVIEW")
    assert made.status == "UNDER_REVIEW"
    with pytest.raises(Refused) as refused:
        asks(p2p, "alice", made.entry)
    assert refused.value.code == "UNDER_REVIEW"
    assert Withdrawal.objects.count() == 1


def test_the_machine_knows_every_way_that_was_walked(p2p: Desk) -> None:
    made = withdraws(p2p, amount="1000", judged="STEP_UP")
    p2p.pass_time(minutes=1)
    waiting.prove(user=made.user, at=p2p.now)
    withdrawals.give_details(actor=made.user, withdrawal=made, travel_rule=DETAILS, at=p2p.now)
    clock(p2p, minutes=1)
    clock(p2p, hours=1)
    walked = list(WithdrawalStep.objects.order_by("id").values_list("before", "after"))
    assert walked[0] == ("", "REQUESTED")
    assert [two for _, two in walked] == [
        "REQUESTED", "SCREENING", "CHALLENGED", "SCREENING", "TRAVEL_RULE_PENDING", "SCREENING",
        "APPROVED", "PROCESSING", "BROADCAST", "CONFIRMED",
    ]  # fmt: skip
    assert set(walked[1:]) <= WITHDRAWAL.steps
