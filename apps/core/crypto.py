"""Secrets at rest: AES-256-GCM under a ring of keys, and keyed hashes to find equal values.

A sealed value is: version (1 byte), length of the key's id (1 byte), the key's id, nonce (12
bytes), ciphertext with tag. The head and the place of the value (`aad`: table.column:pk) are
authenticated too, so a value moved to another row or column can't be opened there.
"""

import hmac
import os
from functools import lru_cache
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

VERSION = 1
NONCE_BYTES = 12
KEY_BYTES = 32
# The id of a key that is not in the ring, such as a person's own.
OWN_KEY = ""


class Unreadable(Exception):
    """A sealed value that can't be opened: altered, moved from its place, or its key is gone."""


def seal(plaintext: bytes, *, aad: str, key: bytes | None = None) -> bytes:
    """Encrypt for the place `aad`, under the ring's current key or under a `key` of one's own."""
    head = current_head() if key is None else _head(OWN_KEY)
    nonce = os.urandom(NONCE_BYTES)
    cipher = _cipher(_ring_key(_current()) if key is None else key)
    return head + nonce + cipher.encrypt(nonce, plaintext, head + aad.encode())


def open_(blob: bytes, *, aad: str, key: bytes | None = None) -> bytes:
    """Decrypt what was sealed for the place `aad`; Unreadable when anything differs."""
    head, key_id = _split(blob)
    if (key_id == OWN_KEY) != (key is not None):
        raise Unreadable("sealed under another kind of key")
    cipher = _cipher(_ring_key(key_id) if key is None else key)
    nonce, ciphertext = blob[len(head) : len(head) + NONCE_BYTES], blob[len(head) + NONCE_BYTES :]
    try:
        return cipher.decrypt(nonce, ciphertext, head + aad.encode())
    except (InvalidTag, ValueError):
        raise Unreadable(f"altered, or not sealed for {aad}") from None


def needs_rotation(blob: bytes) -> bool:
    """Whether the value is sealed under a key of the ring that is no longer the current one."""
    _, key_id = _split(blob)
    return key_id not in (OWN_KEY, _current())


def current_head() -> bytes:
    """What every value begins with that was sealed under the ring's current key."""
    return _head(_current())


def own_key_head() -> bytes:
    """What every value begins with that was sealed under a key outside the ring."""
    return _head(OWN_KEY)


def new_key() -> bytes:
    """A fresh key, for data that must become unreadable when one key is destroyed."""
    return os.urandom(KEY_BYTES)


def blind_index(value: str, *, purpose: str) -> str:
    """A keyed hash (64 hex digits) under which equal values are found and none can be read.

    The caller normalises the value; `purpose` keeps indexes of different things unrelated.
    """
    message = f"{purpose}\x1f{value}".encode()
    return hmac.new(settings.BLIND_INDEX_KEY, message, sha256).hexdigest()


def equal(a: str | bytes, b: str | bytes) -> bool:
    """Compare two secrets in a time that tells nothing about where they differ."""
    return hmac.compare_digest(_as_bytes(a), _as_bytes(b))


def _as_bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value


def _ring() -> dict[str, bytes]:
    ring: dict[str, bytes] = settings.FIELD_KEYS
    return ring


def _current() -> str:
    return next(iter(_ring()))


def _ring_key(key_id: str) -> bytes:
    try:
        return _ring()[key_id]
    except KeyError:
        raise Unreadable(f"the key {key_id!r} is not in the ring") from None


@lru_cache(maxsize=256)
def _cipher(key: bytes) -> AESGCM:
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key has {KEY_BYTES} bytes")
    return AESGCM(key)


def _head(key_id: str) -> bytes:
    name = key_id.encode()
    return bytes([VERSION, len(name)]) + name


def _split(blob: bytes) -> tuple[bytes, str]:
    if len(blob) < 2 or blob[0] != VERSION or len(blob) < 2 + blob[1] + NONCE_BYTES:
        raise Unreadable("not a sealed value")
    head = bytes(blob[: 2 + blob[1]])
    try:
        return head, head[2:].decode()
    except UnicodeDecodeError:
        raise Unreadable("not a sealed value") from None
