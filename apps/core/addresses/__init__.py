"""Addresses of chains: checked to the last character, written in one way, compared for look-alikes.

`canonical` asks whether a text is an address of one chain, as people hand it in. `keys` asks what a
text may stand for on any chain, as lists are searched.
"""

from apps.core.addresses.base58 import base58check
from apps.core.addresses.errors import Bad
from apps.core.addresses.formats import FORMATS
from apps.core.addresses.spellings import keys
from apps.core.errors import Refused

__all__ = ["base58check", "canonical", "keys", "looks_like"]

# Longer than any address of these chains.
LONGEST = 110

CHAINS = {
    "BTC": "a Bitcoin",
    "EVM": "an Ethereum",
    "TRON": "a TRON",
    "LTC": "a Litecoin",
    "DOGE": "a Dogecoin",
    "BCH": "a Bitcoin Cash",
    "DASH": "a Dash",
    "ZEC": "a Zcash",
    "XRP": "an XRP",
    "XMR": "a Monero",
    "SOL": "a Solana",
}
#: What the desk's own assets travel on: another asset may be chosen for an address of these.
NETWORKS = {"BTC": "Bitcoin", "EVM": "Ethereum", "TRON": "TRON"}
# The letters of an address that say only of which kind it is.
PREFIXES = ("0x", "bc1q", "bc1p", "bc1", "ltc1", "bitcoincash:", "T", "1", "3")
# How many letters people compare at each end, and poisoners imitate.
SEEN = 4


def canonical(address: str, *, address_format: str) -> str:
    """The one way to write the address; Refused with what to do if it is none of this format."""
    text = address.strip()
    try:
        if not text or len(text) > LONGEST:
            raise Bad("Paste the whole address, and nothing else.")
        return FORMATS[address_format](text)
    except Bad as bad:
        other = next((code for code in FORMATS if code != address_format and _is(text, code)), None)
        if other is None:
            raise _refused("ADDRESS_INVALID", str(bad)) from None
        wanted = CHAINS[address_format]
        said = f"This is {CHAINS[other]} address. "
        if other in NETWORKS:
            said += f"Choose the network {NETWORKS[other]} for it, or take {wanted} address."
        else:
            said += f"What you send does not travel there and would be lost: take {wanted} address."
        raise _refused("ADDRESS_WRONG_NETWORK", said) from None


def looks_like(one: str, other: str) -> bool:
    """Whether two different addresses agree in all that people look at: both ends.

    Poisoners send dust from an address made to look like one in the victim's history.
    """
    first, second = _significant(one.strip()), _significant(other.strip())
    if first[1] == second[1] or first[0] != second[0]:
        return False
    return _ends(first[1]) == _ends(second[1])


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
    if not address or len(address) > LONGEST:
        return False
    try:
        FORMATS[address_format](address)
    except Bad:
        return False
    return True


def _refused(code: str, detail: str) -> Refused:
    return Refused(code, 422, detail, fields={"address": [detail]})
