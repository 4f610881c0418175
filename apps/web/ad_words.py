"""What an ad's state means, and what one version of it says that the one before did not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core import money
from apps.trades.models import Ad, AdRevision
from apps.web import wording

WHY = {
    "PENDING_REVIEW": gettext_lazy("A person looks at it first; it then goes online by itself."),
    "SOLD_OUT": gettext_lazy("Less is left than the smallest order. Edit it to offer more."),
    "PAUSED": gettext_lazy("Nobody sees it until you resume it."),
}
SUSPENDED = {
    "RISK": gettext_lazy("Our risk control took it off the market. Contact support."),
    "RESTRICTED": gettext_lazy(
        "Your account is limited at present. The ad comes back by itself when that ends."
    ),
    "": gettext_lazy("It was taken off the market. Contact support."),
}
NAMES = {
    "price_type": gettext_lazy("Kind of price"),
    "price": gettext_lazy("Fixed price"),
    "premium": gettext_lazy("Above or below the market"),
    "quantity": gettext_lazy("To trade"),
    "min_fiat": gettext_lazy("Smallest order"),
    "max_fiat": gettext_lazy("Largest order"),
    "window_min": gettext_lazy("Time to pay"),
    "min_kyc": gettext_lazy("Verification level at least"),
    "min_age_days": gettext_lazy("Account at least so many days old"),
    "min_orders": gettext_lazy("Completed orders at least"),
    "min_completion": gettext_lazy("Completed in 30 days at least"),
    "countries": gettext_lazy("Only people verified in"),
    "newcomer_limit_usd": gettext_lazy("First order with me: at most"),
    "clean_rail_only": gettext_lazy("Only payments from accounts used here for 30 days"),
    "trusted_only": gettext_lazy("Only people whom I trust"),
}
PRICE_TYPES = {"FIXED": gettext_lazy("Fixed"), "FLOATING": gettext_lazy("Follows the market")}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that an ad said differently."""

    name: str
    before: str
    after: str


def why(ad: Ad) -> str:
    """Why an ad is not online, and what would bring it back; empty for one that is."""
    if ad.status == "SUSPENDED":
        return str(SUSPENDED.get(ad.suspended_for, SUSPENDED[""]))
    return str(WHY.get(ad.status, ""))


def changes(
    one: AdRevision, before: AdRevision | None, *, rails: Mapping[str, str]
) -> list[Change]:
    """What a version says that the one before did not; of the first everything that it says.

    `rails` has the names of ways of paying by code.
    """
    new, old = one.said, before.said if before else {}
    found = [
        Change(str(name), _shown(code, old.get(code)), _shown(code, new.get(code)))
        for code, name in NAMES.items()
        if _shown(code, new.get(code)) != _shown(code, old.get(code))
    ]
    ways, were = new.get("rails") or {}, old.get("rails") or {}
    if ways != were:
        after = _named(ways, rails)
        if before and set(ways) == set(were):
            after += f" ({_('another account')})"
        found.append(Change(_("Ways of paying"), _named(were, rails), after))
    terms = before.terms if before else ""
    if one.terms != terms:
        found.append(Change(_("Terms"), terms, one.terms))
    return found


def _named(ways: Mapping[str, Any], rails: Mapping[str, str]) -> str:
    return ", ".join(_(rails.get(code, code)) for code in sorted(ways)) or "–"


def _shown(code: str, value: Any) -> str:
    if value in (None, "", [], {}, False, 0, "0", "0.000", "0.00"):
        return "–"
    return _SHOWN.get(code, _plain)(value)


def _plain(value: Any) -> str:
    if value is True:
        return _("yes")
    try:
        return f"{Decimal(money.short(Decimal(value))):,f}"
    except (ArithmeticError, TypeError, ValueError):
        return str(value)


_SHOWN: dict[str, Callable[[Any], str]] = {
    "price_type": lambda value: str(PRICE_TYPES.get(value, value)),
    "premium": lambda value: f"{Decimal(value) * 100:+.2f} %",
    "min_completion": lambda value: f"{Decimal(value) * 100:.0f} %",
    "window_min": lambda value: wording.span(value * 60),
    "countries": ", ".join,
}
