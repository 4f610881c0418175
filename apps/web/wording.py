"""The desk's codes in the reader's language: states, notices, lines of the chat, refusals.

Rows keep codes with ids and amounts; the sentences are made here, when somebody reads them.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from apps.core import money
from apps.core.errors import Refused
from apps.trades.models import Ad, Message, Notice, Order
from apps.users.models import PayoutAccount
from apps.web.notice_words import LINES, NOTICES
from apps.web.refusal_words import REFUSALS

ORDER_STATES = {
    "CREATED": _("Waiting for a check"),
    "AWAITING_PAYMENT": _("Waiting for payment"),
    "PAID": _("Marked as paid"),
    "RELEASING": _("Release under way"),
    "APPEALED": _("In appeal"),
    "COMPLETED": _("Completed"),
    "CANCELLED": _("Cancelled"),
    "EXPIRED": _("Expired"),
    "REJECTED": _("Not possible"),
}
AD_STATES = {
    "DRAFT": _("Draft"),
    "PENDING_REVIEW": _("Waiting for review"),
    "ONLINE": _("Online"),
    "PAUSED": _("Paused"),
    "SOLD_OUT": _("Sold out"),
    "SUSPENDED": _("Suspended"),
    "CLOSED": _("Closed"),
}
CANCEL_REASONS = {
    "BUYER": _("The buyer cancelled."),
    "REFUNDED": _("The buyer was refunded, or never paid."),
    "TAKER": _("Whoever took it gave up before it began."),
    "MUTUAL": _("Buyer and seller agreed to cancel."),
    "UNPAID": _("The time to pay ran out."),
    "CHECK_FAILED": _("A check did not pass."),
    "CHECK_LATE": _("A check was not done in time."),
    "APPEAL": _("An appeal was decided so."),
    "RISK": _("Our risk control did not allow it."),
}
CONDITIONS = {
    "MIN_KYC": _("This offer asks for a higher verification level."),
    "MIN_AGE": _("This offer is for older accounts."),
    "MIN_ORDERS": _("This offer asks for more completed orders."),
    "MIN_COMPLETION": _("This offer asks for a higher completion rate."),
    "COUNTRY": _("This offer is for other countries."),
    "TRUSTED_ONLY": _("This offer is for people whom the advertiser trusts."),
    "NEWCOMER_LIMIT": _("For a first order this advertiser asks for a smaller amount."),
    "CLOSED": _("This merchant is closed at this hour."),
    "CLEAN_RAIL": _("This offer asks for a payment account that has been used here for 30 days."),
}
LIMITS = {
    "TIER_ORDER": _("the limit of your tier for one order"),
    "RAIL": _("the limit of this way of paying"),
    "ACCOUNT_AGE": _("it grows with the age of your payment account"),
    "KYC": _("a higher verification level raises it"),
}
TAGS = {
    "FAST": _("fast"),
    "POLITE": _("polite"),
    "GOOD_PRICE": _("good price"),
    "CLEAR_TERMS": _("clear terms"),
    "SLOW": _("slow"),
    "RUDE": _("rude"),
    "ASKED_TO_CANCEL": _("asked to cancel"),
    "EXTRA_CONDITIONS": _("asked for more than the terms say"),
    "THIRD_PARTY": _("paid from somebody else's account"),
}


def fiat_amount(order: Order) -> str:
    """What is paid for an order: 93.00 EUR."""
    return f"{round(order.fiat_amount, order.fiat.decimals):,f} {order.fiat_id}"


def crypto_amount(order: Order) -> str:
    """What an order is about: 100 USDT-TRC20."""
    return money.display(Decimal(money.short(order.amount)), currency=order.asset_id)


def account(one: PayoutAccount) -> str:
    """A payment account of the reader's own, as they tell it from others."""
    number = one.number or ""
    return " ".join(part for part in (one.bank, f"…{number[-4:]}", one.holder or "") if part)


def offer_conditions(ad: Ad, unmet: Sequence[str]) -> list[tuple[str, bool]]:
    """Each condition of an offer in words, and whether the viewer meets it."""
    said = {
        "MIN_KYC": ad.min_kyc and gettext("Verification level %(n)s or higher") % {"n": ad.min_kyc},
        "MIN_AGE": ad.min_age_days
        and gettext("Account older than %(n)s days") % {"n": ad.min_age_days},
        "MIN_ORDERS": ad.min_orders
        and gettext("At least %(n)s completed orders") % {"n": ad.min_orders},
        "MIN_COMPLETION": ad.min_completion
        and gettext("At least %(n)s %% completed in 30 days")
        % {"n": f"{100 * ad.min_completion:.0f}"},
        "COUNTRY": ad.countries
        and gettext("Verified in: %(list)s") % {"list": ", ".join(ad.countries)},
        "TRUSTED_ONLY": ad.trusted_only and gettext("Only people whom the advertiser trusts"),
        "NEWCOMER_LIMIT": ad.newcomer_limit_usd is not None
        and gettext("First order with this advertiser: at most %(n)s USD")
        % {"n": f"{ad.newcomer_limit_usd:,.0f}"},
        "CLEAN_RAIL": ad.clean_rail_only
        and gettext("Paid from an account that has been used here for 30 days"),
    }
    return [(str(words), code not in unmet) for code, words in said.items() if words]


def notice(one: Notice) -> str:
    """What a notice says; an unknown code in words that are true of any."""
    order = one.order
    words: dict[str, Any] = {**one.params, "why": CANCEL_REASONS.get(one.params.get("why", ""), "")}
    if order is not None:
        words |= {
            "order": order.number,
            "fiat": fiat_amount(order),
            "crypto": crypto_amount(order),
        }
    return _filled(NOTICES.get(one.code), words) or gettext("There is news for you.")


def line(message: Message, names: Mapping[str, str]) -> str:
    """What a line of the desk's own says in a chat; `names` of its parties by id."""
    words = {
        **message.params,
        "why": CANCEL_REASONS.get(message.params.get("why", ""), ""),
        "who": names.get(str(message.params.get("by", "")), gettext("The desk")),
    }
    return _filled(LINES.get(message.code), words) or gettext("The desk noted a step.")


def refusal(refused: Refused) -> str:
    """The sentence of a refusal: its own where it is told in English, else that of its code."""
    if _is_english():
        return refused.detail
    known = REFUSALS.get(refused.code)
    return str(known) if known else said(refused.detail)


def said(sentence: str) -> str:
    """A sentence that the desk wrote in English, in the reader's language where it is known."""
    return gettext(sentence) if sentence else ""


def span(seconds: float) -> str:
    """How long something takes, in two units at most."""
    minutes = round(seconds / 60)
    if seconds < 60:
        return gettext("%(n)s s") % {"n": round(seconds)}
    if minutes < 60:
        return gettext("%(n)s min") % {"n": minutes}
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        words = gettext("%(n)s h") % {"n": hours}
        return f"{words} {gettext('%(n)s min') % {'n': rest}}" if rest else words
    days = hours // 24
    return ngettext("%(n)s day", "%(n)s days", days) % {"n": days}


def clock(seconds: int) -> str:
    """What is left: 14:59, or 3:05:00."""
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def offset(delta: timedelta) -> str:
    """A distance from UTC: UTC, UTC+8, UTC−3:30."""
    minutes = int(delta.total_seconds()) // 60
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '−'}{hours}" + (f":{rest:02}" if rest else "")


def _filled(words: Any, params: dict[str, Any]) -> str:
    if words is None:
        return ""
    try:
        return str(words) % params
    except (KeyError, TypeError, ValueError):
        return ""


def _is_english() -> bool:
    return (get_language() or "en").startswith("en")
