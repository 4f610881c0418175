"""Addresses of chains: checked to the last character, written in one way, compared for look-alikes.

Formats are those of ledger networks: BTC (base58check P2PKH and P2SH; bech32 of BIP-173 and bech32m
of BIP-350), EVM (EIP-55) and TRON (base58check). Main networks only: value sent to a test network's
address is lost.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from Crypto.Hash import keccak

from apps.core.errors import Refused

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
# The constants that a checksum must come to (BIP-173 for witness version 0, BIP-350 after it).
BECH32_SUM, BECH32M_SUM = 1, 0x2BC830A3
GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)

P2PKH, P2SH, TRON_PREFIX = 0x00, 0x05, 0x41

EVM_SHAPE = re.compile(r"0[xX][0-9a-fA-F]{40}")
# Longer than any address of these chains.
LONGEST = 100

CHAINS = {"BTC": "a Bitcoin", "EVM": "an Ethereum", "TRON": "a TRON"}
NETWORKS = {"BTC": "Bitcoin", "EVM": "Ethereum", "TRON": "TRON"}
# The letters of an address that say only of which kind it is.
PREFIXES = ("0x", "bc1q", "bc1p", "bc1", "T", "1", "3")
# How many letters people compare at each end, and poisoners imitate.
SEEN = 4


class _Bad(Exception):
    """Not an address of the format; the text is the sentence for the person."""


def canonical(address: str, *, address_format: str) -> str:
    """The one way to write the address; Refused with what to do if it is none of this format."""
    text = address.strip()
    check = _FORMATS[address_format]
    try:
        if not text or len(text) > LONGEST:
            raise _Bad("Paste the whole address, and nothing else.")
        return check(text)
    except _Bad as bad:
        for other, name in NETWORKS.items():
            if other != address_format and _is(text, other):
                raise _refused(
                    "ADDRESS_WRONG_NETWORK",
                    f"This is {CHAINS[other]} address. Choose the network {name} for it, or take "
                    f"{CHAINS[address_format]} address.",
                ) from None
        raise _refused("ADDRESS_INVALID", str(bad)) from None


def looks_like(one: str, other: str) -> bool:
    """Whether two different addresses agree in all that people look at: both ends.

    Poisoners send dust from an address made to look like one in the victim's history.
    """
    first, second = _significant(one.strip()), _significant(other.strip())
    if first[1] == second[1] or first[0] != second[0]:
        return False
    return _ends(first[1]) == _ends(second[1])


def base58check(payload: bytes) -> str:
    """Prefix byte and hash as base58check text, its checksum at the end."""
    raw = payload + hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
    number, letters = int.from_bytes(raw), ""
    while number:
        number, digit = divmod(number, len(BASE58))
        letters = BASE58[digit] + letters
    return BASE58[0] * (len(raw) - len(raw.lstrip(b"\0"))) + letters


def _ends(body: str) -> tuple[str, str]:
    return body[:SEEN], body[-SEEN:]


def _significant(address: str) -> tuple[str, str]:
    """The prefix, and the letters after it; in small letters, as eyes skip over capitals."""
    small = address.lower()
    for prefix in PREFIXES:
        if small.startswith(prefix.lower()):
            return prefix, small[len(prefix) :]
    return "", small


def _is(address: str, address_format: str) -> bool:
    try:
        _FORMATS[address_format](address)
    except _Bad:
        return False
    return True


def _refused(code: str, detail: str) -> Refused:
    return Refused(code, 422, detail, fields={"address": [detail]})


def _evm(address: str) -> str:
    """The address with the capitals of EIP-55, which are its checksum."""
    if not EVM_SHAPE.fullmatch(address):
        raise _Bad("An Ethereum address is 0x and 40 characters of 0-9 and a-f. Copy it again.")
    digits = address[2:]
    small = digits.lower()
    digest = keccak.new(digest_bits=256, data=small.encode()).hexdigest()
    summed = "".join(
        letter.upper() if int(nibble, 16) >= 8 else letter
        for letter, nibble in zip(small, digest, strict=False)
    )
    # All small or all capital letters carry no checksum, by EIP-55.
    if digits not in (small, digits.upper(), summed):
        raise _Bad("A character of this Ethereum address is wrong. Copy it again, don't type it.")
    return "0x" + summed


def _tron(address: str) -> str:
    payload = _base58check(address, chain="TRON")
    if len(payload) != 21 or payload[0] != TRON_PREFIX:
        raise _Bad("A TRON address begins with T and has 34 characters. Copy it again.")
    return address


def _btc(address: str) -> str:
    if address.lower().startswith(("bc1", "tb1", "bcrt1")):
        return _segwit(address)
    payload = _base58check(address, chain="Bitcoin")
    if len(payload) != 21 or payload[0] not in (P2PKH, P2SH):
        raise _Bad("A Bitcoin address begins with 1, 3 or bc1. Copy it again.")
    return address


def _base58check(address: str, *, chain: str) -> bytes:
    """The payload of a base58check text: prefix byte and hash, its checksum verified."""
    number = 0
    for letter in address:
        digit = BASE58.find(letter)
        if digit < 0:
            raise _Bad(f"“{letter}” is in no {chain} address. Copy it again, don't type it.")
        number = number * 58 + digit
    zeros = len(address) - len(address.lstrip(BASE58[0]))
    raw = bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8)
    payload, checksum = raw[:-4], raw[-4:]
    if hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4] != checksum:
        raise _Bad(f"A character of this {chain} address is wrong. Copy it again, don't type it.")
    return payload


@dataclass(frozen=True, slots=True)
class _Witness:
    version: int
    program: bytes


def _segwit(address: str) -> str:
    small = address.lower()
    if address not in (small, address.upper()):
        raise _Bad("This Bitcoin address mixes small and capital letters. Copy it again.")
    network, _, data = small.rpartition("1")
    if network != "bc":
        raise _Bad("This is an address of a Bitcoin test network. Take one that begins with bc1.")
    values = [BECH32.find(letter) for letter in data]
    if len(values) < 8 or len(small) > 90 or min(values) < 0:
        raise _Bad("A Bitcoin address has other characters than these. Copy it again.")
    witness = _Witness(values[0], _bytes_of(values[1:-6]))
    expected = BECH32M_SUM if witness.version else BECH32_SUM
    if _polymod([3, 3, 0, 2, 3, *values]) != expected:
        raise _Bad("A character of this Bitcoin address is wrong. Copy it again, don't type it.")
    size = len(witness.program)
    # Later versions mean nothing yet: coins sent there are anybody's.
    if (witness.version, size) not in ((0, 20), (0, 32), (1, 32)):
        raise _Bad("This kind of Bitcoin address is not in use. Take one that begins with bc1q.")
    return small


def _polymod(values: Iterable[int]) -> int:
    """The checksum of BIP-173 over five-bit values, `bc` expanded before them."""
    total = 1
    for value in values:
        top = total >> 25
        total = (total & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(GENERATOR):
            total ^= generator if top >> bit & 1 else 0
    return total


def _bytes_of(values: list[int]) -> bytes:
    """Five-bit values as bytes; what is left over must be short and zero."""
    number = 0
    for value in values:
        number = number << 5 | value
    left = len(values) * 5 % 8
    if left >= 5 or number & ((1 << left) - 1):
        raise _Bad("This Bitcoin address is not whole. Copy it again.")
    return (number >> left).to_bytes(len(values) * 5 // 8)


_FORMATS = {"BTC": _btc, "EVM": _evm, "TRON": _tron}
