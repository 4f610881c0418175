"""A browser registers with us: before and after signing in, once or too often, with or without."""

import json
from typing import Any

import pytest
from django.test import Client as Browser

from apps.devices.models import Device, Sighting
from apps.events.models import Event
from apps.risk.models import Decision, Policy
from apps.web.device import RegistrationThrottle
from tests.machines import windows_laptop
from tests.signing_in import QUICK_HASHERS, person, sign_in

DEVICE = "/web/device"


@pytest.fixture(autouse=True)
def _calm(settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = False
    settings.PASSWORD_HASHERS = QUICK_HASHERS


@pytest.fixture
def browser() -> Browser:
    return Browser(REMOTE_ADDR="203.0.113.9")


def describe(browser: Browser, **changes: Any) -> Any:
    body = {"platform": "WEB", "attributes": windows_laptop()} | changes
    return browser.post(DEVICE, json.dumps(body), content_type="application/json")


def events(kind: str) -> list[Event]:
    return list(Event.objects.filter(kind=kind).order_by("id"))


def test_before_signing_in_a_device_gets_its_token_and_nothing_is_judged(
    browser: Browser, committed_desk: Policy
) -> None:
    answer = describe(browser)
    assert answer.status_code == 204
    cookie = answer.cookies["otc_device"]
    assert cookie["httponly"]
    assert cookie["secure"]
    assert cookie["samesite"] == "Lax"
    assert Device.objects.count() == 1
    assert Event.objects.count() == 0
    assert Sighting.objects.count() == 0


def test_the_device_that_signs_in_is_named_on_the_event_and_from_then_on_the_persons(
    browser: Browser, committed_desk: Policy
) -> None:
    mia = person("mia")
    describe(browser)
    sign_in(browser, mia)
    device, (event,) = Device.objects.get(), events("signin.succeeded")
    assert event.device_id == device.entity
    seen = Sighting.objects.get()
    assert (seen.user_entity, seen.subnet, seen.count) == (mia.entity_id, "203.0.113.0/24", 1)


def test_who_lost_the_cookie_signs_in_with_the_same_device(
    browser: Browser, committed_desk: Policy
) -> None:
    mia = person("mia")
    describe(browser)
    sign_in(browser, mia)
    again = Browser(REMOTE_ADDR="203.0.113.9")
    describe(again)
    sign_in(again, mia)
    first, second = events("signin.succeeded")
    assert first.device_id == second.device_id
    assert Sighting.objects.get().count == 2


def test_a_sign_in_that_does_not_go_through_makes_the_device_nobodys(
    browser: Browser, committed_desk: Policy
) -> None:
    mia = person("mia", factor=True)
    describe(browser)
    sign_in(browser, mia)
    assert events("signin.succeeded") == []
    assert Sighting.objects.count() == 0


def test_an_emulator_is_told_to_the_rules_at_sign_in(
    browser: Browser, committed_desk: Policy
) -> None:
    mia = person("mia")
    describe(browser, integrity={"emulator": True, "rooted": True})
    sign_in(browser, mia)
    (event,) = Event.objects.filter(kind="signin.succeeded")
    assert event.data["emulator"] is True
    assert event.data["rooted"] is True
    assert any("EMULATOR" in code for code in Decision.objects.get().reasons)


def test_without_javascript_one_signs_in_all_the_same(
    browser: Browser, committed_desk: Policy
) -> None:
    sign_in(browser, person("mia"))
    assert "_auth_user_id" in browser.session
    (event,) = events("signin.succeeded")
    assert event.device_id is None


def test_after_signing_in_a_new_device_is_judged_once(
    browser: Browser, committed_desk: Policy
) -> None:
    mia = person("mia")
    sign_in(browser, mia)
    describe(browser)
    describe(browser)
    (event,) = events("device.registered")
    assert (event.user_id, event.device_id) == (mia.entity_id, Device.objects.get().entity)
    assert Decision.objects.filter(event=event.id).get().checkpoint == "CPL"
    assert Sighting.objects.get().count == 2


def test_too_many_too_large_or_unreadable_is_a_problem_and_leaves_nothing(
    browser: Browser, committed_desk: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RegistrationThrottle, "burst", 3.0)
    monkeypatch.setattr(RegistrationThrottle, "rate_per_s", 0.001)
    large = browser.post(DEVICE, b"x" * 20_000, content_type="application/json")
    assert (large.status_code, large.json()["code"]) == (413, "DEVICE_SUBMISSION_TOO_LARGE")
    odd = describe(browser, attributes={"name": "Mia"})
    assert (odd.status_code, odd.json()["code"]) == (400, "DEVICE_ATTRIBUTES_REFUSED")
    assert browser.post(DEVICE, b"{", content_type="application/json").status_code == 400
    often = describe(browser)
    assert often.status_code == 429
    assert int(often["Retry-After"]) > 0
    assert Device.objects.count() == 0
    assert browser.get(DEVICE).status_code == 405


def test_another_site_can_not_register_a_device(committed_desk: Policy) -> None:
    strict = Browser(enforce_csrf_checks=True)
    assert describe(strict).status_code == 403
    assert Device.objects.count() == 0


@pytest.mark.django_db
def test_the_pages_of_signing_in_bring_the_script_and_allow_it(browser: Browser) -> None:
    for address in ("/accounts/login/", "/accounts/signup/"):
        page = browser.get(address)
        text = page.content.decode()
        assert 'data-url="/web/device"' in text
        assert "fp.umd.min.js" in text
        assert "'self'" in page["Content-Security-Policy"]
        assert "unsafe" not in page["Content-Security-Policy"]


def test_an_integrators_device_of_a_known_user_is_in_the_log(committed_exchange: Any) -> None:
    body = {
        "platform": "WEB",
        "attributes": windows_laptop(),
        "user": "alice",
        "ip": "198.51.100.7",
    }
    made = committed_exchange.post("/api/v1/devices", body)
    assert made.status_code == 201
    (event,) = events("device.registered")
    assert event.device_id == Device.objects.get().entity
    assert event.device.ref == made.json()["device_id"]
    assert event.user.ref == "alice"
    assert event.client_id == committed_exchange.client.entity_id
    known = committed_exchange.post("/api/v1/devices", body | {"token": made.json()["token"]})
    assert known.status_code == 200
    nobodys = {"platform": "IOS", "attributes": {"os": "IOS"}}
    assert committed_exchange.post("/api/v1/devices", nobodys).status_code == 201
    assert len(events("device.registered")) == 1


def test_two_people_on_machines_alike_have_a_device_each(
    committed_desk: Policy,
) -> None:
    for user in (person("mia"), person("ben")):
        browser = Browser(REMOTE_ADDR="203.0.113.9")
        describe(browser)
        sign_in(browser, user)
    first, second = events("signin.succeeded")
    assert first.device_id != second.device_id
    assert Sighting.objects.values("device").distinct().count() == 2
