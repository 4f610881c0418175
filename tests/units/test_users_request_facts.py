"""What a request tells about who asks."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.test import RequestFactory

from apps.devices import services as devices
from apps.devices.cookies import DEVICE_COOKIE
from apps.devices.models import Device
from apps.flows.request_facts import facts_of

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"
EDGE = f"{CHROME} Edg/140.0"
SAFARI = "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15"


def facts(headers: dict[str, str] | None = None, **meta: Any) -> Any:
    request = RequestFactory().get("/", headers=headers, **meta)
    request.session = SessionStore()
    return facts_of(request)


def test_the_address_and_its_neighbourhood() -> None:
    assert facts(REMOTE_ADDR="198.51.100.77").subnet == "198.51.100.0/24"
    assert facts(REMOTE_ADDR="::ffff:198.51.100.77").ip == "198.51.100.77"
    assert facts(REMOTE_ADDR="2001:db8:1:2::9").subnet == "2001:db8:1::/48"


def test_a_server_that_names_no_address_is_no_fault() -> None:
    told = facts(REMOTE_ADDR="")
    assert (told.ip, told.subnet) == (None, None)


def test_a_forged_forwarded_address_is_not_believed() -> None:
    told = facts({"X-Forwarded-For": "203.0.113.1"}, REMOTE_ADDR="198.51.100.7")
    assert told.ip == "198.51.100.7"


@pytest.mark.parametrize(
    ("said", "family"),
    [
        (CHROME, "chrome"),
        (EDGE, "edge"),
        (SAFARI, "safari"),
        ("okhttp/4.12", "okhttp"),
        ("curl/8.5.0", "curl"),
        ("something else", "other"),
        ("", "none"),
    ],
)
def test_browsers_are_families(said: str, family: str) -> None:
    assert facts({"User-Agent": said}).user_agent_family == family


def test_a_device_is_known_by_its_token_in_a_cookie_or_a_header() -> None:
    made = devices.register(scope="desk", platform="WEB", attributes={}, at=AT)
    by_header = facts({"X-Device-Token": made.token})
    assert by_header.device_id == made.device.id
    request = RequestFactory().get("/")
    request.session = SessionStore()
    request.COOKIES[DEVICE_COOKIE] = made.token
    assert facts_of(request).device_id == made.device.id


def test_a_token_of_another_scope_or_of_nobody_is_no_device() -> None:
    made = devices.register(scope="acme", platform="WEB", attributes={}, at=AT)
    assert Device.objects.count() == 1
    for token in (made.token, f"otcd_{'x' * 43}", str(uuid4()), "junk"):
        assert facts({"X-Device-Token": token}).device_id is None
