"""An appeal in a real browser: an agent takes it, reads with a reason, decides; another agrees."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from apps.flows import chat
from apps.trades.models import Appeal, Order
from tests.appeals import FINDING, STATEMENT, Court, picture
from tests.desk import Desk
from tests.staff import signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def court(committed_p2p: Desk) -> Court:
    """An appeal that both have spoken in, two hours ago."""
    committed_p2p.now = datetime.now(UTC) - timedelta(hours=2)
    court = Court(committed_p2p)
    order = court.paid()
    chat.say(actor=order.buyer, order=order, text="Sent, please look.", at=court.desk.now)
    chat.say(actor=order.seller, order=order, text="My bank shows nothing.", at=court.desk.now)
    appeal = court.opens(order)
    court.tells(appeal, "bob", what="BANK_STATEMENT", words="The page of today.", data=picture())
    court.tells(appeal, "alice")
    return court


@pytest.fixture
def open_as(browser: Browser, live_server: Any, court: Court) -> Iterator[Any]:
    """Open the console as a member of staff; whatever the browser refuses or misses fails."""
    complaints: list[str] = []

    @contextmanager
    def opened(name: str, **how: Any) -> Iterator[Page]:
        viewport = {"width": 1440, "height": 900}
        context = browser.new_context(base_url=live_server.url, **{"viewport": viewport} | how)
        session = signed_in(court.member(name)).cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page = context.new_page()
        page.on(
            "console",
            lambda said: complaints.append(said.text) if said.type in ("error", "warning") else 0,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        context.close()

    yield opened
    assert complaints == []


def test_taken_read_decided_and_agreed_to(court: Court, open_as: Any, settings: Any) -> None:
    settings.APPEAL_SECOND_PAIR_USD = "50"
    with open_as("sam") as page:
        page.goto(reverse("console:appeals"))
        page.locator("tr .open").first.click()
        expect(page.get_by_text(STATEMENT)).to_have_count(0)
        page.get_by_role("button", name="Take this appeal").click()
        page.get_by_text("To decide this appeal").click()
        page.get_by_role("button", name="Open with this reason").click()
        expect(page.get_by_text(STATEMENT)).to_be_visible()
        expect(page.get_by_text("My bank shows nothing.")).to_be_visible()
        with page.expect_popup() as popup:
            page.get_by_role("button", name="Open image").click()
        expect(popup.value.locator("img")).to_be_visible()
        page.get_by_role("button", name="Genuine").first.click()
        expect(page.locator("td .tag.good", has_text="genuine")).to_be_visible()
        page.get_by_text("The buyer gets the crypto").click()
        page.get_by_label("What was found").select_option("PAID_NOT_RELEASED")
        page.get_by_text("The seller", exact=True).click()
        page.get_by_label("Your finding").fill(FINDING)
        page.get_by_role("button", name="Decide", exact=True).click()
        expect(page.get_by_text("once a second person agrees")).to_be_visible()
    assert Order.objects.get().status == "APPEALED"
    with open_as("cora") as page:
        page.goto(reverse("console:appeals"))
        expect(page.get_by_text("wants a second person")).to_be_visible()
        page.locator("tr .open").first.click()
        page.get_by_role("button", name="Agree: let it stand").click()
        expect(page.get_by_text("The decision stands")).to_be_visible()
    assert Appeal.objects.get().state == "DECIDED"


@pytest.mark.parametrize("width", [390, 1440])
def test_the_pages_fit_and_read_well(court: Court, open_as: Any, width: int) -> None:
    appeal = court.takes(Appeal.objects.get())
    with open_as("sam", viewport={"width": width, "height": 900}) as page:
        for address in (
            reverse("console:appeals"),
            reverse("console:appeal", args=[appeal.pk]),
        ):
            page.goto(address)
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, (address, wide)
