"""What a request tells about who asks: address, device, browser; read once at the edge."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from allauth.core.internal.httpkit import is_headless_request
from django.http import HttpRequest

from apps.core import clock
from apps.core.net import client_ip, subnet
from apps.devices import habits
from apps.devices import queries as devices
from apps.devices.cookies import device_token_of
from apps.devices.models import Device
from apps.users import second_factor
from apps.users.models import DESK, User

# Apps have no cookies.
DEVICE_HEADER = "X-Device-Token"

# Chromium's descendants name Chrome too, and nearly all name Safari: the order decides.
FAMILIES = (
    ("Edg", "edge"),
    ("OPR", "opera"),
    ("SamsungBrowser", "samsung"),
    ("YaBrowser", "yandex"),
    ("Firefox", "firefox"),
    ("FxiOS", "firefox"),
    ("HeadlessChrome", "headless"),
    ("Chrome", "chrome"),
    ("CriOS", "chrome"),
    ("Safari", "safari"),
    ("okhttp", "okhttp"),
    ("CFNetwork", "cfnetwork"),
    ("Dart", "dart"),
    ("curl", "curl"),
    ("python", "python"),
    ("Go-http-client", "go"),
)


class Channel(StrEnum):
    """How a request was made: our pages, a browser's script, a mobile app."""

    WEB = "web"
    BROWSER = "browser"
    APP = "app"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFacts:
    """Where a request comes from; `client` is one of Channel."""

    ip: str | None
    subnet: str | None
    device_id: UUID | None
    user_agent_family: str
    client: str
    second_factor: bool = False
    # What the device tells rules (habits.signals_of).
    device_signals: Mapping[str, bool | float] = field(default_factory=dict)


def facts_of(request: HttpRequest, *, user: User | None = None) -> RequestFacts:
    """The facts of this request; one query when it shows a device token, three with its person."""
    ip = client_ip(request)
    token = device_token_of(request) or request.headers.get(DEVICE_HEADER)
    shown = devices.presented(scope=DESK, token=token) if token else None
    return RequestFacts(
        ip=ip,
        subnet=subnet(ip) if ip else None,
        device_id=shown.device.id if shown else None,
        user_agent_family=_family(request.headers.get("User-Agent", "")),
        device_signals=_signals(shown.device, user) if shown else {},
        client=str(Channel(is_headless_request(request) or "web")),
        second_factor=user is not None
        and second_factor.was_used(session=request.session, user=user),
    )


def _signals(device: Device, user: User | None) -> Mapping[str, bool | float]:
    if user is None:
        return devices.signals_of(device=device, at=clock.now())
    return habits.signals_of(device=device, user_entity=user.entity_id, at=clock.now())


def _family(user_agent: str) -> str:
    if not user_agent:
        return "none"
    return next((family for mark, family in FAMILIES if mark in user_agent), "other")
