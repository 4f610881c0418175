"""Production refuses to start on anything that is only safe on a developer's machine."""

import os
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Critical, Tags, register


@register(Tags.security)
def production_is_safe(app_configs: Any, **_: Any) -> list[CheckMessage]:
    if not settings.PRODUCTION:
        return []
    faults = {
        "E001": [f"{name} (or {name}_FILE) is not set" for name in settings.SECRET_NAMES if not settings.SECRETS[name]],
        "E002": ["DEBUG is on"] if settings.DEBUG else [],
        "E003": ["ALLOWED_HOSTS is empty or allows every host"]
        if not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS
        else [],
        "E004": [
            f"{name} is not set: the embedded servers trust everybody on this machine"
            for name in ("DATABASE_URL", "BROKER_URL", "CACHE_URL")
            if name not in os.environ or "OTCRISK_EMBEDDED" in os.environ
        ],
        "E005": [f"{name} is shorter than 32 characters" for name, value in settings.SECRETS.items() if 0 < len(value) < 32],
    }
    return [Critical(f"{words}.", id=f"otcrisk.{number}") for number, found in faults.items() for words in found]
