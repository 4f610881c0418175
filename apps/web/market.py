"""The market: everybody may look, whoever signs in may take."""

from dataclasses import dataclass
from decimal import Decimal

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from apps.core import clock
from apps.trades.models import Side
from apps.trades.queries import market as market_of
from apps.trades.queries.market import Choices
from apps.users.models import User
from apps.web.amounts import AmountField
from apps.web.pages import page

BUY, SELL = "buy", "sell"
#: The ads that answer what the viewer wants to do.
ADS = {BUY: Side.SELL, SELL: Side.BUY}


class Filters(forms.Form):
    """What the viewer looks for; whatever they made up is as if they had not asked."""

    asset = forms.ChoiceField(label=_("Asset"), required=False)
    fiat = forms.ChoiceField(label=_("Currency"), required=False)
    amount = AmountField(label=_("Amount"), required=False)
    rail = forms.ChoiceField(label=_("Way of paying"), required=False)
    merchants = forms.BooleanField(label=_("Merchants only"), required=False)
    all = forms.BooleanField(label=_("Also what I can't take"), required=False)

    def __init__(self, data: object, *, choices: Choices, fiat: str) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        self.fields["asset"].choices = [(code, code) for code in choices.assets]  # type: ignore[attr-defined]
        self.fields["fiat"].choices = [(code, code) for code in choices.fiats]  # type: ignore[attr-defined]
        rails = choices.rails_for(fiat).items()
        self.fields["rail"].choices = [("", _("Any")), *rails]  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the market is asked for."""

    deed: str
    asset: str
    fiat: str
    amount: Decimal | None
    rail: str
    merchants: bool
    all: bool


@login_not_required
@require_safe
@page
def market(request: HttpRequest) -> HttpResponse:
    """Offers of one asset in one currency, best first; a part of the page for HTMX."""
    choices = market_of.choices()
    viewer = request.user if isinstance(request.user, User) else None
    asked, form = _asked(request, choices)
    found = market_of.market(
        asset=asked.asset,
        fiat=asked.fiat,
        side=ADS[asked.deed],
        viewer=viewer,
        amount=asked.amount,
        rail=asked.rail,
        merchants=asked.merchants,
        fitting=not asked.all,
        page=_number(request.GET.get("page", "")),
        at=clock.now(),
    )
    template = "web/market/_offers.html" if request.headers.get("HX-Request") else "web/market.html"
    context = {"market": found, "asked": asked, "form": form, "choices": choices}
    return render(request, template, context)


def _asked(request: HttpRequest, choices: Choices) -> tuple[Asked, Filters]:
    asset = _known(request, "asset", choices.assets, settings.MARKET_ASSET)
    fiat = _known(request, "fiat", choices.fiats, settings.MARKET_FIAT)
    data = request.GET.copy()
    data["asset"], data["fiat"] = asset, fiat
    form = Filters(data, choices=choices, fiat=fiat)
    form.is_valid()
    said = form.cleaned_data
    deed = request.GET.get("deed", BUY)
    return (
        Asked(
            deed=deed if deed in ADS else BUY,
            asset=asset,
            fiat=fiat,
            amount=said.get("amount"),
            rail=said.get("rail", ""),
            merchants=said.get("merchants", False),
            all=said.get("all", False),
        ),
        form,
    )


def _known(request: HttpRequest, name: str, choices: dict[str, str], usual: str) -> str:
    """What was asked for, else what was looked at last time, else the usual."""
    for code in (request.GET.get(name), usual):
        if code in choices:
            return str(code)
    return next(iter(choices), usual)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 4 else 1
