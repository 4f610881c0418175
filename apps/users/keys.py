"""The text of an API key: `otc_live_<prefix>_<secret>`, how it is made, read and digested."""

import hmac
import secrets
import zlib
from dataclasses import dataclass

from django.conf import settings

MARK = "otc_live_"
# Keeps these digests unrelated to everything else under the same pepper.
PURPOSE = "otcrisk.api_key"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
PREFIX_LENGTH = 12
# 43 letters of 62 are 256 bits.
SECRET_LENGTH = 43
CHECKSUM_LENGTH = 6
LENGTH = len(MARK) + PREFIX_LENGTH + 1 + SECRET_LENGTH + CHECKSUM_LENGTH

# What a wrong key is compared with when nobody has its prefix, so that both take the same time.
NOBODY = bytes(32)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key as its owner sees it once, and what is kept of it."""

    plaintext: str
    prefix: str
    digest: bytes


def make() -> NewKey:
    """A new random key."""
    prefix, secret = _random(PREFIX_LENGTH), _random(SECRET_LENGTH)
    body = f"{MARK}{prefix}_{secret}"
    plaintext = body + _checksum(body)
    return NewKey(plaintext=plaintext, prefix=prefix, digest=digest(plaintext))


def prefix_of(plaintext: str) -> str | None:
    """The public part of a well-formed key; None for anything else, mistyped keys included."""
    if len(plaintext) != LENGTH or not plaintext.startswith(MARK) or not plaintext.isascii():
        return None
    if _checksum(plaintext[:-CHECKSUM_LENGTH]) != plaintext[-CHECKSUM_LENGTH:]:
        return None
    prefix, separator, _secret = plaintext[len(MARK) :].partition("_")
    return prefix if separator and len(prefix) == PREFIX_LENGTH else None


def digest(plaintext: str) -> bytes:
    """HMAC-SHA256 of a key under the pepper: what the database keeps, 32 bytes."""
    return hmac.digest(settings.API_PEPPER, f"{PURPOSE}\x1f{plaintext}".encode(), "sha256")


def matches(plaintext: str, kept: bytes | None) -> bool:
    """Whether this is the key of that digest; it takes the same time for right, wrong and none."""
    same = hmac.compare_digest(digest(plaintext), kept if kept is not None else NOBODY)
    return same and kept is not None


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def _checksum(body: str) -> str:
    # Tells a mistyped key from a wrong one without a query, and lets secret scanners be sure.
    number, letters = zlib.crc32(body.encode()), ""
    for _ in range(CHECKSUM_LENGTH):
        number, letter = divmod(number, len(ALPHABET))
        letters = ALPHABET[letter] + letters
    return letters
