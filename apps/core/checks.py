"""System checks: keys that encrypt, prepared plans, and the library that ends the process."""

from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from apps.core.crypto import KEY_BYTES

# setuptools 82 has no pkg_resources, without which face_recognition calls quit() at import.
SETUPTOOLS_LIMIT = 82
GENERIC_PLANS = "plan_cache_mode=force_generic_plan"


@register(Tags.security)
def keys_are_usable(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """FIELD_KEYS is a ring of 32-byte keys and BLIND_INDEX_KEY has 32 bytes or more."""
    found: list[CheckMessage] = []
    ring = getattr(settings, "FIELD_KEYS", None)
    if not isinstance(ring, dict) or not ring:
        found.append(Error("FIELD_KEYS holds no key: nothing can be encrypted.", id="core.E001"))
    else:
        found += [
            Error(f"FIELD_KEYS: the key {name!r} is not {KEY_BYTES} bytes.", id="core.E002")
            for name, key in ring.items()
            if not isinstance(key, bytes) or len(key) != KEY_BYTES
        ]
        found += [
            Error(f"FIELD_KEYS: {name!r} is no id: 1 to 255 bytes.", id="core.E003")
            for name in ring
            if not 1 <= len(name.encode()) <= 255
        ]
    index_key = getattr(settings, "BLIND_INDEX_KEY", b"")
    if not isinstance(index_key, bytes) or len(index_key) < KEY_BYTES:
        found.append(Error(f"BLIND_INDEX_KEY has fewer than {KEY_BYTES} bytes.", id="core.E004"))
    return found


@register(Tags.compatibility)
def setuptools_is_old_enough(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """face_recognition ends the process at import unless setuptools still has pkg_resources."""
    if find_spec("face_recognition") is None:
        return []
    try:
        installed = version("setuptools")
    except PackageNotFoundError:
        installed = None
    if installed and int(installed.split(".")[0]) < SETUPTOOLS_LIMIT:
        return []
    return [
        Error(
            "face_recognition would end this process when imported.",
            hint=f'Install "setuptools<{SETUPTOOLS_LIMIT}" (found: {installed or "none"}).',
            id="core.E005",
        )
    ]


@register(Tags.database)
def hot_statements_are_planned_once(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Statements of the hot path keep one generic plan instead of being planned each time."""
    options = settings.DATABASES["default"].get("OPTIONS", {}).get("options", "")
    if GENERIC_PLANS in options:
        return []
    return [
        Warning(
            "PostgreSQL plans every statement of the hot path anew.",
            hint=f"Add -c {GENERIC_PLANS} to DATABASES['default']['OPTIONS']['options'].",
            id="core.W001",
        )
    ]
