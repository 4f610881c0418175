"""What bounds a person: seen with its reason and end, and kept when they trade."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.core.errors import Refused
from apps.events.models import Entity, Event
from apps.flows import identity, own_limits, review
from apps.ledger.models import AcquisitionLock
from apps.trades.models import AddressBookEntry, DayTally, Notice
from apps.trades.queries.limits import Bound
from apps.users.models import User
from apps.users.roles import Role
from tests.desk import Desk
from tests.staff import colleague


def bounds(desk: Desk, name: str) -> dict[str, Bound]:
    """Somebody's bounds by code; of several of a code the last."""
    return {one.code: one for one in own_limits.limits_of(desk.person(name), at=desk.now)}


def test_bob_sees_his_tier_and_what_is_left_of_the_day(p2p: Desk) -> None:
    p2p.order(fiat="93")
    seen = bounds(p2p, "bob")
    assert (seen["TIER_ORDER"].usd, seen["DAY"].usd) == (10_000, 25_000)
    assert seen["DAY"].left == 24_900
    assert (seen["OPEN_ORDERS"].count, seen["OPEN_ORDERS"].count_left) == (5, 4)
    assert "Trader" in seen["TIER_ORDER"].why
    assert "KYC_TOTAL" not in seen


def test_a_young_account_says_when_its_limit_grows(p2p: Desk) -> None:
    added = p2p.now - timedelta(days=10)
    p2p.account("bob", added_at=added, first_used_at=None)
    seen = bounds(p2p, "bob")["ACCOUNT_AGE"]
    assert (seen.usd, seen.until) == (6_250, added + timedelta(days=30))
    p2p.pass_time(days=20)
    assert bounds(p2p, "bob")["ACCOUNT_AGE"].until == added + timedelta(days=60)
    p2p.pass_time(days=31)
    assert "ACCOUNT_AGE" not in bounds(p2p, "bob")


def test_level_one_trades_five_thousand_dollars_in_all(p2p: Desk) -> None:
    bob = p2p.person("bob", kyc_level=1)
    DayTally.objects.create(
        user=bob, day=(p2p.now - timedelta(days=200)).date(), bought=9, usd_bought=4_850
    )
    p2p.funds("alice")
    ad = p2p.ad("alice")
    p2p.order(ad=ad, fiat="93")  # 100 USD, still open
    assert (bounds(p2p, "bob")["KYC_TOTAL"].usd, bounds(p2p, "bob")["KYC_TOTAL"].left) == (
        5_000,
        50,
    )

    with pytest.raises(Refused) as refused:
        p2p.opens("bob", ad, fiat="60")
    assert refused.value.code == "OVER_KYC_TOTAL"
    assert p2p.calm(lambda: p2p.opens("bob", ad, fiat="40")).order.usd < 50

    identity.verify(user=bob, legal_name="Bob Example", country="DE", level=2, by=None, at=p2p.now)
    p2p.people["bob"].refresh_from_db()
    assert "KYC_TOTAL" not in bounds(p2p, "bob")
    assert p2p.calm(lambda: p2p.opens("bob", ad, fiat="60")).order.usd > 60


def test_an_advertiser_at_level_one_is_bounded_too(p2p: Desk) -> None:
    alice = p2p.person("alice", kyc_level=1)
    DayTally.objects.create(
        user=alice, day=(p2p.now - timedelta(days=200)).date(), sold=9, usd_sold=4_950
    )
    p2p.funds("alice")
    ad = p2p.ad("alice")
    with pytest.raises(Refused) as refused:
        p2p.opens("bob", ad, fiat="93")
    assert refused.value.code == "AD_NOT_AVAILABLE"


def test_who_is_not_verified_can_not_trade(p2p: Desk) -> None:
    p2p.person("bob", kyc_level=0)
    p2p.funds("alice")
    ad = p2p.ad("alice")
    with pytest.raises(Refused) as refused:
        p2p.opens("bob", ad)
    assert refused.value.code == "OVER_LIMIT"
    assert bounds(p2p, "bob")["KYC"].why == "Verify your identity to trade."


def test_a_cap_shows_its_reason_and_its_end(p2p: Desk) -> None:
    p2p.order()
    bob = p2p.person("bob")
    until = p2p.now + timedelta(hours=24)
    review.impose(
        by=colleague(Role.ANALYST),
        at=p2p.now,
        subject=Entity.objects.get(pk=bob.entity_id),
        kind="CAP",
        ability="take_buy",
        cap_usd=Decimal(300),
        reason="VOLUME_BURST",
        user_sentence="You trade much more than usual, so amounts are limited for a day.",
        note="looks odd",
        until=until,
        lifts_by="TIME",
    )
    first = own_limits.limits_of(bob, at=p2p.now)[0]
    assert (first.code, first.about, first.usd, first.until) == (
        "CAPPED",
        "take_buy",
        300,
        until,
    )
    assert first.why.startswith("You trade much more")
    assert own_limits.limits_of(bob, at=until)[0].code == "TIER_ORDER"


def test_what_waits_is_seen_with_its_end(p2p: Desk, django_assert_num_queries: Any) -> None:
    order = p2p.order(step="COMPLETED")
    bob = p2p.person("bob")
    AcquisitionLock.objects.filter(user=bob).delete()
    AcquisitionLock.objects.create(
        user=bob,
        asset=order.asset,
        amount=order.amount,
        until=p2p.now + timedelta(days=3),
        order=order.pk,
        at=p2p.now,
    )
    for number in range(3):
        AddressBookEntry.objects.create(
            user=bob,
            label=f"wallet {number}",
            network="TRON",
            address=f"T{number:033d}",
            destination="SELF_HOSTED",
            added_at=p2p.now,
            usable_at=p2p.now + timedelta(hours=24),
        )
        p2p.account("bob", ("sepa", "pix", "alipay")[number])

    with django_assert_num_queries(9):
        seen = own_limits.limits_of(bob, at=p2p.now)

    by_code = {one.code: one for one in seen}
    assert (by_code["T_PLUS_N"].amount, by_code["T_PLUS_N"].asset) == (100, "USDT-TRC20")
    assert by_code["NEW_ADDRESS"].until == p2p.now + timedelta(hours=24)
    assert sum(one.code in ("RAIL", "ACCOUNT_AGE") for one in seen) == 4


def test_an_identity_is_on_record_without_the_name(p2p: Desk) -> None:
    by, bob = colleague(Role.COMPLIANCE), p2p.person("bob", kyc_level=1)
    identity.verify(
        user=bob, legal_name="  Robert  Beispiel ", country="de", level=3, by=by, at=p2p.now
    )
    bob.refresh_from_db()
    assert (bob.legal_name, bob.kyc_country, bob.kyc_level) == ("Robert Beispiel", "DE", 3)
    event = Event.objects.get(kind="identity.verified")
    assert event.user_id == bob.entity_id
    assert event.actor_id == by.entity_id
    assert (event.data["before"], event.data["level"], event.data["renamed"]) == (1, 3, True)
    assert "Beispiel" not in str(event.data)
    assert Notice.objects.get(user=bob).code == "IDENTITY_VERIFIED"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"legal_name": "7"}, "legal_name"),
        ({"legal_name": "Bob\u202eelpmaxE"}, "legal_name"),
        ({"country": "Germany"}, "country"),
        ({"level": 4}, "level"),
    ],
)
def test_what_no_document_says(p2p: Desk, changes: dict[str, Any], field: str) -> None:
    said = {"legal_name": "Bob Example", "country": "DE", "level": 2} | changes
    bob = p2p.person("bob", kyc_level=1)
    with pytest.raises(Refused) as refused:
        identity.verify(user=bob, by=None, at=p2p.now, **said)
    assert list(refused.value.fields) == [field]
    bob.refresh_from_db()
    assert bob.kyc_level == 1


def test_who_may_verify(p2p: Desk) -> None:
    said = {"legal_name": "Bob Example", "country": "DE", "level": 2, "at": p2p.now}
    for by in (colleague(Role.ADMIN), colleague(Role.ANALYST), p2p.person("bob")):
        with pytest.raises(Refused) as refused:
            identity.verify(user=p2p.person("bob"), by=by, **said)
        assert refused.value.code == "NOT_PERMITTED"
    cora = colleague(Role.COMPLIANCE)
    with pytest.raises(Refused) as refused:
        identity.verify(user=cora, by=cora, **said)
    assert refused.value.code == "SECOND_PERSON_NEEDED"


def test_the_command_line_verifies(p2p: Desk, capsys: Any) -> None:
    bob = p2p.person("bob", kyc_level=0)
    call_command("verify", "Bob@example.org", name="Bob Example", country="pt", level=1)
    assert User.objects.get(pk=bob.pk).kyc_country == "PT"
    assert "level 1, PT" in capsys.readouterr().out
    with pytest.raises(CommandError, match="two letters"):
        call_command("verify", "bob@example.org", name="Bob Example", country="PRT", level=1)
    with pytest.raises(CommandError, match="no user"):
        call_command("verify", "nobody@example.org", name="No Body", country="PT", level=1)
