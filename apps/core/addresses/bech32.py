"""Bech32 (BIP-173), bech32m (BIP-350) and Bitcoin Cash's cashaddr: five bits a letter."""

from collections.abc import Iterable
from dataclasses import dataclass

from apps.core.addresses.errors import Bad

BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
# The constants that a checksum must come to (BIP-173 for witness version 0, BIP-350 after it).
BECH32_SUM, BECH32M_SUM = 1, 0x2BC830A3
GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
CASH = "bitcoincash"
CASH_GENERATOR = (0x98F2BC8E61, 0x79B76D99E2, 0xF33E5FB3C4, 0xAE2EABE2A8, 0x1E4F43E470)
CASH_BYTES = 21


@dataclass(frozen=True, slots=True)
class _Witness:
    version: int
    program: bytes


def segwit(address: str, *, prefix: str, chain: str) -> str:
    """A witness address of this prefix in small letters; Bad if it is none."""
    small = address.lower()
    if address not in (small, address.upper()):
        raise Bad(f"This {chain} address mixes small and capital letters. Copy it again.")
    network, _, data = small.rpartition("1")
    if network != prefix:
        raise Bad(
            f"This is an address of a {chain} test network. Take one that begins with {prefix}1."
        )
    values = [BECH32.find(letter) for letter in data]
    if len(values) < 8 or len(small) > 90 or min(values) < 0:
        raise Bad(f"A {chain} address has other characters than these. Copy it again.")
    witness = _Witness(values[0], bytes_of(values[1:-6], chain=chain))
    if total(prefix, values) != (BECH32M_SUM if witness.version else BECH32_SUM):
        raise Bad(f"A character of this {chain} address is wrong. Copy it again, don't type it.")
    size = len(witness.program)
    # Later versions mean nothing yet: coins sent there are anybody's.
    if (witness.version, size) not in ((0, 20), (0, 32), (1, 32)):
        raise Bad(
            f"This kind of {chain} address is not in use. Take one that begins with {prefix}1q."
        )
    return small


def is_bech32(text: str) -> bool:
    """Whether the text is bech32 or bech32m of any prefix, its checksum right."""
    small = text.lower()
    prefix, _, data = small.rpartition("1")
    values = [BECH32.find(letter) for letter in data]
    if text not in (small, text.upper()) or not prefix or len(values) < 8 or min(values) < 0:
        return False
    return total(prefix, values) in (BECH32_SUM, BECH32M_SUM)


def cash(text: str) -> bytes:
    """Version byte and hash of a cashaddr, its prefix given or left out; Bad if it is none."""
    small = text.lower()
    if text not in (small, text.upper()):
        raise Bad("This Bitcoin Cash address mixes small and capital letters. Copy it again.")
    values = [BECH32.find(letter) for letter in small.removeprefix(f"{CASH}:")]
    if len(values) < 9 or min(values) < 0:
        raise Bad("A Bitcoin Cash address begins with bitcoincash:q. Copy it again.")
    check = 1
    for value in [ord(letter) & 31 for letter in CASH] + [0] + values:
        top = check >> 35
        check = (check & 0x07FFFFFFFF) << 5 ^ value
        for bit, generator in enumerate(CASH_GENERATOR):
            check ^= generator if top >> bit & 1 else 0
    if check != 1:
        raise Bad("A character of this Bitcoin Cash address is wrong. Copy it again.")
    raw = bytes_of(values[:-8], chain="Bitcoin Cash")
    if len(raw) != CASH_BYTES or raw[0] not in (0, 8):
        raise Bad("This kind of Bitcoin Cash address is not in use.")
    return raw


def total(prefix: str, values: Iterable[int]) -> int:
    """What prefix and five-bit values come to by the checksum of BIP-173."""
    expanded = [ord(letter) >> 5 for letter in prefix] + [0]
    expanded += [ord(letter) & 31 for letter in prefix]
    check = 1
    for value in (*expanded, *values):
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(GENERATOR):
            check ^= generator if top >> bit & 1 else 0
    return check


def bytes_of(values: list[int], *, chain: str) -> bytes:
    """Five-bit values as bytes; what is left over must be short and zero."""
    number = 0
    for value in values:
        number = number << 5 | value
    left = len(values) * 5 % 8
    if left >= 5 or number & ((1 << left) - 1):
        raise Bad(f"This {chain} address is not whole. Copy it again.")
    return (number >> left).to_bytes(len(values) * 5 // 8)
