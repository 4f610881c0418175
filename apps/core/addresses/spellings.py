"""What an address is known under, however it was spelled and whatever it is meant for.

A list names addresses, and whoever wants to get past it writes them otherwise: capitals, a payment
URI, TRON's hexadecimal form, an XRP X-address, the new or the old letters of Bitcoin Cash. Two
spellings of one address share a key. Keys are for looking up, never for sending to: a wrong EIP-55
checksum, for one, still names the address that it garbles.
"""

import re

from apps.core.addresses.base58 import base58check, checked
from apps.core.addresses.bech32 import is_bech32
from apps.core.addresses.errors import Bad
from apps.core.addresses.formats import HASH, P2SH, bch, xrp

LONGEST = 200
# ethereum:0x…@1?value=2, bitcoin:1…?amount=1, BITCOINCASH:Q…
URI = re.compile(r"(?:[a-z][a-z0-9+.-]{1,20}:(?://)?)?(?:pay-)?([^?@/#]+).*", re.IGNORECASE)
# With 0x or without, and padded to 32 bytes as contracts write it.
EVM = re.compile(r"(?:0x)?(?:0{24})?([0-9a-f]{40})", re.IGNORECASE)
TRON_HEX = re.compile(r"(?:0x)?(41[0-9a-f]{40})", re.IGNORECASE)
#: Litecoin wrote these addresses as Bitcoin does (3…) before it took a letter of its own (M…).
LTC_P2SH = 0x32


def keys(address: str) -> tuple[str, ...]:
    """The keys that an address is found under, the surest first; always at least its own text."""
    text = "".join(address.split())[:LONGEST]
    bare = URI.sub(r"\1", text)
    found = [_evm(bare), _tron_hex(bare), _base58(bare), _xrp(bare), _cash(bare), _bech32(bare)]
    kept = [key for key in found if key]
    return tuple(dict.fromkeys(kept)) or (f"TEXT:{bare}",)


def _evm(text: str) -> str:
    found = EVM.fullmatch(text)
    return f"EVM:0x{found[1].lower()}" if found else ""


def _tron_hex(text: str) -> str:
    found = TRON_HEX.fullmatch(text)
    return f"B58:{base58check(bytes.fromhex(found[1]))}" if found else ""


def _base58(text: str) -> str:
    """Any chain's base58check: what chain it is for is said by its first bytes."""
    try:
        payload = checked(text, chain="such")
    except Bad:
        return ""
    if len(payload) not in (HASH + 1, HASH + 2):
        return ""
    if payload[0] == LTC_P2SH and len(payload) == HASH + 1:
        return f"B58:{base58check(bytes([P2SH]) + payload[1:])}"
    return f"B58:{text}"


def _xrp(text: str) -> str:
    try:
        return f"XRP:{xrp(text)}"
    except Bad:
        return ""


def _cash(text: str) -> str:
    try:
        return f"B58:{bch(text.lower() if text.isupper() else text)}"
    except Bad:
        return ""


def _bech32(text: str) -> str:
    return f"B32:{text.lower()}" if is_bech32(text) else ""
