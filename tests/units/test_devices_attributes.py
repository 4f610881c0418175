"""What a device may say of itself, and what is refused."""

import pytest

from apps.core.errors import Refused
from apps.devices.attributes import ATTRIBUTES, MOST_ATTRIBUTES, accept, locality
from tests.machines import after_update, android_phone, on_another_monitor, windows_laptop


def test_an_unknown_attribute_gets_a_suggestion():
    with pytest.raises(Refused) as refused:
        accept({"canvass": "0" * 16})
    assert refused.value.code == "DEVICE_ATTRIBUTES_REFUSED"
    assert refused.value.fields == {
        "attributes.canvass": ["unknown attribute; did you mean canvas?"]
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("automation", 1),
        ("automation", "true"),
        ("cpu_cores", True),
        ("cpu_cores", "8"),
        ("cpu_cores", 0),
        ("cpu_cores", float("nan")),
        ("cpu_cores", float("inf")),
        ("canvas", "data:image/png;base64,iVBOR"),
        ("canvas", "0" * 65),
        ("canvas", "0" * 15),
        ("fonts", "0" * 32),
        ("os", "Windows"),
        ("language", "de-DE,de;q=0.9"),
        ("timezone", "Europe/Berlin; DROP"),
        ("timezone", "Europe/Berlin\n"),
        ("carrier", "+4915112345678"),
        ("model", "alice@example.com"),
        ("model", "0151 2345678"),
        ("model", {"nested": 1}),
        ("model", "x" * 41),
    ],
)
def test_a_value_of_another_form_is_refused_by_name(name, value):
    with pytest.raises(Refused) as refused:
        accept({name: value})
    assert list(refused.value.fields) == [f"attributes.{name}"]


def test_every_fault_is_named_at_once():
    with pytest.raises(Refused) as refused:
        accept({"os": "BEOS", "cpu_cores": -1, "hdr": False})
    assert set(refused.value.fields) == {"attributes.os", "attributes.cpu_cores"}


def test_numbers_and_digests_take_one_form_and_nulls_are_left_out():
    assert accept({"cpu_cores": 8.0, "pixel_ratio": 1.25000001, "canvas": "AB" * 16}) == {
        "cpu_cores": 8,
        "pixel_ratio": 1.25,
        "canvas": "ab" * 16,
    }
    assert accept({"canvas": None}) == {}


def test_too_many_attributes_are_refused_before_they_are_read():
    with pytest.raises(Refused) as refused:
        accept({f"made_up_{n}": n for n in range(MOST_ATTRIBUTES + 1)})
    assert list(refused.value.fields) == ["attributes"]


def test_the_vocabulary_itself_fits_the_limit():
    assert len(ATTRIBUTES) <= MOST_ATTRIBUTES


def test_the_index_key_outlives_updates_and_monitors():
    laptop = windows_laptop()
    key = locality(platform="WEB", attributes=laptop)
    assert key == locality(platform="WEB", attributes=after_update(on_another_monitor(laptop)))
    assert -(2**63) <= key < 2**63


def test_a_phone_with_an_id_of_its_own_shares_its_index_key_with_nobody():
    first, second = android_phone("first"), android_phone("second")
    assert locality(platform="ANDROID", attributes=first) != locality(
        platform="ANDROID", attributes=second
    )
    sold = first | {"model": "SM-S911U"}
    assert locality(platform="ANDROID", attributes=first) == locality(
        platform="ANDROID", attributes=sold
    )
