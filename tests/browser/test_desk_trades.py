"""Trades in a real browser: two people, two contexts, one order; and every page looked at."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.core.cache import cache
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from apps.flows import chat
from apps.trades.models import Appeal, Order
from tests.desk import Desk
from tests.staff import signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1440, "height": 900}
#: A folder for pictures of every page, for whoever wants to look at them.
PICTURES = os.environ.get("SCREENSHOTS")


@pytest.fixture
def desk(committed_p2p: Desk) -> Iterator[Desk]:
    """A desk at the real time, on which no random face check falls."""
    cache.clear()
    committed_p2p.now = datetime.now(UTC)
    with patch("apps.risk.decide.draw", return_value=0.999):
        yield committed_p2p


@pytest.fixture
def open_as(browser: Browser, live_server: Any, desk: Desk) -> Iterator[Any]:
    """Open the desk as one of the cast; whatever the browser refuses or misses fails."""
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "status of 4" not in message.text:
            complaints.append(message.text)

    @contextmanager
    def opened(name: str, **how: Any) -> Iterator[Page]:
        context = browser.new_context(
            base_url=live_server.url, **{"viewport": DESKTOP, "color_scheme": "light"} | how
        )
        if name:
            session = signed_in(desk.person(name)).cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page = context.new_page()
        page.on("console", heard)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.set_default_timeout(20_000)
        yield page
        context.close()

    yield opened
    assert complaints == []


def market(page: Page) -> None:
    page.goto("/market/?asset=USDT-TRC20&fiat=EUR")


def test_bob_buys_alice_releases_each_in_a_browser_of_their_own(desk: Desk, open_as: Any) -> None:
    desk.funds("alice")
    desk.ad("alice")
    desk.account("bob")
    with open_as("bob") as bob, open_as("alice", viewport=PHONE) as alice:
        # Bob finds the offer, reads it, takes it.
        market(bob)
        bob.get_by_role("link", name="Buy from Alice").click()
        bob.get_by_label("I pay", exact=True).fill("93")
        expect(bob.locator("[data-told]")).to_have_text("≈ 100 USDT-TRC20")
        bob.get_by_role("button", name="Buy at this price").click()
        expect(bob.locator(".next h2")).to_have_text("Pay 93.00 EUR, then say so")
        expect(bob.locator(".countdown")).to_contain_text("29:")

        # Alice sees it on her phone without a mail.
        alice.goto("/orders/?state=open")
        alice.locator(".row-link").click()
        expect(alice.locator(".next h2")).to_have_text("Wait for 93.00 EUR")

        # They talk; each sees the other's line by itself.
        bob.get_by_label("Message", exact=True).fill("Paying now <b>")
        bob.get_by_role("button", name="Send").click()
        expect(bob.locator("#lines .mine")).to_contain_text("Paying now <b>")
        expect(bob.get_by_label("Message", exact=True)).to_be_focused()
        expect(alice.locator("#lines .theirs")).to_contain_text("Paying now <b>")

        bob.get_by_role("link", name="I have paid").click()
        bob.get_by_label("The payment is made").check()
        bob.get_by_role("button", name="I have paid").click()
        expect(bob.locator(".next h2")).to_have_text("Wait for the release")

        expect(alice.locator(".next h2")).to_have_text("Look into your bank for 93.00 EUR")
        alice.get_by_role("link", name="The money is here: release").click()
        alice.get_by_label("The money is in my own account").check()
        alice.get_by_label("The payer is Bob Example.").check()
        alice.get_by_label("It is the whole amount: 93.00 EUR.").check()
        alice.get_by_role("button", name="Release now").click()
        expect(alice.locator(".next h2")).to_have_text("You have sold 100 USDT-TRC20")
        expect(bob.locator(".next h2")).to_have_text("You have received 100 USDT-TRC20")
    assert Order.objects.get().status == "COMPLETED"


def test_alice_reports_money_of_somebody_else_and_releases_nothing(
    desk: Desk, open_as: Any
) -> None:
    order = desk.order(step="PAID")
    with open_as("alice") as alice, open_as("bob") as bob:
        bob.goto(f"/orders/{order.pk}/")
        alice.goto(f"/orders/{order.pk}/")
        alice.get_by_role("link", name="Somebody else paid, or the amount is wrong").click()
        alice.get_by_label("It came from somebody else's account").check()
        alice.get_by_role("button", name="Report it").click()
        expect(alice.locator("h1")).to_have_text("Appeal")
        expect(bob.locator("#state")).to_contain_text("It has to go back to where it came from.")
        expect(bob.locator(".next h2")).to_have_text("The appeal decides")
        bob.get_by_role("link", name="Go to the appeal").click()
        bob.get_by_label("What it shows").fill("I sent it back to the account it came from.")
        bob.get_by_role("button", name="Show it to the desk").click()
        expect(bob.get_by_role("status").first).to_contain_text("It is shown to the desk.")
    order.refresh_from_db()
    assert (order.status, order.third_party) == ("APPEALED", True)
    assert Appeal.objects.get().evidence.count() == 1


def test_it_works_without_scripts(desk: Desk, open_as: Any) -> None:
    desk.funds("alice")
    desk.ad("alice")
    desk.account("bob")
    with open_as("bob", java_script_enabled=False) as bob:
        market(bob)
        bob.get_by_role("link", name="Buy from Alice").click()
        bob.get_by_label("I pay", exact=True).fill("93")
        bob.get_by_role("button", name="Buy at this price").click()
        bob.get_by_label("Message", exact=True).fill("Hello")
        bob.get_by_role("button", name="Send").click()
        expect(bob.locator("#lines .mine")).to_contain_text("Hello")
        bob.locator(".menu summary").click()
        expect(bob.get_by_role("button", name="Sign out")).to_be_visible()
        bob.get_by_role("button", name="简体中文").click()
        expect(bob.locator("html")).to_have_attribute("lang", "zh-hans")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_page_fits_and_its_words_stand_out(
    desk: Desk, open_as: Any, scheme: str, width: dict[str, int], language: str
) -> None:
    from tests.stories.test_sign_in_browser import CONTRAST

    if language != "en" and scheme == "dark" and not PICTURES:
        pytest.skip("colours are the same in every language")
    desk.funds("alice")
    ad = desk.ad(
        "alice",
        terms="Please pay at once.\nNo third parties.",
        min_orders=0,
        min_kyc=2,
    )
    desk.merchant("carol")
    desk.ad("carol", side="BUY", price_type="FLOATING", price=None, premium=_percent("-1"))
    waiting = desk.order(ad=ad)
    chat.say(actor=waiting.buyer, order=waiting, text="Hello, I pay now.", at=desk.now)
    chat.say(actor=waiting.seller, order=waiting, text="Thank you.", at=desk.now)
    done = desk.order(ad=ad, step="COMPLETED", buyer="dave", fiat="50")
    paid = desk.order(ad=ad, step="PAID", buyer="erin", fiat="120")
    desk.pass_time(minutes=12)
    from apps.flows import appeals
    from tests.desk import facts

    disputed = desk.order(ad=ad, step="PAID", buyer="frank", fiat="70")
    appeal = appeals.report_payment(
        actor=disputed.seller,
        order=disputed,
        what="THIRD_PARTY",
        request_facts=facts(disputed.seller),
        at=desk.now,
    )
    pages = [
        ("", "market", "/market/?asset=USDT-TRC20&fiat=EUR"),
        ("bob", "market-own", "/market/?asset=USDT-TRC20&fiat=EUR&all=on"),
        ("bob", "market-sell", "/market/?asset=USDT-TRC20&fiat=EUR&deed=sell"),
        ("bob", "market-empty", "/market/?asset=ETH&fiat=KES"),
        ("bob", "take", f"/market/{ad.pk}/"),
        ("bob", "order-pay", f"/orders/{waiting.pk}/"),
        ("bob", "order-pay-deed", f"/orders/{waiting.pk}/pay/"),
        ("bob", "order-cancel", f"/orders/{waiting.pk}/cancel/"),
        ("alice", "order-wait", f"/orders/{waiting.pk}/"),
        ("alice", "order-look", f"/orders/{paid.pk}/"),
        ("alice", "order-release", f"/orders/{paid.pk}/release/"),
        ("alice", "order-report", f"/orders/{paid.pk}/report/"),
        ("erin", "order-paid", f"/orders/{paid.pk}/"),
        ("erin", "appeal-open", f"/orders/{paid.pk}/appeal/"),
        ("dave", "order-done", f"/orders/{done.pk}/"),
        ("dave", "order-rate", f"/orders/{done.pk}/rate/"),
        ("alice", "appeal", f"/appeals/{appeal.pk}/"),
        ("frank", "appeal-other", f"/appeals/{appeal.pk}/"),
        ("alice", "orders", "/orders/"),
        ("alice", "ads", "/ads/"),
        ("alice", "ad-new", "/ads/new/?fiat=EUR&asset=USDT-TRC20"),
        ("carol", "ad-new-buy", "/ads/new/?fiat=EUR&asset=USDT-TRC20&side=BUY"),
        ("alice", "ad-edit", f"/ads/{ad.pk}/edit/"),
        ("alice", "ad-history", f"/ads/{ad.pk}/history/"),
        ("alice", "ad-close", f"/ads/{ad.pk}/close/"),
    ]
    for name, title, path in pages:
        with open_as(name, viewport=width, color_scheme=scheme) as page:
            page.context.add_cookies(
                [{"name": "django_language", "value": language, "url": _root(page)}]
            )
            answer = page.goto(path)
            assert answer is not None
            assert answer.status == 200, path
            page.wait_for_load_state("load")
            if PICTURES:
                Path(PICTURES).mkdir(parents=True, exist_ok=True)
                file = f"{title}-{width['width']}-{scheme}-{language}.png"
                page.screenshot(path=Path(PICTURES) / file, full_page=True)
            assert page.evaluate("document.documentElement.scrollWidth") <= width["width"], path
            assert page.evaluate(CONTRAST) == [], path
            unnamed = page.locator("main :is(input, select, textarea):visible").evaluate_all(
                "all => all.filter(e => !e.labels.length && !e.ariaLabel).map(e => e.outerHTML)"
            )
            assert unnamed == [], path


def _root(page: Page) -> str:
    return str(page.context._impl_obj._options["baseURL"])


def _percent(text: str) -> Any:
    from decimal import Decimal

    return Decimal(text) / 100
