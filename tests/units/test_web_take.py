"""Taking an offer on its page."""

from decimal import Decimal

from django.urls import reverse

from apps.restrictions.models import Restriction
from apps.trades.models import Ad, Order, ReferencePrice
from tests.desk import Desk
from tests.web import Web


def offered(p2p: Desk, **words: object) -> Ad:
    p2p.funds("alice")
    return p2p.ad("alice", **words)


def form(p2p: Desk, name: str = "bob", **said: str) -> dict[str, str]:
    account = p2p.account(name)
    usual = {
        "fiat_amount": "93",
        "amount": "",
        "rail": "sepa_instant",
        "account": str(account.pk),
        "price": "0.93",
    }
    return usual | said


def test_bob_takes_an_offer_by_what_he_pays_or_by_what_he_gets(web: Web, p2p: Desk) -> None:
    path = f"/market/{offered(p2p).pk}/"
    answer = web.post("bob", path, form(p2p))
    order = Order.objects.get()
    assert answer["Location"] == f"/orders/{order.pk}/"
    assert (order.status, order.amount, order.fiat_amount) == ("AWAITING_PAYMENT", 100, 93)

    web.post("bob", path, form(p2p, fiat_amount="", amount="50"))
    assert Order.objects.order_by("-id").values_list("fiat_amount", flat=True)[0] == Decimal("46.5")


def test_the_page_says_price_conditions_limits_and_warnings_before(web: Web, p2p: Desk) -> None:
    ad = offered(p2p, min_orders=3, terms="Only weekdays.", newcomer_limit_usd=Decimal(200))
    p2p.account("bob")
    text = web.text("bob", f"/market/{ad.pk}/")
    for said in (
        "At least 3 completed orders",
        "you do not meet this",
        "First order with this advertiser: at most 200 USD",
        "Only weekdays.",
        "10.00 EUR",
        "900.00 EUR",
        "30 min",
        "Pay only after the order is open",
        "SEPA Instant: <b>10,000 USD</b>",
    ):
        assert said in text, said
    assert "Buy at this price" not in text


def test_a_price_that_moved_is_shown_and_confirmed_anew(web: Web, p2p: Desk) -> None:
    ad = offered(p2p, price_type="FLOATING", price=None, premium=Decimal("0.01"))
    path = f"/market/{ad.pk}/"
    assert 'value="0.93425"' in web.text("bob", path)
    ReferencePrice.objects.filter(asset="USDT-TRC20", fiat="EUR").update(price=Decimal("0.94"))

    answer = web.post("bob", path, form(p2p, price="0.93425"))
    assert answer.status_code == 409
    assert 'name="price" value="0.9494"' in answer.content.decode()
    assert not Order.objects.exists()
    web.post("bob", path, form(p2p, price="0.9494"))
    assert Order.objects.get().price == Decimal("0.9494")


def test_whoever_sells_needs_an_account_to_be_paid_to(web: Web, p2p: Desk) -> None:
    p2p.funds("bob")
    ad = p2p.ad("alice", side="BUY")
    path = f"/market/{ad.pk}/"
    answer = web.post("bob", path, form(p2p, account=""))
    assert answer.status_code == 422
    assert "This field is required." in answer.content.decode()
    web.post("bob", path, form(p2p))
    order = Order.objects.get()
    assert (order.seller, order.payee_account) == (p2p.person("bob"), p2p.account("bob"))


def test_what_a_flow_refuses_stands_at_its_field(web: Web, p2p: Desk) -> None:
    path = f"/market/{offered(p2p).pk}/"
    for said, words in (
        ({"fiat_amount": "5"}, "This offer takes 10 to 900 EUR."),
        ({"fiat_amount": "93.001"}, "EUR has at most 2 decimals."),
        ({"fiat_amount": "-93"}, "The amount may not be negative."),
        ({"fiat_amount": "NaN"}, "Write the amount in plain digits"),
        ({"fiat_amount": "1e3"}, "Write the amount in plain digits"),
        ({"fiat_amount": "9" * 39}, "An amount has at most 38 digits."),
        ({"fiat_amount": ""}, "Say how much"),
        ({"rail": "pix"}, "Select a valid choice"),
        ({"account": str(p2p.account("mallory").pk)}, "Select a valid choice"),
    ):
        answer = web.post("bob", path, form(p2p, **said))
        assert answer.status_code == 422, said
        assert words in answer.content.decode(), said
    assert not Order.objects.exists()


def test_an_order_that_the_engine_refuses_says_so(web: Web, p2p: Desk) -> None:
    path = f"/market/{offered(p2p).pk}/"
    answer = p2p.judged("BLOCK", lambda: web.of("bob").post(path, form(p2p)))
    assert answer.status_code == 403
    assert Order.objects.get().status == "REJECTED"


def test_strangers_sign_in_first_and_one_takes_nothing_of_ones_own(web: Web, p2p: Desk) -> None:
    from django.test import Client as Browser

    path = f"/market/{offered(p2p).pk}/"
    answer = Browser().get(path)
    assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={path}")
    answer = web.post("alice", path, form(p2p, "alice"))
    assert answer.status_code == 409
    assert "This is your own offer." in answer.content.decode()


def test_a_paused_offer_is_not_there_and_a_draft_never_was(web: Web, p2p: Desk) -> None:
    ad = offered(p2p)
    Ad.objects.filter(pk=ad.pk).update(status="PAUSED")
    assert "This offer is not available now" in web.text("bob", f"/market/{ad.pk}/")
    Ad.objects.filter(pk=ad.pk).update(status="PENDING_REVIEW")
    assert web.get("bob", f"/market/{ad.pk}/").status_code == 404


def test_an_expired_order_that_was_paid_is_taken_up_again(web: Web, p2p: Desk) -> None:
    from apps.flows import trading

    expired = p2p.order()
    p2p.pass_time(minutes=31)
    trading.expire(order=expired, at=p2p.now)
    assert f"/market/{expired.ad_id}/?reclaims={expired.pk}" in web.text(
        "bob", f"/orders/{expired.pk}/"
    )
    path = f"/market/{expired.ad_id}/"
    assert expired.number in web.text("bob", f"{path}?reclaims={expired.pk}")
    web.post("bob", path, form(p2p, reclaims=str(expired.pk)))
    assert Order.objects.get(reclaims=expired).status == "AWAITING_PAYMENT"


def test_an_account_is_added_in_place(web: Web, p2p: Desk) -> None:
    path = f"/market/{offered(p2p).pk}/"
    bob = p2p.person("bob")
    add = f"{reverse('payment_account_new')}?next={path}&rails=sepa_instant"
    assert f"next={path}" in web.text("bob", path)
    said = {"rail": "sepa_instant", "holder": "Bob Example", "number": "DE89370400440532013000"}
    answer = web.post("bob", add, said | {"next": path, "country": "DE"})
    assert answer["Location"] == path
    assert bob.payout_accounts.get().number == "DE89370400440532013000"
    answer = web.post("bob", add, said | {"next": "https://evil.example/", "number": "DE1234"})
    assert answer["Location"] == "/account/"
    again = web.post("bob", add, said)
    assert (again.status_code, "You have this account already." in again.content.decode()) == (
        409,
        True,
    )
    assert not Restriction.objects.exists()
