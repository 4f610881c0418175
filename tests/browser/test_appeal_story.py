"""An appeal as everybody lives it, in real browsers: opened, answered, decided, seen by both."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.core.cache import cache
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from apps.trades.models import Appeal, Order
from apps.users.models import User
from tests.appeals import FINDING, STATEMENT, Court
from tests.desk import Desk
from tests.staff import signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def court(committed_p2p: Desk) -> Iterator[Court]:
    """A desk at the real time, on which no random face check falls."""
    cache.clear()
    committed_p2p.now = datetime.now(UTC) - timedelta(minutes=40)
    with patch("apps.risk.decide.draw", return_value=0.999):
        yield Court(committed_p2p)


def of(user: User, browser: Browser, live_server: Any, **how: Any) -> Page:
    """A browser in which this person is signed in."""
    context = browser.new_context(base_url=live_server.url, **how)
    session = signed_in(user).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    page = context.new_page()
    page.set_default_timeout(20_000)
    return page


def shows(page: Page, words: str) -> None:
    """A party says on the appeal's page what they have to say."""
    page.get_by_label("What it shows").fill(words)
    page.get_by_role("button", name="Show it to the desk").click()
    expect(page.get_by_role("status").first).to_contain_text("It is shown to the desk.")


def test_bob_appeals_sam_decides_and_both_see_it(
    court: Court, browser: Browser, live_server: Any
) -> None:
    order = court.paid()
    bob = of(order.buyer, browser, live_server, viewport=PHONE)
    alice = of(order.seller, browser, live_server)

    # Bob has paid and Alice does not answer: he opens an appeal on his phone.
    bob.goto(reverse("order", args=[order.pk]))
    bob.get_by_role("link", name="Something is wrong: open an appeal").click()
    bob.get_by_label("I paid, the seller does not release").check()
    bob.get_by_label("What happened").fill(STATEMENT)
    bob.locator("main form button").last.click()
    expect(bob.locator("h1")).to_have_text("Appeal")
    assert Order.objects.get().status == "APPEALED"

    # Alice reads of it and does not agree; both show what they have.
    alice.goto(reverse("order", args=[order.pk]))
    alice.get_by_role("link", name="Go to the appeal").click()
    alice.get_by_role("button", name="We cannot agree").click()
    shows(alice, "I saw nothing in my bank until this morning.")
    bob.reload()
    shows(bob, "My bank's page of today: the transfer has left.")

    # Sam takes it, reads with a reason, and decides.
    sam = of(court.member("sam"), browser, live_server)
    sam.goto(reverse("console:appeals"))
    sam.locator("tr .open").first.click()
    sam.get_by_role("button", name="Take this appeal").click()
    sam.get_by_text("To decide this appeal").click()
    sam.get_by_role("button", name="Open with this reason").click()
    expect(sam.get_by_text(STATEMENT)).to_be_visible()
    sam.get_by_text("The buyer gets the crypto").click()
    sam.get_by_label("What was found").select_option("PAID_NOT_RELEASED")
    sam.get_by_text("The seller", exact=True).click()
    sam.get_by_label("Your finding").fill(FINDING)
    sam.get_by_role("button", name="Decide", exact=True).click()

    # Both see who decided what, and Bob has his crypto.
    for page in (bob, alice):
        page.goto(reverse("appeal", args=[Appeal.objects.get().pk]))
        expect(page.locator("main")).to_contain_text(FINDING)
    bob.goto(reverse("order", args=[order.pk]))
    expect(bob.locator(".next h2")).to_have_text("You have received 100 USDT-TRC20")
    assert Order.objects.get().status == "COMPLETED"
