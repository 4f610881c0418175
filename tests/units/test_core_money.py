"""Amounts arrive as text and keep every digit."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core import money
from apps.core.money import BadAmount


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("0", Decimal("0")),
        ("1250.75", Decimal("1250.75")),
        ("0.000000000000000001", Decimal("0.000000000000000001")),
        ("9" * 20 + "." + "9" * 18, Decimal("9" * 20 + "." + "9" * 18)),
    ],
)
def test_plain_digits_are_an_amount(text: str, amount: Decimal) -> None:
    assert money.parse(text) == amount


@pytest.mark.parametrize(
    "text",
    ["", " 1", "1 ", "1,000", "1e3", "1E3", "0x10", "NaN", "inf", "01", ".5", "5.", "+1", "--1"]
    + ["1\n", "\u0661", "1_000", "$5", "0.0000000000000000001", "9" * 39],
)
def test_anything_else_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(BadAmount, match=r"\.$"):
        money.parse(text)


@pytest.mark.parametrize("value", [12.5, 12, None, Decimal("1"), True])
def test_only_text_is_taken_never_a_float(value: object) -> None:
    with pytest.raises(BadAmount, match="as text"):
        money.parse(value)  # type: ignore[arg-type]


def test_a_negative_amount_must_be_asked_for() -> None:
    assert money.parse("-3.5", negative=True) == Decimal("-3.5")
    with pytest.raises(BadAmount, match="negative"):
        money.parse("-3.5")


@pytest.mark.parametrize(
    ("text", "rounded"), [("1.005", "1.00"), ("1.015", "1.02"), ("7", "7.00"), ("2.999", "3.00")]
)
def test_dollars_are_rounded_half_to_even(text: str, rounded: str) -> None:
    assert money.plain(money.usd(text)) == rounded


def test_dollars_that_no_column_could_hold_are_refused() -> None:
    assert money.usd("9" * 18 + ".99") == Decimal("9" * 18 + ".99")
    with pytest.raises(BadAmount, match="18 digits"):
        money.usd("1" + "0" * 18)
    with pytest.raises(BadAmount, match="18 digits"):
        money.usd("9" * 18 + ".999")


@given(st.integers(min_value=-(10**20), max_value=10**20))
def test_cents_and_dollars_are_the_same_amount(value: int) -> None:
    assert money.cents(money.from_cents(value)) == value


@given(st.decimals(min_value=0, max_value=10**18, places=18))
def test_what_is_written_plainly_reads_back_equal(amount: Decimal) -> None:
    text = money.plain(amount)
    assert "E" not in text
    assert money.parse(text) == amount


def test_people_read_grouped_digits() -> None:
    assert money.display(Decimal("1250.755")) == "1,250.76 USD"
    assert money.display(Decimal("0.00001200"), currency="BTC") == "0.00001200 BTC"
