"""Addresses of chains: published vectors, slips of one character, other networks, look-alikes."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.addresses import canonical, looks_like
from apps.core.addresses.base58 import BASE58
from apps.core.addresses.bech32 import BECH32
from apps.core.errors import Refused

# Known to everybody: the first block, BIP-13, BIP-173, BIP-350.
BTC = [
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
    "17VZNX1SN5NtKa8UQFxwQbFeFc3iqRYhem",
    "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
    "3EktnHQD7RiAE6uzMj2ZifT9YgRrkSgzQX",
    "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    "bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
]
# EIP-55: both kinds of case, and the examples of its text.
EVM = [
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
]
# The contracts of USDT and USDC, and the address that burns.
TRON = [
    "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
    "TEkxiTehnzSmSe2XqrBj4w32RUN966rdz8",
    "T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb",
]
ALL = (
    [(address, "BTC") for address in BTC]
    + [(address, "EVM") for address in EVM]
    + [(address, "TRON") for address in TRON]
)
INVALID = [
    # BIP-173: wrong checksums, wrong versions and lengths, mixed case, padding.
    ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", "BTC"),
    ("BC13W508D6QEJXTDG4Y5R3ZARVARY0C5XW7KN40WF2", "BTC"),
    ("bc1rw5uspcuh", "BTC"),
    ("bc10w508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kw5rljs90", "BTC"),
    ("BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P", "BTC"),
    ("bc1qW508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "BTC"),
    ("bc1zw508d6qejxtdg4y5r3zarvaryvqyzf3du", "BTC"),
    ("bc1gmk9yu", "BTC"),
    # BIP-350: the other checksum for each version, a bad length, a bad character.
    ("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd", "BTC"),
    ("BC1S0XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ54WELL", "BTC"),
    ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh", "BTC"),
    ("bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4", "BTC"),
    ("bc1pw5dgrnzv", "BTC"),
    # Defined by BIP-350, but of a version that means nothing yet.
    ("BC1SW50QGDZ25J", "BTC"),
    ("bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs", "BTC"),
    # Test networks.
    ("tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx", "BTC"),
    ("mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn", "BTC"),
    ("2MzQwSSnBHWHqSAqtTVQ6v47XtaisrJa1Vc", "BTC"),
    ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed", "EVM"),
    ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe", "EVM"),
    ("5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "EVM"),
    ("0xg" + "0" * 39, "EVM"),
    ("vitalik.eth", "EVM"),
    ("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6T", "TRON"),
    ("41a614f803b6fd780986a42c78ec9c7f77e6ded13c", "TRON"),
    ("T", "TRON"),
    ("", "TRON"),
    ("1" * 34, "BTC"),
    ("１A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "BTC"),
    ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "BTC"),
    ("1" * 1_000_000, "BTC"),
]


@pytest.mark.parametrize(("address", "address_format"), ALL)
def test_published_addresses_are_taken_as_they_are(address: str, address_format: str) -> None:
    assert canonical(f"  {address}\n", address_format=address_format) == address


@pytest.mark.parametrize(("address", "address_format"), INVALID)
def test_what_is_no_address_is_refused_with_a_sentence(address: str, address_format: str) -> None:
    with pytest.raises(Refused) as refused:
        canonical(address, address_format=address_format)
    assert (refused.value.code, refused.value.status) == ("ADDRESS_INVALID", 422)
    assert refused.value.fields == {"address": [refused.value.detail]}
    assert refused.value.detail.endswith(".")


def test_one_address_is_written_in_one_way() -> None:
    small, summed = EVM[0].lower(), EVM[0]
    assert canonical(small, address_format="EVM") == summed
    assert canonical("0x" + small[2:].upper(), address_format="EVM") == summed
    assert canonical(BTC[5].upper(), address_format="BTC") == BTC[5]


@pytest.mark.parametrize(("address", "belongs"), ALL)
@pytest.mark.parametrize("asked", ["BTC", "EVM", "TRON"])
def test_an_address_of_another_network_is_named(address: str, belongs: str, asked: str) -> None:
    if asked == belongs:
        return
    with pytest.raises(Refused) as refused:
        canonical(address, address_format=asked)
    assert refused.value.code == "ADDRESS_WRONG_NETWORK"
    name = {"BTC": "a Bitcoin", "EVM": "an Ethereum", "TRON": "a TRON"}
    assert refused.value.detail.startswith(f"This is {name[belongs]} address.")
    assert f"take {name[asked]} address" in refused.value.detail


@pytest.mark.parametrize(("address", "address_format"), ALL)
def test_every_slip_of_one_character_is_refused(address: str, address_format: str) -> None:
    letters = {"BTC": BASE58 + BECH32 + "0OIl", "TRON": BASE58 + "0OIl", "EVM": string.hexdigits}
    taken = []
    for at, right in enumerate(address):
        for wrong in set(letters[address_format]) - {right}:
            slip = address[:at] + wrong + address[at + 1 :]
            try:
                taken.append(canonical(slip, address_format=address_format))
            except Refused:
                continue
    assert taken == []


@given(st.text(max_size=120), st.sampled_from(["BTC", "EVM", "TRON"]))
def test_any_other_text_is_refused(text: str, address_format: str) -> None:
    # No text of chance carries a checksum.
    with pytest.raises(Refused, match="ADDRESS_INVALID"):
        canonical(text, address_format=address_format)


@pytest.mark.parametrize(
    ("known", "poisoned"),
    [
        ("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "TR7NHabcdefghijkmnopqrstuvwxygLj6t"),
        ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0x5aae" + "1" * 32 + "beaed"[1:]),
        (BTC[5], "bc1qw508" + "q" * 30 + "f3t4"),
        (BTC[0], "1A1zP" + "x" * 25 + "vfNa"),
    ],
)
def test_mallory_sends_dust_from_a_look_alike(known: str, poisoned: str) -> None:
    assert looks_like(known, poisoned)
    assert looks_like(poisoned, known)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (TRON[0], TRON[0]),
        (EVM[0], EVM[0].lower()),
        (TRON[0], TRON[1]),
        (BTC[5], BTC[6]),
        # The beginning alone, the end alone, and another kind of address.
        (TRON[0], "TR7NHabcdefghijkmnopqrstuvwxyzzzzz"),
        (TRON[0], "TXXXXabcdefghijkmnopqrstuvwxygLj6t"),
        ("1abcdX1234", "3abcdY1234"),
    ],
)
def test_the_same_and_the_plainly_different_are_no_look_alikes(one: str, other: str) -> None:
    assert not looks_like(one, other)
