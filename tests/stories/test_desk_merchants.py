"""Becoming a merchant, staying one, and getting the margin back."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.core.errors import Refused
from apps.events.models import Event
from apps.flows import ads, flow, merchant_standing, merchants, recovery, trading
from apps.ledger import queries as balances
from apps.ledger import services as ledger
from apps.ledger.models import Asset
from apps.trades.models import (
    Ad,
    Appeal,
    DayTally,
    MerchantProfile,
    Notice,
    Order,
    PairTally,
)
from apps.trades.queries import people
from apps.trades.services import people as people_services
from apps.users.models import User
from apps.users.roles import Role
from tests.desk import Desk
from tests.staff import colleague


def has_traded(
    desk: Desk, name: str, *, sold: int = 20, partners: int = 10, failed: int = 0
) -> User:
    """Somebody with a record: so many sales yesterday, with so many people."""
    who = desk.person(name)
    DayTally.objects.create(
        user=who, day=(desk.now - timedelta(days=1)).date(), sold=sold, failed=failed
    )
    for number in range(partners):
        PairTally.objects.create(
            user=who,
            other=desk.person(f"partner{number}"),
            orders=1,
            first_at=desk.now,
            last_at=desk.now,
        )
    return who


def applies(desk: Desk, name: str, tier: str = "LITE", **words: Any) -> MerchantProfile:
    """Somebody asks to be a merchant."""
    return merchants.apply(actor=desk.person(name), tier=tier, at=desk.now, **words)


def margin(desk: Desk, name: str) -> Decimal:
    """What lies in somebody's margin."""
    return balances.margin(desk.person(name), Asset.objects.get(pk="USDT-TRC20"))


def test_alice_becomes_a_merchant_when_staff_accept_her(p2p: Desk) -> None:
    alice = has_traded(p2p, "alice")
    p2p.funds("alice", "600")
    applies(p2p, "alice", headline=" Fast and  friendly ")
    assert (margin(p2p, "alice"), people.tier_of(alice).code) == (500, "EVERYBODY")

    by = colleague(Role.SENIOR)
    profile = merchants.decide(by=by, user=alice, accept=True, reason="fine record", at=p2p.now)

    assert (profile.state, profile.since, profile.headline) == (
        "ACTIVE",
        p2p.now,
        "Fast and friendly",
    )
    assert people.tier_of(alice).code == "LITE"
    assert Notice.objects.get(code="MERCHANT_ACCEPTED").params == {"tier": "LITE"}
    assert list(
        Event.objects.filter(kind__startswith="merchant.").order_by("id").values_list("kind")
    ) == [("merchant.applied",), ("merchant.accepted",)]


def test_who_is_not_accepted_has_the_margin_back_at_once(p2p: Desk) -> None:
    alice = has_traded(p2p, "alice")
    p2p.funds("alice", "600")
    applies(p2p, "alice")
    by = colleague(Role.COMPLIANCE)
    merchants.decide(by=by, user=alice, accept=False, reason="open questions", at=p2p.now)

    assert MerchantProfile.objects.get().state == "REJECTED"
    assert margin(p2p, "alice") == 0
    with pytest.raises(Refused) as refused:
        applies(p2p, "alice")
    assert refused.value.code == "APPLY_LATER"
    p2p.pass_time(days=7)
    assert applies(p2p, "alice").state == "APPLIED"


def test_every_condition_that_is_not_met_is_said_in_words(p2p: Desk) -> None:
    p2p.person("bob", days=3, kyc_level=1)
    has_traded(p2p, "bob", sold=2, failed=2, partners=1)
    with pytest.raises(Refused) as refused:
        applies(p2p, "bob")
    assert refused.value.fields == {"tier": ["KYC", "AGE", "ORDERS", "COMPLETION", "PARTNERS"]}
    assert "20 completed orders; 80 % of your orders of 30 days completed" in refused.value.detail
    assert not MerchantProfile.objects.exists()


def test_without_the_margin_there_is_no_application(p2p: Desk) -> None:
    has_traded(p2p, "alice")
    p2p.funds("alice", "499")
    with pytest.raises(Refused, match="500 USDT: 500 more have to be free"):
        applies(p2p, "alice")
    assert not MerchantProfile.objects.exists()


def test_a_merchant_rises_and_stays_one_meanwhile(p2p: Desk) -> None:
    alice = has_traded(p2p, "alice", sold=100, partners=30)
    p2p.funds("alice", "20000")
    by = colleague(Role.SENIOR)
    applies(p2p, "alice")
    merchants.decide(by=by, user=alice, accept=True, reason="fine record", at=p2p.now)
    with pytest.raises(Refused, match="are a Lite merchant already"):
        applies(p2p, "alice")

    applies(p2p, "alice", "VERIFIED")
    assert (margin(p2p, "alice"), people.tier_of(alice).code) == (10_000, "LITE")
    merchants.decide(by=by, user=alice, accept=False, reason="too early", at=p2p.now)
    assert (margin(p2p, "alice"), people.tier_of(alice).code) == (500, "LITE")

    applies(p2p, "alice", "VERIFIED")
    merchants.decide(by=by, user=alice, accept=True, reason="now then", at=p2p.now)
    assert people.tier_of(alice).code == "VERIFIED"


def test_who_may_decide(p2p: Desk) -> None:
    alice = has_traded(p2p, "alice")
    p2p.funds("alice", "600")
    applies(p2p, "alice")
    for by in (colleague(Role.ANALYST), colleague(Role.ADMIN), alice):
        with pytest.raises(Refused) as refused:
            merchants.decide(by=by, user=alice, accept=True, reason="friends", at=p2p.now)
        assert refused.value.code == "NOT_PERMITTED"
    senior = colleague(Role.SENIOR)
    with pytest.raises(Refused) as refused:
        merchants.decide(by=senior, user=senior, accept=True, reason="why not", at=p2p.now)
    assert refused.value.code == "SECOND_PERSON_NEEDED"


def test_staff_appoint_whose_record_lies_elsewhere_but_not_without_margin(p2p: Desk) -> None:
    by, alice = colleague(Role.COMPLIANCE), p2p.person("alice")
    said: dict[str, Any] = {"by": by, "user": alice, "tier": "VERIFIED", "reason": "market maker"}
    with pytest.raises(Refused) as refused:
        merchants.appoint(at=p2p.now, **said)
    assert refused.value.code == "MARGIN_MISSING"
    p2p.funds("alice", "10000")
    merchants.appoint(at=p2p.now, **said)
    assert (people.tier_of(alice).code, margin(p2p, "alice")) == ("VERIFIED", 10_000)


def appointed(desk: Desk, name: str = "alice", tier: str = "LITE") -> MerchantProfile:
    """A merchant with a margin."""
    desk.funds(name, "20000")
    by = User.objects.filter(email="senior@example.org").first() or colleague(Role.SENIOR)
    return merchants.appoint(
        by=by, user=desk.person(name), tier=tier, reason="known from elsewhere", at=desk.now
    )


def test_who_completes_too_little_is_warned_and_a_week_later_no_merchant(p2p: Desk) -> None:
    profile = appointed(p2p)
    alice = profile.user
    assert merchant_standing.review_merchants(at=p2p.now) == 0
    has_traded(p2p, "alice", sold=8, failed=3)

    assert merchant_standing.review_merchants(at=p2p.now) == 1
    notice = Notice.objects.get(code="MERCHANT_WARNED")
    assert notice.params["why"] == "COMPLETION"
    p2p.pass_time(days=6)
    assert merchant_standing.review_merchants(at=p2p.now) == 0
    assert people.tier_of(alice).code == "LITE"

    p2p.pass_time(days=1)
    assert merchant_standing.review_merchants(at=p2p.now) == 1
    profile.refresh_from_db()
    assert (profile.state, profile.reason) == ("DEMOTED", "COMPLETION")
    assert people.tier_of(alice).code == "EVERYBODY"
    assert margin(p2p, "alice") == 500


def test_who_does_better_is_taken_out_of_the_warning(p2p: Desk) -> None:
    profile = appointed(p2p)
    has_traded(p2p, "alice", sold=8, failed=3)
    merchant_standing.review_merchants(at=p2p.now)
    DayTally.objects.filter(user=profile.user).update(sold=20)
    p2p.pass_time(days=8)
    assert merchant_standing.review_merchants(at=p2p.now) == 1
    profile.refresh_from_db()
    assert (profile.state, profile.warned_at) == ("ACTIVE", None)


def test_nine_orders_say_nothing(p2p: Desk) -> None:
    appointed(p2p)
    has_traded(p2p, "alice", sold=1, failed=8)
    assert merchant_standing.review_merchants(at=p2p.now) == 0


def test_a_victim_is_paid_out_of_the_margin_which_then_has_to_be_filled_up(p2p: Desk) -> None:
    profile = appointed(p2p)
    order = p2p.order(step="PAID")
    entry = people_services.slash_margin(
        merchant=profile.user,
        victim=order.buyer,
        asset=order.asset,
        amount=Decimal(700),
        ref=order.pk,
        key="1",
        at=p2p.now,
        by=None,
    )
    assert entry is not None
    assert balances.available(order.buyer, order.asset) == 500
    assert margin(p2p, "alice") == 0

    assert merchant_standing.review_merchants(at=p2p.now) == 1
    assert Notice.objects.get(code="MERCHANT_WARNED").params["why"] == "MARGIN"
    merchants.top_up_margin(actor=profile.user, at=p2p.now)
    assert margin(p2p, "alice") == 500
    assert merchant_standing.review_merchants(at=p2p.now) == 1
    profile.refresh_from_db()
    assert profile.warned_at is None


def test_what_a_merchant_took_away_comes_out_of_the_margin_once(p2p: Desk) -> None:
    profile = appointed(p2p)
    alice, order = profile.user, p2p.order()
    # Bob has paid, but too late; alice is gone with everything that is hers.
    trading.expire(order=order, at=p2p.now + timedelta(minutes=30))
    ads.close(actor=alice, ad=order.ad, at=p2p.now)
    order = Order.objects.get()
    usdt = order.asset
    with flow.transaction(alice, order.buyer, at=p2p.now):
        ledger.freeze(
            user=alice,
            ref=order.ad_id,
            asset=usdt,
            amount=balances.available(alice, usdt),
            key="1",
            at=p2p.now,
            by=None,
        )
        assert recovery.hold(order, by=None, at=p2p.now) == 0
        assert recovery.settle(order, rightful=order.buyer, by=None, at=p2p.now) == 100
        assert recovery.settle(order, rightful=order.buyer, by=None, at=p2p.now) == 0
    assert balances.available(order.buyer, usdt) == 100
    assert margin(p2p, "alice") == 400


def test_who_is_no_merchant_has_no_margin_to_lose(p2p: Desk) -> None:
    order = p2p.order()
    trading.expire(order=order, at=p2p.now + timedelta(minutes=30))
    order = Order.objects.get()
    with flow.transaction(order.buyer, order.seller, at=p2p.now):
        assert recovery.settle(order, rightful=order.buyer, by=None, at=p2p.now) == 0


def test_the_margin_comes_back_when_nobody_can_claim_it_any_more(p2p: Desk) -> None:
    profile = appointed(p2p)
    alice = profile.user
    order = p2p.order(step="PAID")
    merchants.leave(actor=alice, at=p2p.now)
    assert people.tier_of(alice).code == "EVERYBODY"

    def refused() -> str:
        with pytest.raises(Refused) as no:
            merchants.withdraw_margin(actor=alice, at=p2p.now)
        return no.value.code

    assert refused() == "MARGIN_WAITS"
    p2p.pass_time(days=14)
    assert refused() == "ORDERS_OPEN"
    p2p.calm(lambda: p2p.releases(order))
    appeal = Appeal.objects.create(
        order=order,
        kind="POST",
        opener=order.buyer,
        reason="OTHER",
        state="OPEN",
        opened_at=p2p.now,
        decide_by=p2p.now,
    )
    assert refused() == "APPEALS_OPEN"
    Appeal.objects.filter(pk=appeal.pk).update(state="CLOSED", closed_at=p2p.now)

    merchants.withdraw_margin(actor=alice, at=p2p.now)
    assert margin(p2p, "alice") == 0
    assert refused() == "NO_MARGIN"


def test_an_application_can_be_taken_back_with_its_margin(p2p: Desk) -> None:
    alice = has_traded(p2p, "alice")
    p2p.funds("alice", "600")
    applies(p2p, "alice")
    merchants.leave(actor=alice, at=p2p.now)
    assert (margin(p2p, "alice"), MerchantProfile.objects.get().state) == (0, "LEFT")


def test_the_ads_beyond_a_traders_are_paused_when_a_merchant_leaves(p2p: Desk) -> None:
    profile = appointed(p2p)
    for _ in range(3):
        p2p.ad("alice")
        p2p.pass_time(minutes=10)
    merchants.leave(actor=profile.user, at=p2p.now)
    assert [ad.status for ad in Ad.objects.order_by("created_at")] == [
        "ONLINE",
        "ONLINE",
        "PAUSED",
    ]


@pytest.mark.parametrize(
    ("opens", "closes", "utc_hour", "is_open"),
    [
        (time(9), time(18), 7, False),
        (time(9), time(18), 8, True),  # 9 h in Berlin
        (time(9), time(18), 17, False),
        (time(22), time(6), 23, True),
        (time(22), time(6), 4, True),
        (time(22), time(6), 12, False),
        (time(0), time(0), 12, True),
        (None, None, 3, True),
    ],
)
def test_hours_are_the_merchants_own(
    opens: time | None, closes: time | None, utc_hour: int, is_open: bool
) -> None:
    profile = MerchantProfile(user=User(timezone="Europe/Berlin"), opens_at=opens, closes_at=closes)
    at = datetime(2026, 1, 15, utc_hour, tzinfo=UTC)
    assert people.is_open(profile, at=at) is is_open
    assert people.is_open(None, at=at) is True


def test_whoever_sleeps_takes_no_orders(p2p: Desk) -> None:
    profile = appointed(p2p)
    ad = p2p.ad("alice")
    merchants.set_profile(
        actor=profile.user, headline="", opens_at=time(14), closes_at=time(18), at=p2p.now
    )
    with pytest.raises(Refused, match="14:00 to 18:00"):
        p2p.opens("bob", ad)
    p2p.pass_time(hours=2)
    assert p2p.calm(lambda: p2p.opens("bob", ad)).order.status == "AWAITING_PAYMENT"


@pytest.mark.parametrize("headline", ["Official support desk", "telegram @alice", "x" * 161])
def test_what_a_headline_may_not_say(p2p: Desk, headline: str) -> None:
    profile = appointed(p2p)
    with pytest.raises(Refused) as refused:
        merchants.set_profile(
            actor=profile.user, headline=headline, opens_at=None, closes_at=None, at=p2p.now
        )
    assert list(refused.value.fields) == ["headline"]
