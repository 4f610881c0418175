"""Base58 with its checksum: most chains' addresses, each with its own first bytes."""

import hashlib

from apps.core.addresses.errors import Bad

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
#: The same letters in the order of the XRP ledger.
RIPPLE = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"


def encode(raw: bytes, *, letters: str = BASE58) -> str:
    """Bytes as base58 text."""
    number, text = int.from_bytes(raw), ""
    while number:
        number, digit = divmod(number, 58)
        text = letters[digit] + text
    return letters[0] * (len(raw) - len(raw.lstrip(b"\0"))) + text


def base58check(payload: bytes, *, letters: str = BASE58) -> str:
    """Prefix bytes and hash as base58check text, its checksum at the end."""
    return encode(payload + _checksum(payload), letters=letters)


def decode(text: str, *, chain: str, letters: str = BASE58) -> bytes:
    """The bytes of a base58 text; Bad names the letter that is none of it."""
    number = 0
    for letter in text:
        digit = letters.find(letter)
        if digit < 0:
            raise Bad(f"“{letter}” is in no {chain} address. Copy it again, don't type it.")
        number = number * 58 + digit
    zeros = len(text) - len(text.lstrip(letters[0]))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8)


def checked(text: str, *, chain: str, letters: str = BASE58) -> bytes:
    """The payload of a base58check text: prefix and hash, its checksum verified."""
    raw = decode(text, chain=chain, letters=letters)
    if _checksum(raw[:-4]) != raw[-4:]:
        raise Bad(f"A character of this {chain} address is wrong. Copy it again, don't type it.")
    return raw[:-4]


def _checksum(payload: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
