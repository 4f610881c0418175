"""Amounts as people type them: plain digits, with a comma or a point."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from apps.core import money


class AmountField(forms.CharField):
    """An exact amount; thousands may be marked, and one comma with one or two digits is a point."""

    def __init__(self, *, sign: bool = False, **options: Any) -> None:
        attrs = {"inputmode": "decimal", "autocomplete": "off", "maxlength": 48}
        super().__init__(widget=forms.TextInput(attrs=attrs), **options)
        self.sign = sign

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value).replace(" ", "").replace(" ", "").replace("'", "")
        if not text:
            return None
        try:
            return money.parse(_plain(text), negative=self.sign)
        except money.BadAmount as bad:
            raise forms.ValidationError(_(str(bad))) from bad

    def prepare_value(self, value: Any) -> Any:
        return money.short(value) if isinstance(value, Decimal) else value


def _plain(text: str) -> str:
    if "," in text and "." in text:
        return (
            text.replace(",", "")
            if text.rfind(".") > text.rfind(",")
            else (text.replace(".", "").replace(",", "."))
        )
    if text.count(",") == 1 and len(text.partition(",")[2]) != 3:
        return text.replace(",", ".")
    return text
