"""What stands in the way of an order is said in a sentence, and nothing is written."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from apps.core.errors import Refused
from apps.events.models import Event
from apps.flows import trading
from apps.ledger.models import Entry
from apps.trades import limits
from apps.trades.models import Ad, Order, Rail, Relation, RelationKind
from tests.desk import Desk


@pytest.fixture
def ad(p2p: Desk) -> Ad:
    """1000 USDT of alice's at 0.93 EUR, 10 to 900 EUR a time."""
    p2p.funds("alice")
    return p2p.ad("alice")


def refused(desk: Desk, ad: Ad, name: str = "bob", **words: Any) -> str:
    """The code with which somebody's order is refused; nothing may have been written."""
    desk.account(name)
    before = (Order.objects.count(), Entry.objects.count(), Event.objects.count())
    with pytest.raises(Refused) as fault:
        desk.calm(lambda: desk.opens(name, ad, **words))
    assert (Order.objects.count(), Entry.objects.count(), Event.objects.count()) == before
    assert fault.value.detail
    return fault.value.code


def test_amounts_outside_of_the_offer(p2p: Desk, ad: Ad) -> None:
    assert refused(p2p, ad, fiat="9.99") == "AMOUNT_OUT_OF_LIMITS"
    assert refused(p2p, ad, fiat="900.01") == "AMOUNT_OUT_OF_LIMITS"
    assert refused(p2p, ad, fiat="50.001") == "AMOUNT_TOO_FINE"
    assert refused(p2p, ad, fiat="0") == "AMOUNT_NEEDED"
    assert refused(p2p, ad, fiat="-5") == "AMOUNT_NEEDED"
    assert refused(p2p, ad, amount=Decimal(5)) == "AMOUNT_NEEDED"


def test_more_than_is_left(p2p: Desk, ad: Ad) -> None:
    Ad.objects.filter(pk=ad.pk).update(remaining=50, quantity=50)
    assert refused(p2p, ad, fiat="93") == "AD_SOLD_OUT"


def test_the_price_that_was_shown_is_the_price(p2p: Desk, ad: Ad) -> None:
    assert refused(p2p, ad, price=Decimal("0.92")) == "PRICE_MOVED"
    assert p2p.calm(lambda: p2p.opens("bob", ad, price=Decimal("0.93"))).outcome == "ALLOW"


def test_a_floating_price_follows_the_reference(p2p: Desk) -> None:
    p2p.funds("alice")
    ad = p2p.ad("alice", price_type="FLOATING", price=None, premium=Decimal("0.02"))
    order = p2p.order(ad=ad)
    assert order.price == Decimal("0.9435")


def test_ones_own_offer_and_offers_of_whom_one_keeps_away(p2p: Desk, ad: Ad) -> None:
    assert refused(p2p, ad, name="alice") == "OWN_AD"
    alice, bob = p2p.person("alice"), p2p.person("bob")
    for user, other in ((alice, bob), (bob, alice)):
        block = Relation.objects.create(user=user, other=other, kind=RelationKind.BLOCK, at=p2p.now)
        assert refused(p2p, ad) == "AD_NOT_AVAILABLE"
        block.delete()


def test_a_way_of_paying_that_is_not_offered(p2p: Desk, ad: Ad) -> None:
    assert refused(p2p, ad, rail="paypal") == "RAIL_NOT_OFFERED"


def test_conditions_of_the_advertiser(p2p: Desk) -> None:
    p2p.funds("alice")
    strict = {"min_age_days": 400, "min_orders": 5, "countries": ["FR"], "trusted_only": True}
    ad = p2p.ad("alice", **strict)
    with pytest.raises(Refused) as fault:
        p2p.opens("bob", ad)
    assert fault.value.code == "CONDITIONS_NOT_MET"
    for words in ("older accounts", "more completed orders", "other countries", "trusts"):
        assert words in fault.value.detail


def test_a_clean_rail_is_one_that_was_used_for_a_month(p2p: Desk) -> None:
    p2p.funds("alice")
    ad = p2p.ad("alice", clean_rail_only=True)
    p2p.account("carol", first_used_at=p2p.now - timedelta(days=3))
    assert refused(p2p, ad, name="carol") == "CONDITIONS_NOT_MET"
    assert p2p.calm(lambda: p2p.opens("bob", ad)).outcome == "ALLOW"


def test_what_can_be_charged_back_stays_small_until_the_account_is_known(p2p: Desk) -> None:
    p2p.funds("alice")
    ad = p2p.ad("alice", rail="paypal")
    p2p.account("carol", "paypal", first_used_at=None)
    assert refused(p2p, ad, name="carol", rail="paypal", fiat="600") == "OVER_LIMIT"


@pytest.mark.parametrize(
    ("rail", "buys", "days", "usd"),
    [
        ("paypal", True, None, 500),
        ("paypal", True, 29, 500),
        ("paypal", True, 30, 1250),
        ("paypal", True, 60, 2500),
        ("sepa_instant", True, 10, 6250),
        ("sepa_instant", True, 30, 12500),
        ("sepa_instant", False, 60, 25000),
    ],
)
def test_limits_grow_with_the_age_of_the_account(
    p2p: Desk, rail: str, buys: bool, days: int | None, usd: int
) -> None:
    since = p2p.now - timedelta(days=days) if days is not None else None
    account = p2p.account("carol", rail, first_used_at=since, added_at=since or p2p.now)
    kind = Rail.objects.get(pk=rail)
    limit = limits.of_account(rail=kind, account=account, buys=buys, at=p2p.now)
    assert limit.usd == usd
    assert (limit.grows_at is None) == (days is None or days >= 60)


def test_an_account_of_somebody_else_is_nobodys_to_pay_from(p2p: Desk, ad: Ad) -> None:
    order = p2p.order(ad=ad)
    carols = p2p.account("carol")
    with pytest.raises(Refused, match="PAYER_ACCOUNT_NEEDED"):
        trading.mark_paid(
            actor=order.buyer,
            order=order,
            payer=carols.pk,
            request_facts=p2p.facts("bob"),
            at=p2p.now,
        )
    assert Order.objects.get().status == "AWAITING_PAYMENT"


def test_only_so_many_open_orders(p2p: Desk, ad: Ad) -> None:
    for _ in range(5):
        p2p.calm(lambda: p2p.opens("bob", ad, fiat="20"))
        p2p.pass_time(minutes=1)
    assert refused(p2p, ad, fiat="20") == "TOO_MANY_OPEN_ORDERS"


def test_an_order_that_expired_although_paid_is_taken_up_again(p2p: Desk, ad: Ad) -> None:
    order = p2p.order(ad=ad)
    p2p.pass_time(minutes=31)
    assert trading.expire(order=order, at=p2p.now)
    p2p.pass_time(minutes=5)
    again = p2p.calm(lambda: p2p.opens("bob", ad, reclaims=order.pk)).order
    assert (again.reclaims_id, again.price, again.amount) == (order.pk, order.price, order.amount)
    assert refused(p2p, ad, reclaims=order.pk) == "RECLAIM_TOO_LATE"
    assert refused(p2p, ad, reclaims=uuid4()) == "RECLAIM_TOO_LATE"


def test_after_a_quarter_of_an_hour_it_is_too_late(p2p: Desk, ad: Ad) -> None:
    order = p2p.order(ad=ad)
    p2p.pass_time(minutes=31)
    trading.expire(order=order, at=p2p.now)
    p2p.pass_time(minutes=16)
    assert refused(p2p, ad, reclaims=order.pk) == "RECLAIM_TOO_LATE"
