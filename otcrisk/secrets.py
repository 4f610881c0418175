"""Secrets come from NAME, from the file NAME_FILE names or, in development only, are made once."""

import fcntl
import json
import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def read(name: str, *, kept_in: Path | None) -> str:
    """The secret `name`. One that is not configured is made and kept in `kept_in`, else empty."""
    if value := os.environ.get(name):
        return value
    if path := os.environ.get(f"{name}_FILE"):
        return Path(path).read_text().strip()
    return _made_once(name, kept_in) if kept_in else ""


def _made_once(name: str, file: Path) -> str:
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+") as kept:
        fcntl.flock(kept, fcntl.LOCK_EX)
        text = kept.read()
        values: dict[str, str] = json.loads(text) if text else {}
        if name not in values:
            values[name] = secrets.token_hex(32)
            kept.seek(0)
            kept.truncate()
            json.dump(values, kept, indent=2)
        return values[name]


def key_ring(text: str, setting: str = "FIELD_KEYS") -> dict[str, bytes]:
    """`"new:HEX64,old:HEX64"` → id → 32 bytes, in order; a bare HEX64 has the id `1`."""
    ring = {}
    for part in filter(None, text.split(",")):
        name, _, key = part.strip().rpartition(":")
        try:
            ring[name or "1"] = bytes.fromhex(key)
        except ValueError:
            raise ImproperlyConfigured(
                f"{setting}: the key {name or '1'!r} is not hexadecimal"
            ) from None
        if len(ring[name or "1"]) != 32:
            raise ImproperlyConfigured(
                f"{setting}: the key {name or '1'!r} is not 32 bytes (64 hexadecimal digits)"
            )
    return ring
