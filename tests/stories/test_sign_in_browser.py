"""Signing in through a real browser: passkeys, the strict content policy, light and dark."""

from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from apps.flows import accounts
from apps.users.models import User
from apps.users.roles import Role
from tests.signing_in import PASSWORD, QUICK_HASHERS, code_for, code_of, person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _calm(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ACCOUNT_RATE_LIMITS = False
    settings.PASSWORD_HASHERS = QUICK_HASHERS
    monkeypatch.setattr(accounts, "_judge", lambda act: accounts.Answer("ALLOW"))


@pytest.fixture
def page(browser: Browser, live_server: Any) -> Iterator[Page]:
    """A fresh window at our site; at the end nothing may have been blocked or failed in it."""
    context = browser.new_context(base_url=live_server.url, viewport={"width": 390, "height": 844})
    page = context.new_page()
    troubles: list[str] = []

    def note(said: ConsoleMessage) -> None:
        # The admin's theme has a policy and troubles of its own.
        if said.type == "error" and "/console/" not in page.url:
            troubles.append(said.text)

    page.on("console", note)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    yield page
    context.close()
    assert troubles == []


def fill_in(page: Page, user: User) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign In", exact=True).click()


def with_a_passkey_device(page: Page) -> None:
    """Plug a security key into the browser that checks its owner without asking."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_staff_sign_in_on_a_phone_with_password_and_code(page: Page) -> None:
    ana = person("ana", role=Role.ANALYST, factor=True)
    fill_in(page, ana)
    expect(page.get_by_role("heading", level=1)).to_have_text("Two-Factor Authentication")
    page.get_by_label("Code").fill(code_of(ana))
    page.get_by_role("button", name="Sign In", exact=True).click()
    page.wait_for_url("**/console/")


def test_a_passkey_is_added_and_then_signs_in_alone(page: Page) -> None:
    ana = person("ana", role=Role.ANALYST, factor=True)
    with_a_passkey_device(page)
    fill_in(page, ana)
    page.get_by_label("Code").fill(code_of(ana))
    page.get_by_role("button", name="Sign In", exact=True).click()
    page.wait_for_url("**/console/")
    page.goto("/accounts/2fa/webauthn/add/")
    if "reauthenticate" in page.url:
        page.get_by_label("Code").fill(next_code_of(ana))
        page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Add").click()
    page.wait_for_url(lambda url: "add" not in url)
    assert Authenticator.objects.filter(user=ana, type="webauthn").count() == 1
    page.context.clear_cookies()
    page.goto("/accounts/login/?next=/console/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/console/")


def test_an_app_is_set_up_from_the_picture(page: Page) -> None:
    mia = person("mia")
    fill_in(page, mia)
    page.goto("/account/")
    page.get_by_role("link", name="Not set up yet").click()
    page.get_by_role("link", name="Activate").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator("img.code")).to_be_visible()
    secret = page.get_by_label("Authenticator secret").input_value()
    page.get_by_label("Authenticator code").fill(code_for(secret))
    page.get_by_role("button", name="Activate").click()
    page.wait_for_url("**/recovery-codes/")
    assert Authenticator.objects.filter(user=mia, type="totp").exists()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_fits_a_phone_and_its_words_stand_out(page: Page, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 320, "height": 640})
    for address in ("/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"):
        page.goto(address)
        wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not wide, address
        assert page.evaluate(CONTRAST) == [], address


# Every text that can be seen against what is painted behind it: WCAG AA asks for 4.5.
CONTRAST = """() => {
  const channel = v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b);
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgba = colour => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const found = rgba(getComputedStyle(at).backgroundColor);
      if (found[3] === 255) return found;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll('body *')]
    .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
    .filter(e => e.checkVisibility() && !['SCRIPT', 'NOSCRIPT'].includes(e.tagName))
    .map(e => {
      const both = [light(rgba(getComputedStyle(e).color)), light(behind(e))];
      const [a, b] = both.sort((x, y) => y - x);
      return [e.textContent.trim().slice(0, 30), (a + .05) / (b + .05)];
    })
    .filter(([, ratio]) => ratio < 4.5);
}"""


def test_every_field_has_a_name_and_errors_are_told_with_it(page: Page) -> None:
    page.goto("/accounts/signup/")
    for field in page.locator("main input:visible").all():
        assert field.evaluate("e => e.labels.length") == 1
    page.get_by_label("Email").fill("mia@example.org")
    page.get_by_label("Password", exact=True).fill("short")
    page.get_by_label("Password (again)").fill("other")
    page.get_by_role("button", name="Sign Up").click()
    wrong = page.locator("[aria-invalid=true]").first
    told = wrong.get_attribute("aria-describedby")
    assert told is not None
    assert page.locator(f"#{told.split()[-1]}").inner_text() != ""


def next_code_of(user: User) -> str:
    """The code again, as if half a minute had passed since it was used."""
    code = code_of(user)
    cache.delete(f"allauth.mfa.totp.used?user={user.pk}&code={code}")
    return code
