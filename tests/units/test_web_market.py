"""The market page: what everybody sees, in which order, and what it costs."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.core.ids import uuid7
from apps.trades.models import Ad, AdRail, Relation
from apps.trades.queries import market as market_of
from tests.desk import Desk
from tests.staff import signed_in

MARKET = "/market/?asset=USDT-TRC20&fiat=EUR"


@pytest.fixture(autouse=True)
def calm_clock(monkeypatch: pytest.MonkeyPatch, p2p: Desk) -> None:
    """The pages' clock is the desk's."""
    cache.clear()
    monkeypatch.setattr("apps.core.clock.now", lambda: p2p.now)


def posted(p2p: Desk, owner: str, **said: Any) -> Ad:
    """A row of an ad, as publishing would have left it; ledger and judgement are not looked at."""
    fields: dict[str, Any] = {
        "side": "SELL",
        "asset_id": "USDT-TRC20",
        "fiat_id": "EUR",
        "price_type": "FIXED",
        "price": Decimal("0.93"),
        "quantity": Decimal(1000),
        "remaining": Decimal(1000),
        "min_fiat": Decimal(10),
        "max_fiat": Decimal(900),
        "window_min": 30,
        "status": "ONLINE",
        "created_at": p2p.now,
        "changed_at": p2p.now,
    }
    ad = Ad.objects.create(id=uuid7(), owner=p2p.merchant(owner), **(fields | said))
    AdRail.objects.create(ad=ad, rail_id="sepa_instant")
    return ad


def floating(premium: str) -> dict[str, Any]:
    return {"price_type": "FLOATING", "price": None, "premium": Decimal(premium)}


def prices(p2p: Desk, side: str = "SELL", **words: Any) -> list[str]:
    found = market_of.market(asset="USDT-TRC20", fiat="EUR", side=side, at=p2p.now, **words)
    return [f"{offer.price.normalize():f}" for offer in found.offers]


def test_fixed_and_floating_offers_stand_in_one_order(p2p: Desk) -> None:
    # given the reference 0.925
    posted(p2p, "alice", price=Decimal("0.93"))
    posted(p2p, "carol", **floating("0.01"))
    posted(p2p, "dave", price=Decimal("0.95"))
    posted(p2p, "erin", **floating("-0.02"))
    # then whoever buys sees the cheapest first, whoever sells the highest
    assert prices(p2p) == ["0.9065", "0.93", "0.93425", "0.95"]
    Ad.objects.all()
    posted(p2p, "alice", side="BUY", price=Decimal("0.91"))
    posted(p2p, "carol", side="BUY", **floating("0"))
    assert prices(p2p, side="BUY") == ["0.925", "0.91"]


def test_without_a_reference_price_only_fixed_offers_are_shown(p2p: Desk) -> None:
    from apps.trades.models import ReferencePrice

    posted(p2p, "alice")
    posted(p2p, "carol", **floating("0.01"))
    ReferencePrice.objects.filter(fiat="EUR").delete()
    assert prices(p2p) == ["0.93"]


def test_filters_leave_what_takes_the_amount_the_rail_and_the_viewer(p2p: Desk) -> None:
    bob = p2p.person("bob", kyc_level=1)
    posted(p2p, "alice", price=Decimal("0.93"))
    small = posted(p2p, "carol", price=Decimal("0.91"), max_fiat=Decimal(50))
    posted(p2p, "dave", price=Decimal("0.92"), remaining=Decimal(50), quantity=Decimal(50))
    posted(p2p, "erin", price=Decimal("0.90"), min_kyc=2)
    blocker = posted(p2p, "frank", price=Decimal("0.89"))
    Relation.objects.create(user=blocker.owner, other=bob, kind="BLOCK", at=p2p.now)
    AdRail.objects.create(ad=small, rail_id="revolut")

    assert prices(p2p) == ["0.89", "0.9", "0.91", "0.92", "0.93"]
    assert prices(p2p, viewer=bob) == ["0.9", "0.91", "0.92", "0.93"]
    assert prices(p2p, viewer=bob, fitting=True) == ["0.91", "0.92", "0.93"]
    assert prices(p2p, viewer=bob, fitting=True, amount=Decimal(80)) == ["0.93"]
    assert prices(p2p, rail="revolut") == ["0.91"]


def test_an_offer_says_why_it_cannot_be_taken(p2p: Desk) -> None:
    bob = p2p.person("bob", kyc_level=1)
    posted(p2p, "erin", min_kyc=2)
    (offer,) = market_of.market(
        asset="USDT-TRC20", fiat="EUR", side="SELL", viewer=bob, at=p2p.now
    ).offers
    assert (offer.unmet, offer.is_takeable) == (("MIN_KYC",), False)
    page = signed_in(bob).get(f"{MARKET}&all=on").content.decode()
    assert "This offer asks for a higher verification level." in page


def test_everybody_may_look_and_is_asked_to_sign_in_to_take(p2p: Desk) -> None:
    ad = posted(p2p, "alice")
    answer = Browser().get(MARKET)
    assert answer.status_code == 200
    assert "Alice" in answer.content.decode()
    assert "Sign in" in answer.content.decode()
    assert ad.pk


def test_the_page_obeys_the_policy_for_content(p2p: Desk) -> None:
    answer = Browser().get(MARKET)
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    text = answer.content.decode()
    assert "<style" not in text
    assert " style=" not in text
    assert all("src=" in tag for tag in text.split("<script")[1:])


def test_made_up_filters_are_as_good_as_none(p2p: Desk) -> None:
    posted(p2p, "alice")
    for query in ("amount=NaN", "amount=-5", "rail=nope", "page=x", "page=0", "deed=steal"):
        assert Browser().get(f"{MARKET}&{query}").status_code == 200
    assert Browser().get("/market/?asset=DOGE&fiat=XXX").status_code == 200


def test_the_home_of_traders_is_the_market(p2p: Desk) -> None:
    assert "Market" in signed_in(p2p.person("bob")).get("/").content.decode()


def test_a_page_costs_the_same_however_many_offers_there_are(p2p: Desk) -> None:
    bob = signed_in(p2p.person("bob"))
    posted(p2p, "alice")
    with CaptureQueriesContext(
        connection,
    ) as few:
        bob.get(MARKET)
    _crowd(p2p, 1000)
    with CaptureQueriesContext(connection) as many:
        answer = bob.get(MARKET)
    assert answer.content.decode().count("<tr>") == market_of.SIZE + 1
    assert len(many) == len(few)
    assert len(many) <= 8, [query["sql"][:90] for query in many.captured_queries]


def test_the_market_walks_its_indexes(p2p: Desk) -> None:
    _crowd(p2p, 4000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE trades_ad")
    with CaptureQueriesContext(connection) as seen:
        market_of.market(asset="USDT-TRC20", fiat="EUR", side="SELL", at=p2p.now)
    (walk,) = [
        q["sql"] for q in seen.captured_queries if "ad_market" in q["sql"] or "asked" in q["sql"]
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {walk}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "ad_market_fixed" in plan, plan
    assert "ad_market_floating" in plan, plan
    assert "Seq Scan on trades_ad ad" not in plan, plan


def _crowd(p2p: Desk, many: int) -> None:
    owners = [p2p.merchant(name) for name in ("alice", "carol", "dave")]
    kinds = ({"price_type": "FIXED"}, {"price_type": "FLOATING"})
    ads = [
        Ad(
            id=uuid7(),
            owner=owners[number % 3],
            side="SELL",
            asset_id="USDT-TRC20",
            fiat_id="EUR",
            price=Decimal("0.93") + Decimal(number) / 100_000 if number % 2 else None,
            premium=None if number % 2 else Decimal(number) / 100_000,
            quantity=1000,
            remaining=1000,
            min_fiat=10,
            max_fiat=900,
            window_min=30,
            status="ONLINE",
            created_at=p2p.now - timedelta(seconds=number),
            changed_at=p2p.now,
            **kinds[1 - number % 2],
        )
        for number in range(many)
    ]
    Ad.objects.bulk_create(ads)
    AdRail.objects.bulk_create([AdRail(ad=ad, rail_id="sepa_instant") for ad in ads])


def test_language_and_colours_are_the_readers(p2p: Desk) -> None:
    browser, bob = Browser(), p2p.person("bob")
    answer = browser.post(
        reverse("preferences"), {"language": "zh-hans", "theme": "dark", "next": MARKET}
    )
    assert (answer.status_code, answer["Location"]) == (302, MARKET)
    page = browser.get(MARKET).content.decode()
    assert '<html lang="zh-hans" data-theme="dark">' in page
    elsewhere = browser.post(reverse("preferences"), {"next": "https://evil.example/"})
    assert elsewhere["Location"] == "/"

    own = signed_in(bob)
    own.post(reverse("preferences"), {"language": "zh-hans"})
    bob.refresh_from_db()
    assert bob.locale == "zh-hans"
