"""Small words for the templates of the wallet and the account."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from apps.trades.tiers import Condition
from apps.web import account_words, wording
from apps.web.templatetags.desk import zone_of

register = template.Library()


@register.filter
def less(number: int, other: int) -> int:
    """What is left of a count."""
    return number - other


@register.filter
def called(code: str, words: str) -> str:
    """What a code is called, by the name of its table in account_words or wording."""
    table: dict[str, Any] = getattr(account_words, words, None) or getattr(wording, words)
    return account_words.word(table, code)


@register.filter
def reason(code: str) -> str:
    """Why a withdrawal waits or ended."""
    return account_words.withdrawal_reason(code)


@register.filter
def fee(share: Decimal) -> str:
    """A fee as percent, as fine as it is: 0.00050 → 0.05 %."""
    text = f"{share * 100:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) + " %"


@register.filter
def condition_words(one: Condition) -> str:
    """What a tier asks for, in the reader's language."""
    words = account_words.TIER_CONDITIONS.get(one.code)
    return str(words) % {"n": _number(one.code, one.needed)} if words else one.sentence


@register.filter
def condition_has(one: Condition) -> str:
    """How far the reader is."""
    if one.is_met:
        return ""
    has = "–" if one.has is None else _number(one.code, one.has)
    return gettext("you: %(n)s") % {"n": has}


def _number(code: str, value: Decimal) -> str:
    return f"{value * 100:.0f} %" if code == "COMPLETION" else f"{value:,.0f}"


@register.simple_tag(takes_context=True)
def hour(context: template.Context, at: datetime) -> SafeString:
    """The time of day in the reader's zone, under a heading that says the day."""
    local = at.astimezone(zone_of(context))
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), f"{local:%H:%M}")
