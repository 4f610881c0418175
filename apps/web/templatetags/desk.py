"""How the desk's pages show amounts, moments, people, states and what waits."""

from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from apps.core import clock, money
from apps.ledger.models import Asset
from apps.trades.models import Fiat
from apps.trades.queries import waiting
from apps.users.models import User
from apps.web import order_words, wording
from apps.web.shell import theme_of

register = template.Library()
ZONE_COOKIE = "zone"


@register.simple_tag(takes_context=True)
def waits(context: template.Context) -> waiting.Waiting:
    """How many open orders and unread notices the reader has; one query."""
    user = getattr(context.get("request"), "user", None)
    return waiting.of(user) if isinstance(user, User) else waiting.NOTHING


@register.simple_tag(takes_context=True)
def theme(context: template.Context) -> str:
    """The reader's choice of light or dark, for the root element."""
    request = context.get("request")
    return theme_of(request) if request else ""


@register.filter
def amount(value: Decimal | None, unit: Asset | Fiat | str = "") -> str:
    """An amount with its unit and thousands marked: 1,250.5 USDT-TRC20, 93.00 EUR."""
    if value is None:
        return "–"
    if isinstance(unit, Fiat):
        digits = f"{value.quantize(Decimal(1).scaleb(-unit.decimals), context=money.EXACT):,f}"
        return f"{digits} {unit.code}"
    name = unit.code if isinstance(unit, Asset) else unit
    return f"{grouped(value)} {name}".strip()


@register.filter
def grouped(value: Decimal | int | None) -> str:
    """Digits with thousands marked and no zeros at the end: 84,406.25."""
    if value is None:
        return "–"
    digits = f"{value:,f}" if isinstance(value, Decimal) else f"{value:,}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


@register.filter
def price(value: Decimal | None) -> str:
    """A price: thousands marked, at least two decimals."""
    if value is None:
        return "–"
    whole, _point, places = grouped(value).partition(".")
    return f"{whole}.{places.ljust(2, '0')}"


@register.filter
def percent(value: float | Decimal | None) -> str:
    """A share as percent: 0.985 → 98.5 %."""
    if value is None:
        return "–"
    return f"{100 * value:.1f}".removesuffix(".0") + " %"


@register.filter
def signed_percent(value: float | Decimal | None) -> str:
    """A change as percent with its sign: 0.015 → +1.5 %."""
    if value is None:
        return "–"
    return ("+" if value > 0 else "") + f"{100 * value:.2f}".rstrip("0").rstrip(".") + " %"


@register.filter
def span(seconds: float | None) -> str:
    """How long something takes: 45 s, 4 min, 2 h 5 min."""
    return wording.span(seconds) if seconds is not None else "–"


@register.simple_tag(takes_context=True)
def moment(context: template.Context, at: datetime | None, form: str = "full") -> SafeString | str:
    """A moment in the reader's time zone with its offset; `form` time leaves out today's date."""
    if at is None:
        return "–"
    local = at.astimezone(zone_of(context))
    offset = wording.offset(local.utcoffset() or timedelta(0))
    today = local.date() == clock.now().astimezone(local.tzinfo).date()
    shown = f"{local:%H:%M}" if form == "time" and today else f"{local:%Y-%m-%d %H:%M}"
    return format_html(
        '<time datetime="{}" title="{} {}">{} <span class="zone">{}</span></time>',
        at.isoformat(),
        f"{local:%Y-%m-%d %H:%M:%S}",
        offset,
        shown,
        offset,
    )


@register.simple_tag(takes_context=True)
def countdown(context: template.Context, until: datetime | None) -> SafeString | str:
    """What is left until a moment, told by the server and ticking where scripts run."""
    if until is None:
        return "–"
    now = context.get("now") or clock.now()
    left = max(0, int((until - now).total_seconds()))
    return format_html(
        '<b class="countdown{}" data-left="{}" role="timer">{}</b>',
        " soon" if left < 300 else "",
        left,
        wording.clock(left),
    )


def zone_of(context: template.Context) -> tzinfo:
    """The reader's time zone: as they set it, else as their browser says, else UTC."""
    request = context.get("request")
    chosen = getattr(getattr(request, "user", None), "timezone", "UTC")
    told = getattr(request, "COOKIES", {}).get(ZONE_COOKIE, "")
    for name in (chosen if chosen != "UTC" else "", told):
        try:
            if name:
                return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return ZoneInfo("UTC")


@register.filter
def order_state(order: Any) -> str:
    """An order's state in the reader's language."""
    return wording.ORDER_STATES.get(order.status, order.status)


@register.filter
def ad_state(status: str) -> str:
    """An ad's state in the reader's language."""
    return str(wording.AD_STATES.get(status, status))


@register.filter
def notice(one: Any) -> str:
    """What a notice says, in the reader's language."""
    return wording.notice(one)


@register.filter
def said(sentence: str) -> str:
    """A sentence of the desk's own in the reader's language, where it is known."""
    return wording.said(sentence)


@register.simple_tag
def field_error_id(field: Any) -> str:
    """The id of what is wrong with a field, for aria-describedby."""
    return f"{field.auto_id}_error"


@register.simple_tag(takes_context=True)
def page_url(context: template.Context, number: int | str, name: str = "page") -> str:
    """The address of another page of the list that is shown, with its filters."""
    query = context["request"].GET.copy()
    if name != "page":
        query.pop("page", None)
    query[name] = str(number)
    return f"?{query.urlencode()}"


@register.filter
def initial(nickname: str) -> str:
    """The letter of somebody without a picture."""
    return nickname[:1].upper() or _("?")


@register.filter
def condition(code: str) -> str:
    """A condition of an offer that the reader does not meet."""
    return str(wording.CONDITIONS.get(code, code))


@register.filter
def take_warnings(buys: bool) -> list[str]:
    """What to know before an offer is taken."""
    return order_words.take_warnings(buys=buys)


@register.filter
def minutes(value: int) -> str:
    """Minutes as people say them: 30 min, 2 h."""
    return wording.span(value * 60)


@register.filter
def step(one: Any) -> str:
    """A line of an order's timeline."""
    return order_words.step(one)


@register.filter
def masked(number: str | None) -> str:
    """The end of an account number."""
    return f"…{number[-4:]}" if number else "–"


@register.filter
def is_buyer(order: Any, user: Any) -> bool:
    """Whether this person buys in an order."""
    return bool(order.buyer_id == user.pk)


@register.filter
def plain(value: Decimal, fiat: Fiat) -> str:
    """An amount as banks' forms take it: plain digits, the currency's decimals."""
    return f"{value.quantize(Decimal(1).scaleb(-fiat.decimals), context=money.EXACT):f}"
