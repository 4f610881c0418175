"""Ads on their owner's pages."""

from decimal import Decimal
from typing import Any

from django.test import Client as Browser

from apps.trades.models import Ad, AdRevision
from tests.desk import Desk
from tests.web import Web, queries_of


def form(p2p: Desk, **said: Any) -> dict[str, Any]:
    usual = {
        "side": "SELL",
        "asset": "USDT-TRC20",
        "fiat": "EUR",
        "price_type": "FIXED",
        "price": "0,93",
        "quantity": "1 000",
        "min_fiat": "10",
        "max_fiat": "900",
        "window_min": "30",
        "rails": [str(p2p.account("alice").pk)],
        "min_kyc": "1",
        "min_completion": "90",
        "countries": "de, fr",
        "terms": "Be quick.",
    }
    return usual | said


def alice(p2p: Desk) -> None:
    p2p.merchant("alice")
    p2p.funds("alice")


def test_an_ad_is_written_edited_paused_resumed_and_closed(web: Web, p2p: Desk) -> None:
    alice(p2p)
    assert "Free in your wallet" in web.text("alice", "/ads/new/?side=SELL&fiat=EUR")
    answer = web.post("alice", "/ads/new/", form(p2p))
    assert answer["Location"] == "/ads/", answer.content.decode()[:3000]
    ad = Ad.objects.get()
    assert (ad.status, ad.price, ad.quantity) == ("ONLINE", Decimal("0.93"), 1000)
    assert (ad.min_kyc, ad.min_completion, ad.countries) == (1, Decimal("0.9"), ["DE", "FR"])

    page = web.text("alice", f"/ads/{ad.pk}/edit/")
    assert 'value="0.93"' in page
    assert 'value="DE, FR"' in page
    web.post(
        "alice",
        f"/ads/{ad.pk}/edit/",
        form(p2p, price_type="FLOATING", premium="-1.5", quantity="500"),
    )
    ad.refresh_from_db()
    assert (ad.premium, ad.price, ad.remaining) == (Decimal("-0.015"), None, 500)

    history = web.text("alice", f"/ads/{ad.pk}/history/")
    assert "Version 2" in history
    assert "-1.50 %" in history
    assert AdRevision.objects.count() == 2

    for deed, status in (("pause", "PAUSED"), ("resume", "ONLINE"), ("close", "CLOSED")):
        assert web.post("alice", f"/ads/{ad.pk}/{deed}/")["Location"] == "/ads/"
        ad.refresh_from_db()
        assert ad.status == status
    assert web.get("alice", f"/ads/{ad.pk}/edit/").status_code == 409
    assert "No ads here" in web.text("alice", "/ads/")
    assert "USDT-TRC20 / EUR" in web.text("alice", "/ads/?tab=closed")


def test_what_is_wrong_stands_at_its_field(web: Web, p2p: Desk) -> None:
    alice(p2p)
    for said, words in (
        ({"price": ""}, "Say what one unit costs."),
        ({"price_type": "FLOATING", "premium": "80"}, "Between -50 % and +50 %."),
        ({"quantity": "0.0000001"}, "USDT-TRC20 has at most 6 decimals."),
        ({"min_fiat": "901"}, "The smallest order lies between zero and the largest."),
        ({"window_min": "1440"}, "At most 60 minutes with these ways of paying."),
        ({"rails": []}, "This field is required."),
        ({"rails": [str(p2p.account("bob").pk)]}, "Select a valid choice."),
        ({"countries": "Germany"}, "Write codes of two letters"),
        ({"quantity": "99999999"}, "available"),
    ):
        answer = web.post("alice", "/ads/new/", form(p2p, **said))
        assert answer.status_code in (409, 422), said
        assert words in answer.content.decode(), (said, words)
    assert not Ad.objects.exists()


def test_an_ad_under_review_says_so_and_a_suspended_one_why(web: Web, p2p: Desk) -> None:
    alice(p2p)
    p2p.judged("REVIEW", lambda: web.of("alice").post("/ads/new/", form(p2p)))
    assert "A person looks at it first" in web.text("alice", "/ads/")
    Ad.objects.update(status="SUSPENDED", suspended_for="RISK")
    assert "Our risk control took it off the market." in web.text("alice", "/ads/")


def test_ads_belong_to_their_owner(web: Web, p2p: Desk) -> None:
    p2p.funds("alice")
    ad = p2p.ad("alice")
    for deed in ("edit", "history", "close"):
        path = f"/ads/{ad.pk}/{deed}/"
        assert web.get("mallory", path).status_code == 404
        assert Browser().get(path).status_code == 302
    for deed in ("edit", "pause", "resume", "close"):
        assert web.post("mallory", f"/ads/{ad.pk}/{deed}/", form(p2p)).status_code == 404
    ad.refresh_from_db()
    assert (ad.status, ad.revision) == ("ONLINE", 1)


def test_a_list_of_ads_costs_the_same_however_long(web: Web, p2p: Desk) -> None:
    alice(p2p)
    p2p.ad("alice")
    few = queries_of(web.of("alice"), "/ads/")
    one = Ad.objects.get()
    for number in range(60):
        one.pk = None
        one.id = Ad._meta.pk.get_default()
        one.price = Decimal(1) + number
        one.save(force_insert=True)
    many = queries_of(web.of("alice"), "/ads/")
    assert len(many) == len(few) <= 9
    assert "?page=2" in web.text("alice", "/ads/")


def test_a_swapped_account_shows_in_the_history(web: Web, p2p: Desk) -> None:
    alice(p2p)
    web.post("alice", "/ads/new/", form(p2p))
    ad = Ad.objects.get()
    p2p.accounts.clear()
    other = str(p2p.account("alice").pk)
    web.post("alice", f"/ads/{ad.pk}/edit/", form(p2p, rails=[other]))
    assert "SEPA Instant (another account)" in web.text("alice", f"/ads/{ad.pk}/history/")
