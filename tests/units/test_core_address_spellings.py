"""One address, however it is spelled, is found under one key; other chains' are told apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.addresses import base58check, canonical, keys
from apps.core.addresses.base58 import RIPPLE
from apps.core.errors import Refused
from apps.trades.custody.sandbox import address_of

# From the specifications: EIP-55, BIP-173, cashaddr, XLS-5d, TRON's own contract.
EVM = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
SEGWIT = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
CASH, OLD_CASH = "qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a", "1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu"
XRP, X_ADDRESS = (
    "r9cZA1mLK5R5Am25ArfXFmqgNwjZgnfk59",
    "X7AcgcsBL6XDcUb289X4mJ8djcdyKaB5hJDWMArnXr61cqZ",
)
TRON, TRON_HEX = (
    "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
    "41a614f803b6fd780986a42c78ec9c7f77e6ded13c",
)
LTC_NEW = base58check(bytes([0x32]) + bytes(20))
LTC_OLD = base58check(bytes([0x05]) + bytes(20))


@pytest.mark.parametrize(
    ("one", "spelled"),
    [
        (EVM, EVM.lower()),
        (EVM, "0X" + EVM[2:].upper()),
        (EVM, EVM[2:]),
        (EVM, "0x" + "0" * 24 + EVM[2:].lower()),
        (EVM, f"ethereum:{EVM}@1?value=1"),
        # The capitals are wrong, and yet it names the address that it garbles.
        (EVM, EVM.replace("A", "a", 1)),
        (SEGWIT, SEGWIT.upper()),
        (SEGWIT, f"  {SEGWIT}\n"),
        (SEGWIT, f"bitcoin:{SEGWIT}?amount=0.1"),
        (OLD_CASH, f"bitcoincash:{CASH}"),
        (OLD_CASH, CASH),
        (OLD_CASH, CASH.upper()),
        (OLD_CASH, f"BITCOINCASH:{CASH.upper()}"),
        (XRP, X_ADDRESS),
        (TRON, TRON_HEX),
        (TRON, "0x" + TRON_HEX.upper()),
        (LTC_NEW, LTC_OLD),
        ("4" * 95, " ".join(["4" * 5] * 19)),
    ],
)
def test_a_spelling_is_found_under_the_key_of_its_address(one: str, spelled: str) -> None:
    assert set(keys(one)) & set(keys(spelled)), (keys(one), keys(spelled))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (EVM, TRON),
        (SEGWIT, OLD_CASH),
        (XRP, OLD_CASH),
        (EVM, EVM[:-1] + "e"),
        ("a", "A"),
        (EVM, ""),
    ],
)
def test_different_addresses_share_no_key(one: str, other: str) -> None:
    assert not set(keys(one)) & set(keys(other))


@given(st.text(max_size=300))
def test_any_text_has_a_key_and_none_takes_long(text: str) -> None:
    assert keys(text)


@given(st.binary(min_size=20, max_size=20))
def test_every_chain_agrees_with_its_own_spellings(body: bytes) -> None:
    tron = base58check(b"\x41" + body)
    assert keys(tron) == keys((b"\x41" + body).hex())
    assert keys("0x" + body.hex()) == keys(body.hex().upper())
    classic = base58check(b"\0" + body, letters=RIPPLE)
    tagged = base58check(b"\x05\x44" + body + b"\x01" + (7).to_bytes(8, "little"), letters=RIPPLE)
    assert keys(classic) == keys(tagged)
    assert keys(base58check(b"\x32" + body)) == keys(base58check(b"\x05" + body))


@pytest.mark.parametrize(
    ("address", "address_format"),
    [
        (base58check(b"\x30" + bytes(20)), "LTC"),
        (base58check(b"\x1e" + bytes(20)), "DOGE"),
        (base58check(b"\x4c" + bytes(20)), "DASH"),
        (base58check(b"\x1c\xb8" + bytes(20)), "ZEC"),
        (XRP, "XRP"),
        ("So11111111111111111111111111111111111111112", "SOL"),
    ],
)
def test_other_chains_are_known_by_name(address: str, address_format: str) -> None:
    assert canonical(address, address_format=address_format) == address
    with pytest.raises(Refused) as refused:
        canonical(address, address_format="BTC")
    assert refused.value.code == "ADDRESS_WRONG_NETWORK"
    assert refused.value.detail.endswith("take a Bitcoin address.")


def test_a_cash_address_is_written_in_the_letters_that_it_shares_with_bitcoin() -> None:
    assert canonical(f"bitcoincash:{CASH}", address_format="BCH") == OLD_CASH
    assert canonical(X_ADDRESS, address_format="XRP") == XRP


def test_trons_hexadecimal_form_is_known_and_refused_with_what_to_do() -> None:
    with pytest.raises(Refused) as refused:
        canonical(TRON_HEX, address_format="TRON")
    assert refused.value.detail == (
        "This is a TRON address in hexadecimal. Paste it in the form that begins with T."
    )


@pytest.mark.parametrize("address_format", ["BTC", "EVM", "TRON"])
def test_the_desks_own_addresses_have_one_key_each(address_format: str) -> None:
    made = [address_of(f"seed {n}", address_format=address_format) for n in range(50)]
    assert len({keys(one) for one in made}) == 50
