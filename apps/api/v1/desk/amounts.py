"""Amounts as the API takes and gives them: plain text, never a float."""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers as s

from apps.core import money

#: NUMERIC(38,18) has so many digits before the point.
WHOLE_DIGITS = money.MAX_DIGITS - money.MAX_PLACES


@extend_schema_field(
    {
        "type": "string",
        "pattern": r"^(0|[1-9][0-9]{0,19})(\.[0-9]{1,18})?$",
        "maxLength": 39,
        "examples": ["1250.75"],
    }
)
class AmountField(s.Field):
    """An amount as text, exactly as it was written: no sign, no exponent, 18 decimals at most."""

    def to_internal_value(self, data: Any) -> Decimal:
        try:
            amount = money.parse(data)
        except money.BadAmount as fault:
            raise s.ValidationError(str(fault)) from None
        if amount >= 10**WHOLE_DIGITS:
            raise s.ValidationError(f"At most {WHOLE_DIGITS} digits before the point, please.")
        return amount

    def to_representation(self, value: Decimal) -> str:
        return money.plain(value)


@extend_schema_field({"type": "string", "pattern": r"^-?[0-9]\.[0-9]{1,4}$"})
class PremiumField(s.Field):
    """How far from the reference price: "0.015" is 1.5 % above it."""

    def to_internal_value(self, data: Any) -> Decimal:
        try:
            premium = money.parse(data, negative=True)
        except money.BadAmount as fault:
            raise s.ValidationError(str(fault)) from None
        if abs(premium) >= 10 or not money.fits(premium, decimals=4):
            raise s.ValidationError("At most four decimals, and below ten.")
        return premium


def plain(amount: Decimal | None) -> str | None:
    """The shortest text of an amount; None stays None."""
    return None if amount is None else money.short(amount)
