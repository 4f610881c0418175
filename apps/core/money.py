"""Money: Decimal in, Decimal out, text in JSON; never a float, never an exponent."""

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Context, Decimal

MAX_DIGITS = 38
MAX_PLACES = 18
# NUMERIC(20, 2): what an event's amount_usd holds.
USD_WHOLE_DIGITS = 18
CENT = Decimal("0.01")

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", re.ASCII)
#: Python's own context keeps 28 digits: arithmetic on amounts names this one.
EXACT = Context(prec=MAX_DIGITS + MAX_PLACES, rounding=ROUND_HALF_EVEN)


class BadAmount(ValueError):
    """Text that is not an amount; the message is a sentence for whoever sent it."""


def parse(text: str, *, negative: bool = False) -> Decimal:
    """The amount in a text such as "1250.75": at most 38 digits, 18 of them decimals."""
    if not isinstance(text, str):
        raise BadAmount('Write amounts as text, such as "1250.75".')
    match = _NUMBER.fullmatch(text)
    if not match:
        raise BadAmount('Write the amount in plain digits, such as "1250.75".')
    whole, places = match[1], (match[2] or ".")[1:]
    if len(places) > MAX_PLACES:
        raise BadAmount(f"An amount has at most {MAX_PLACES} decimals.")
    if len(whole) + len(places) > MAX_DIGITS:
        raise BadAmount(f"An amount has at most {MAX_DIGITS} digits.")
    amount = Decimal(text)
    if amount < 0 and not negative:
        raise BadAmount("The amount may not be negative.")
    return amount


def usd(text: str) -> Decimal:
    """The US dollars in a text, rounded to cents (half to even)."""
    amount = parse(text).quantize(CENT, context=EXACT)
    if amount >= 10**USD_WHOLE_DIGITS:
        raise BadAmount(f"A dollar amount has at most {USD_WHOLE_DIGITS} digits before the point.")
    return amount


def cents(amount: Decimal) -> int:
    """The amount in whole cents, rounded half to even."""
    return int(amount.quantize(CENT, context=EXACT).scaleb(2, context=EXACT))


def from_cents(value: int) -> Decimal:
    """The amount of that many cents."""
    return Decimal(value).scaleb(-2, context=EXACT)


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum; to subtract, add `amount.copy_negate()`."""
    result = Decimal(0)
    for amount in amounts:
        result = EXACT.add(result, amount)
    return result


def fits(amount: Decimal, *, decimals: int) -> bool:
    """Whether the amount is no finer than so many decimals."""
    return amount == amount.quantize(Decimal(1).scaleb(-decimals), context=EXACT)


def plain(amount: Decimal) -> str:
    """The amount as JSON and forms carry it: plain digits, no exponent, decimals kept."""
    return f"{amount:f}"


def short(amount: Decimal) -> str:
    """The amount in plain digits without the zeros at its end: how a sentence names it."""
    text = plain(amount)
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def display(amount: Decimal, *, currency: str = "USD") -> str:
    """The amount as a person reads it, `1,250.75 USD`; other currencies keep their decimals."""
    if currency == "USD":
        amount = amount.quantize(CENT, context=EXACT)
    return f"{amount:,f} {currency}"
