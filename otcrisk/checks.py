"""Production refuses to start on anything that is only safe on a developer's machine."""

import os
import re
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Critical, Tags, register
from django.core.exceptions import ImproperlyConfigured

SHORTEST_SECRET = 32
HEX64 = re.compile("[0-9a-fA-F]{64}")


@register(Tags.security)
def production_is_safe(app_configs: Any, **_: Any) -> list[CheckMessage]:
    if not settings.PRODUCTION:
        return []
    return [Critical(f"{words}.", id=f"otcrisk.{number}") for number, words in _faults()]


def refuse_unsafe_production() -> None:
    """Raise when production would run unsafely: servers load the app without Django's checks."""
    if settings.PRODUCTION and (words := [words for _, words in _faults()]):
        raise ImproperlyConfigured("; ".join(words))


def _faults() -> Iterator[tuple[str, str]]:
    for name, value in settings.SECRETS.items():
        if not value:
            yield "E001", f"{name} (or {name}_FILE) is not set"
        elif len(value) < SHORTEST_SECRET:
            yield "E002", f"{name} is shorter than {SHORTEST_SECRET} characters"
    for name, values in (
        ("PACK_SIGNING_KEY", [settings.PACK_SIGNING_KEY]),
        ("PACK_RETIRED_KEYS", settings.PACK_RETIRED_KEYS),
    ):
        if any(not HEX64.fullmatch(value) for value in values if value):
            yield "E008", f"{name} is not 64 hexadecimal digits"
    if settings.DEBUG:
        yield "E003", "DEBUG is on"
    if not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS:
        yield "E004", "ALLOWED_HOSTS is empty or allows every host"
    for name in ("DATABASE_URL", "BROKER_URL", "CACHE_URL"):
        if name not in os.environ or "OTCRISK_EMBEDDED" in os.environ:
            yield "E005", f"{name} is not set, and the embedded servers trust everybody"
    if not settings.SITE_URL.startswith("https://"):
        yield "E006", "SITE_URL is not an https address"
    if settings.CUSTODY == "sandbox":
        yield "E008", "CUSTODY is the sandbox, which sends no coins"
    if settings.CUSTODY == "webhook" and not (settings.CUSTODY_URL and settings.CUSTODY_SECRET):
        yield "E009", "CUSTODY is webhook, and CUSTODY_URL or CUSTODY_SECRET is not set"
    if "EMAIL_URL" not in os.environ:
        yield "E007", "EMAIL_URL is not set: nobody would receive mail"
