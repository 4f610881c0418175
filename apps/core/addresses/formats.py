"""The formats of addresses, chain by chain: each checks a text and writes it in the one way.

BTC and LTC (base58check, bech32 of BIP-173, bech32m of BIP-350), BCH (cashaddr), DOGE, DASH, ZEC
(transparent), TRON, XRP (classic and X-addresses), EVM (EIP-55), SOL, XMR. Main networks only:
value sent to a test network's address is lost.
"""

import re
from collections.abc import Callable
from functools import partial

from Crypto.Hash import keccak

from apps.core.addresses.base58 import RIPPLE, base58check, checked, decode
from apps.core.addresses.bech32 import cash, segwit
from apps.core.addresses.errors import Bad

P2PKH, P2SH, TRON_PREFIX = 0x00, 0x05, 0x41
EVM_SHAPE = re.compile(r"0[xX][0-9a-fA-F]{40}")
TRON_HEX = re.compile(r"(0[xX])?41[0-9a-fA-F]{40}")
HASH = 20

#: Per chain the first bytes of its base58check addresses, and how those begin in letters.
BASE58_CHAINS: dict[str, tuple[str, tuple[bytes, ...], str]] = {
    "BTC": ("Bitcoin", (b"\x00", b"\x05"), "1, 3 or bc1"),
    "LTC": ("Litecoin", (b"\x30", b"\x32"), "L, M or ltc1"),
    "DOGE": ("Dogecoin", (b"\x1e", b"\x16"), "D, 9 or A"),
    "DASH": ("Dash", (b"\x4c", b"\x10"), "X or 7"),
    "ZEC": ("Zcash", (b"\x1c\xb8", b"\x1c\xbd"), "t1 or t3"),
}


def evm(address: str) -> str:
    """The address with the capitals of EIP-55, which are its checksum."""
    if not EVM_SHAPE.fullmatch(address):
        raise Bad("An Ethereum address is 0x and 40 characters of 0-9 and a-f. Copy it again.")
    digits = address[2:]
    small = digits.lower()
    digest = keccak.new(digest_bits=256, data=small.encode()).hexdigest()
    summed = "".join(
        letter.upper() if int(nibble, 16) >= 8 else letter
        for letter, nibble in zip(small, digest, strict=False)
    )
    # All small or all capital letters carry no checksum, by EIP-55.
    if digits not in (small, digits.upper(), summed):
        raise Bad("A character of this Ethereum address is wrong. Copy it again, don't type it.")
    return "0x" + summed


def tron(address: str) -> str:
    """A TRON address in base58; wallets write no other, so its hexadecimal form is refused."""
    if TRON_HEX.fullmatch(address):
        raise Bad("This is a TRON address in hexadecimal. Paste it in the form that begins with T.")
    payload = checked(address, chain="TRON")
    if len(payload) != HASH + 1 or payload[0] != TRON_PREFIX:
        raise Bad("A TRON address begins with T and has 34 characters. Copy it again.")
    return address


def _base58(code: str, address: str) -> str:
    chain, prefixes, letters = BASE58_CHAINS[code]
    payload = checked(address, chain=chain)
    if payload[:-HASH] not in prefixes:
        raise Bad(f"A {chain} address begins with {letters}. Copy it again.")
    return address


def _btc(address: str) -> str:
    if address.lower().startswith(("bc1", "tb1", "bcrt1")):
        return segwit(address, prefix="bc", chain="Bitcoin")
    return _base58("BTC", address)


def _ltc(address: str) -> str:
    if address.lower().startswith(("ltc1", "tltc1")):
        return segwit(address, prefix="ltc", chain="Litecoin")
    return _base58("LTC", address)


def bch(address: str) -> str:
    """A Bitcoin Cash address in the older letters, which it shares with Bitcoin."""
    raw = cash(address)
    return base58check(bytes([P2SH if raw[0] else P2PKH]) + raw[1:])


def xrp(address: str) -> str:
    """The classic address (r…); of an X-address that which is inside, its tag left out."""
    payload = checked(address, chain="XRP", letters=RIPPLE)
    if len(payload) == HASH + 1 and payload[0] == 0:
        return address
    if len(payload) == 31 and payload[:2] == b"\x05\x44":
        return base58check(b"\0" + payload[2:22], letters=RIPPLE)
    raise Bad("An XRP address begins with r or X. Copy it again.")


def _sol(address: str) -> str:
    if len(decode(address, chain="Solana")) != 32:
        raise Bad("A Solana address has 32 to 44 letters and digits. Copy it again.")
    return address


def _xmr(address: str) -> str:
    if len(address) not in (95, 106) or address[0] not in "48":
        raise Bad("A Monero address begins with 4 or 8 and has 95 characters. Copy it again.")
    # Eleven letters hold eight bytes; of the last block fewer.
    blocks = [address[at : at + 11] for at in range(0, len(address), 11)]
    sizes = {11: 8, 7: 5}
    raw = b""
    for block in blocks:
        part = decode(block, chain="Monero").lstrip(b"\0")
        raw += part.rjust(sizes[len(block)], b"\0")
    if keccak.new(digest_bits=256, data=raw[:-4]).digest()[:4] != raw[-4:]:
        raise Bad("A character of this Monero address is wrong. Copy it again, don't type it.")
    return address


FORMATS: dict[str, Callable[[str], str]] = {
    "BTC": _btc,
    "EVM": evm,
    "TRON": tron,
    "LTC": _ltc,
    "DOGE": partial(_base58, "DOGE"),
    "BCH": bch,
    "DASH": partial(_base58, "DASH"),
    "ZEC": partial(_base58, "ZEC"),
    "XRP": xrp,
    "XMR": _xmr,
    "SOL": _sol,
}
