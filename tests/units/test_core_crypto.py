"""Sealed values open only unaltered, in their own place, under their own key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from apps.core import crypto
from apps.core.crypto import Unreadable

PLACE = "users_account.iban:7"
OLD, NEW = b"o" * 32, b"n" * 32


@given(st.binary(max_size=200))
def test_what_was_sealed_opens_again(plaintext: bytes) -> None:
    blob = crypto.seal(plaintext, aad=PLACE)
    assert crypto.open_(blob, aad=PLACE) == plaintext
    assert len(plaintext) < 4 or plaintext not in blob


def test_equal_values_look_unequal() -> None:
    assert crypto.seal(b"DE89", aad=PLACE) != crypto.seal(b"DE89", aad=PLACE)


def test_no_byte_can_be_altered() -> None:
    blob = crypto.seal(b"DE89370400440532013000", aad=PLACE)
    for at in range(len(blob)):
        altered = blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :]
        with pytest.raises(Unreadable):
            crypto.open_(altered, aad=PLACE)


def test_no_end_can_be_cut_off() -> None:
    blob = crypto.seal(b"DE89", aad=PLACE)
    for length in range(len(blob)):
        with pytest.raises(Unreadable):
            crypto.open_(blob[:length], aad=PLACE)


def test_a_value_moved_to_another_row_stays_closed() -> None:
    blob = crypto.seal(b"DE89", aad="users_account.iban:7")
    with pytest.raises(Unreadable, match="not sealed for"):
        crypto.open_(blob, aad="users_account.iban:8")


def test_a_new_key_seals_and_the_older_ones_still_open(settings: Settings) -> None:
    settings.FIELD_KEYS = {"old": OLD}
    blob = crypto.seal(b"DE89", aad=PLACE)
    assert not crypto.needs_rotation(blob)
    settings.FIELD_KEYS = {"new": NEW, "old": OLD}
    assert crypto.open_(blob, aad=PLACE) == b"DE89"
    assert crypto.needs_rotation(blob)
    assert not crypto.needs_rotation(crypto.seal(b"DE89", aad=PLACE))


def test_a_key_that_left_the_ring_opens_nothing(settings: Settings) -> None:
    settings.FIELD_KEYS = {"old": OLD}
    blob = crypto.seal(b"DE89", aad=PLACE)
    settings.FIELD_KEYS = {"new": NEW}
    with pytest.raises(Unreadable, match="'old' is not in the ring"):
        crypto.open_(blob, aad=PLACE)


def test_a_key_that_took_an_older_ones_name_opens_nothing(settings: Settings) -> None:
    settings.FIELD_KEYS = {"k": OLD}
    blob = crypto.seal(b"DE89", aad=PLACE)
    settings.FIELD_KEYS = {"k": NEW}
    with pytest.raises(Unreadable):
        crypto.open_(blob, aad=PLACE)


def test_what_a_persons_own_key_sealed_is_gone_with_that_key() -> None:
    own = crypto.new_key()
    blob = crypto.seal(b"DE89", aad=PLACE, key=own)
    assert crypto.open_(blob, aad=PLACE, key=own) == b"DE89"
    assert not crypto.needs_rotation(blob)
    with pytest.raises(Unreadable):
        crypto.open_(blob, aad=PLACE)
    with pytest.raises(Unreadable):
        crypto.open_(blob, aad=PLACE, key=crypto.new_key())


def test_a_blind_index_finds_equals_of_one_purpose_under_one_key(
    settings: Settings,
) -> None:
    settings.BLIND_INDEX_KEY = OLD
    index = crypto.blind_index("DE89", purpose="account")
    assert index == crypto.blind_index("DE89", purpose="account")
    assert index != crypto.blind_index("DE88", purpose="account")
    assert index != crypto.blind_index("DE89", purpose="phone")
    settings.BLIND_INDEX_KEY = NEW
    assert index != crypto.blind_index("DE89", purpose="account")


def test_secrets_are_compared_as_text_or_bytes() -> None:
    assert crypto.equal("s3cret", b"s3cret")
    assert not crypto.equal("s3cret", "s3cre")
    assert crypto.equal("naïve", "naïve")
