"""A real browser signs in twice and is one device; another profile is another one."""

import json
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from apps.devices.models import Lately
from apps.events.models import Event
from apps.risk.models import Policy
from apps.users.models import User
from tests.signing_in import PASSWORD, QUICK_HASHERS, person

pytestmark = pytest.mark.browser
PHONE = {
    "user_agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
    "viewport": {"width": 390, "height": 844},
    "screen": {"width": 390, "height": 844},
    "device_scale_factor": 3,
    "has_touch": True,
    "locale": "tl-PH",
    "timezone_id": "Asia/Manila",
}


@pytest.fixture(autouse=True)
def _calm(settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = False
    settings.PASSWORD_HASHERS = QUICK_HASHERS


@pytest.fixture
def mia(committed_desk: Policy) -> User:
    return person("mia")


def sign_in(page: Page, user: User) -> None:
    page.goto("/accounts/login/")
    page.wait_for_selector("html[data-device=registered]", state="attached", timeout=30_000)
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign In", exact=True).click()
    page.wait_for_url(lambda url: "/accounts/" not in url)
    page.wait_for_selector("html[data-device=registered]", state="attached", timeout=30_000)


def sign_out(page: Page) -> None:
    page.locator(".menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_load_state()


def devices_signed_in() -> list[int | None]:
    signed_in = Event.objects.filter(kind="signin.succeeded").order_by("id")
    return list(signed_in.values_list("device_id", flat=True))


def test_one_browser_is_one_device_and_another_is_another(
    browser: Browser, live_server: Any, mia: User
) -> None:
    context = browser.new_context(base_url=live_server.url)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    sign_in(page, mia)
    sign_out(page)
    sign_in(page, mia)
    assert page.evaluate("document.cookie.includes('otc_device')") is False
    context.close()
    first, again = devices_signed_in()
    assert first is not None
    assert first == again
    phone = browser.new_context(base_url=live_server.url, **PHONE)
    sign_in(phone.new_page(), mia)
    phone.close()
    assert devices_signed_in()[2] not in {None, first}
    assert complaints == []


def test_without_scripts_one_signs_in_and_no_device_is_known(
    browser: Browser, live_server: Any, mia: User
) -> None:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(mia.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign In", exact=True).click()
    page.wait_for_url(lambda url: "/accounts/" not in url)
    context.close()
    assert devices_signed_in() == [None]


def test_a_page_tells_how_one_types_and_not_what(
    browser: Browser, live_server: Any, mia: User
) -> None:
    context = browser.new_context(base_url=live_server.url)
    page = context.new_page()
    told: list[str] = []
    page.on(
        "request", lambda one: told.append(one.post_data or "") if "web/rhythm" in one.url else None
    )
    page.goto("/accounts/login/")
    page.wait_for_selector("html[data-device=registered]", state="attached", timeout=30_000)
    page.get_by_label("Email").focus()
    for letter in "mia@example.org":
        page.keyboard.down(letter)
        page.wait_for_timeout(60)
        page.keyboard.up(letter)
        page.wait_for_timeout(90)
    page.wait_for_selector("html[data-rhythm]", state="attached", timeout=30_000)
    context.close()
    (said,) = told
    measures = json.loads(said)["measures"]
    assert set(measures) == {"dwell", "flight"}
    assert all(set(one) == {"n", "mean", "sd"} for one in measures.values())
    assert 55 < measures["dwell"]["mean"] < 200
    assert "mia" not in said
    lately = Lately.objects.get()
    assert (lately.user_entity, "dwell" in lately.views) == (None, True)


def test_who_asks_not_to_be_measured_is_not(browser: Browser, live_server: Any, mia: User) -> None:
    context = browser.new_context(base_url=live_server.url)
    context.add_init_script(
        "Object.defineProperty(navigator, 'globalPrivacyControl', {get: () => true})"
    )
    page = context.new_page()
    told: list[str] = []
    page.on("request", lambda one: told.append(one.url) if "web/rhythm" in one.url else None)
    page.goto("/accounts/login/")
    page.wait_for_selector("html[data-device=registered]", state="attached", timeout=30_000)
    page.get_by_label("Email").press_sequentially("mia@example.org", delay=30)
    page.wait_for_timeout(1_000)
    context.close()
    assert told == []
    assert not Lately.objects.exists()
