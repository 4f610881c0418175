"""The wallet in a real browser: an address, its cool-down, a proof, and crypto that leaves."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.core.cache import cache
from django.urls import reverse
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from apps.core import clock
from apps.flows import withdrawal_sweeps
from apps.trades.models import AddressBookEntry, Withdrawal
from tests.desk import Desk
from tests.signing_in import code_of, has_factor
from tests.staff import signed_in
from tests.wallet import address, asks, entry

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"width": 390, "height": 844}
#: The page asks for news every five seconds; how long a test waits for it, in milliseconds.
POLLED = 20_000


@pytest.fixture
def desk(committed_p2p: Desk) -> Iterator[Desk]:
    """A desk at the real time, on which no random check falls."""
    cache.clear()
    committed_p2p.now = datetime.now(UTC)
    with patch("apps.risk.decide.draw", return_value=0.999):
        yield committed_p2p


@pytest.fixture
def open_as(browser: Browser, live_server: Any, desk: Desk) -> Iterator[Any]:
    """Open the desk as one of the cast, not confirmed lately; what the browser refuses fails."""
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "status of 4" not in message.text:
            complaints.append(message.text)

    @contextmanager
    def opened(name: str, **how: Any) -> Iterator[Page]:
        context = browser.new_context(base_url=live_server.url, **how)
        session = signed_in(desk.person(name), second_factor=False).cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page = context.new_page()
        page.on("console", heard)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.set_default_timeout(20_000)
        yield page
        context.close()

    yield opened
    assert complaints == []


def show_factor(page: Page, desk: Desk, name: str) -> None:
    """Answer what the desk asks for with a fresh code of the person's app."""
    # The app's code of this half minute may have been used: it counts once.
    cache.clear()
    page.locator("input[name=code]").fill(code_of(desk.person(name)))
    page.locator("main form button").first.click()


def test_alice_withdraws_once_her_new_address_has_cooled_off(desk: Desk, open_as: Any) -> None:
    # given alice with money and a second factor
    desk.funds("alice", "500")
    alice = desk.person("alice")
    has_factor(alice)
    RecoveryCodes.activate(alice)
    with open_as("alice", viewport=PHONE) as page:
        # when she adds an address, the desk asks for the factor first
        page.goto(reverse("withdraw") + "?asset=USDT-TRC20")
        page.get_by_role("link", name="Add an address").click()
        page.get_by_label("Address", exact=True).fill(address("cold"))
        page.get_by_label("What you call it").fill("Cold wallet")
        page.get_by_role("button", name="Add it").click()
        show_factor(page, desk, "alice")
        expect(page.get_by_role("status")).to_contain_text("“Cold wallet” was added")
        expect(page.locator(".countdown")).to_contain_text("23:59:")

        # then it is too early: the withdrawal is taken, and cools off
        page.goto(reverse("withdraw") + "?asset=USDT-TRC20")
        page.get_by_label("Amount").fill("100")
        page.get_by_role("button", name="Go on").click()
        expect(page.get_by_text("It will wait first")).to_be_visible()
        expect(page.locator(".pay-to")).to_contain_text("99 USDT-TRC20")
        page.get_by_role("button", name="Withdraw").click()
        expect(page.locator(".next h2")).to_have_text("Cooling off")
        made = Withdrawal.objects.get()
        assert made.status == "COOLING_OFF"

        # a day later the clock lets it go on, and the sandbox sends it
        yesterday = clock.now() - timedelta(hours=25)
        AddressBookEntry.objects.update(usable_at=yesterday + timedelta(hours=1))
        Withdrawal.objects.update(
            wait_until=yesterday + timedelta(hours=1), cool_until=yesterday + timedelta(hours=1)
        )
        withdrawal_sweeps.all_due(at=clock.now())
        withdrawal_sweeps.all_due(at=clock.now())
        # the page follows by itself
        expect(page.locator(".next h2")).to_have_text("Sent, waits for the network", timeout=POLLED)
        withdrawal_sweeps.all_due(at=clock.now() + timedelta(minutes=10))
        expect(page.locator(".next h2")).to_have_text("Arrived", timeout=POLLED)
        expect(page.locator(".steps li").first).to_contain_text("Requested")
        made.refresh_from_db()
        expect(page.locator(".facts")).to_contain_text(made.tx_id)

        # and the statement has it
        page.goto(reverse("statement"))
        expect(page.locator("tbody tr").first).to_contain_text("-100 USDT-TRC20")


def test_what_waits_for_a_proof_goes_on_with_the_second_factor(desk: Desk, open_as: Any) -> None:
    desk.funds("alice", "500")
    alice = desk.person("alice")
    has_factor(alice)
    to = entry(desk)
    AddressBookEntry.objects.update(usable_at=desk.now - timedelta(hours=1))
    made = desk.judged("STEP_UP", lambda: asks(desk, "alice", to)).withdrawal
    with open_as("alice") as page:
        page.goto(reverse("withdrawal", args=[made.pk]))
        page.get_by_role("link", name="Show who you are").click()
        page.get_by_role("button", name="Confirm").click()
        show_factor(page, desk, "alice")
        expect(page.get_by_role("status")).to_contain_text("What waited for this goes on")
        page.goto(reverse("withdrawal", args=[made.pk]))
        expect(page.locator(".next h2")).to_have_text("Approved")


def test_the_dashboard_draws_and_the_bell_is_read(desk: Desk, open_as: Any) -> None:
    order = desk.order(step="COMPLETED")
    with open_as("alice", viewport=PHONE) as page:
        page.goto(reverse("merchant"))
        expect(page.locator("[data-chart=volume] canvas")).to_be_visible()
        page.get_by_text("The same as a table").click()
        expect(page.locator("details table tbody tr")).to_have_count(1)
        page.goto(reverse("notices"))
        expect(page.locator(".unread")).to_have_count(3)
        page.get_by_role("button", name="is completed").click()
        page.wait_for_url(f"**{reverse('order', args=[order.pk])}")
        page.goto(reverse("notices"))
        expect(page.locator(".unread")).to_have_count(2)
        page.get_by_role("button", name="Mark all as read").click()
        expect(page.locator(".unread")).to_have_count(0)


def test_the_wallet_works_without_scripts(desk: Desk, open_as: Any) -> None:
    desk.funds("alice", "500")
    with open_as("alice", java_script_enabled=False) as page:
        page.goto(reverse("wallet"))
        page.get_by_label("Show in").select_option("EUR")
        page.get_by_role("button", name="Show").click()
        expect(page.locator(".head .big")).to_contain_text("EUR")
        page.goto(reverse("deposit") + "?asset=USDT-TRC20")
        page.get_by_role("button", name="Give me an address").click()
        expect(page.locator("img.code")).to_be_visible()
