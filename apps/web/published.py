"""What the desk publishes of itself: what a fault costs, what trading costs."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_safe

from apps.ledger.models import Asset
from apps.trades.models import Penalty, Rail, Tier
from apps.web.account_words import ABILITIES, word
from apps.web.pages import page


@dataclass(frozen=True, slots=True)
class Consequence:
    """A line of the penalty matrix, with what each offence brings in words."""

    penalty: Penalty
    steps: list[str]


@login_not_required
@require_safe
@page
def penalties(request: HttpRequest) -> HttpResponse:
    """The matrix by which faults are answered, the same for everybody."""
    rows = Penalty.objects.filter(is_active=True).order_by("falls_on", "name")
    lines = [Consequence(row, [_step(step) for step in row.steps]) for row in rows]
    return render(request, "web/account/penalties.html", {"lines": lines})


@login_not_required
@require_safe
@page
def fees(request: HttpRequest) -> HttpResponse:
    """Tiers with their fees and limits, withdrawal fees, ways of paying."""
    context = {
        "tiers": Tier.objects.select_related("margin_asset").order_by("rank"),
        "assets": Asset.objects.filter(is_active=True).order_by("code"),
        "rails": Rail.objects.filter(is_active=True).order_by("name"),
    }
    return render(request, "web/account/fees.html", context)


def _step(step: dict[str, Any]) -> str:
    """What one offence brings: Buy, Sell: not possible, for 7 days."""
    what = ", ".join(word(ABILITIES, code) for code in step["abilities"])
    hours, kind = step.get("hours"), step["kind"]
    if kind == "WARN":
        return gettext("A warning")
    if kind == "CAP":
        words = gettext("%(what)s: up to %(usd)s USD") % {"what": what, "usd": step["cap_usd"]}
    elif kind == "STEP_UP":
        words = gettext("%(what)s: only after a proof of who you are") % {"what": what}
    elif kind == "HOLD":
        words = gettext("%(what)s: a person looks at it first") % {"what": what}
    else:
        words = gettext("%(what)s: not possible") % {"what": what}
    return f"{words}, {_span(int(hours)) if hours else gettext('until it is lifted')}"


def _span(hours: int) -> str:
    if hours < 48:
        return ngettext("for %(n)s hour", "for %(n)s hours", hours) % {"n": hours}
    days = hours // 24
    return ngettext("for %(n)s day", "for %(n)s days", days) % {"n": days}
