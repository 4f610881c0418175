"""Device tokens: 256 random bits that only the device has; we keep their digest."""

import hmac
import re
import secrets
from hashlib import sha256

from django.conf import settings

PREFIX = "otcd_"
_SHAPE = re.compile(PREFIX + r"[A-Za-z0-9_-]{43}", re.ASCII)


def mint() -> str:
    """A new token; the prefix lets secret scanners find one that leaked into code or logs."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(token: str) -> bytes | None:
    """What is stored and looked up, 32 bytes; None when it can't be one of our tokens."""
    if not _SHAPE.fullmatch(token):
        return None
    return hmac.digest(settings.API_PEPPER, b"otcrisk.device\x1f" + token.encode(), sha256)
