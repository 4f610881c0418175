"""Where an offer is taken: what it is, what it asks, how much, and over which account."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from apps.core import clock
from apps.flows import trading
from apps.flows.order_terms import RECLAIM_TIME, Wish
from apps.flows.request_facts import facts_of
from apps.trades import limits
from apps.trades.models import Ad, Order, Rail, Tier
from apps.trades.queries import market as market_of
from apps.trades.queries import orders as orders_of
from apps.trades.queries import people
from apps.trades.queries.market import Listed
from apps.trades.states import AdStatus
from apps.users.models import PayoutAccount, User
from apps.web import wording
from apps.web.amounts import AmountField
from apps.web.pages import page, refusal_of, refusals_in, sent, status_of, trader


class Take(forms.Form):
    """How much, how it is paid, and from or to which own account; the price that was shown."""

    fiat_amount = AmountField(required=False)
    amount = AmountField(required=False)
    rail = forms.ChoiceField(label=gettext_lazy("Way of paying"), widget=forms.RadioSelect)
    account = forms.ChoiceField(required=False)
    price = AmountField(required=False)
    reclaims = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, data: Any, *, offer: Listed, accounts: list[PayoutAccount], buys: bool, **options: Any
    ) -> None:
        super().__init__(data, **options)
        fiat, asset = offer.ad.fiat_id, offer.ad.asset_id
        fields: dict[str, Any] = self.fields
        fields["fiat_amount"].label = _("I pay") if buys else _("I receive")
        fields["amount"].label = _("I receive") if buys else _("I sell")
        fields["fiat_amount"].widget.attrs["aria-describedby"] = "limits"
        fields["price"].widget = forms.HiddenInput()
        fields["rail"].choices = [(code, _(name)) for code, name in offer.rails]
        names = dict(offer.rails)
        fields["account"].label = _("I pay from") if buys else _("I am paid to")
        fields["account"].required = not buys
        fields["account"].choices = [
            ("", _("I say so later") if buys else _("Choose an account"))
        ] + [(str(one.pk), f"{_(names[one.rail])} · {wording.account(one)}") for one in accounts]
        self.units = {"fiat_amount": fiat, "amount": asset}


@dataclass(frozen=True, slots=True)
class Bound:
    """What the viewer may do over one rail, and why not more."""

    rail: str
    usd: Decimal
    why: str


@require_http_methods(["GET", "POST"])
@page
def take(request: HttpRequest, id: UUID) -> HttpResponse:
    """Take an offer at the price that is shown; a price that has moved is shown again first."""
    viewer, at = trader(request), clock.now()
    ad = _ad(id)
    reclaimed = _reclaimed(request, viewer, ad, at=at)
    offer = market_of.offer_for(viewer, ad, at=at)
    buys = ad.side == "SELL"
    accounts = _accounts(viewer, offer)
    price = reclaimed.price if reclaimed else offer.price
    form = Take(
        sent(request),
        offer=offer,
        accounts=accounts,
        buys=buys,
        initial=_initial(offer, accounts, price=price, reclaimed=reclaimed),
    )
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        with refusals_in(form):
            moved = trading.open_order(
                actor=viewer,
                ad=ad.pk,
                wish=Wish(
                    rail=said["rail"],
                    fiat_amount=said["fiat_amount"],
                    amount=said["amount"],
                    account=UUID(said["account"]) if said["account"] else None,
                    price=said["price"] or price,
                    reclaims=said["reclaims"],
                ),
                request_facts=facts_of(request, user=viewer),
                at=at,
            )
            return redirect("order", moved.order.pk)
    if refusal_of(form) == "PRICE_MOVED":
        # Whoever sends the form again has seen the new price.
        form.data = form.data.copy()
        form.data["price"] = form.fields["price"].prepare_value(price)
    context = {
        "offer": offer,
        "ad": ad,
        "form": form,
        "buys": buys,
        "price": price,
        "reclaimed": reclaimed,
        "is_online": ad.status == AdStatus.ONLINE or reclaimed is not None,
        "accounts": accounts,
        "conditions": wording.offer_conditions(ad, offer.unmet),
        "bounds": _bounds(viewer, offer, accounts, buys=buys, at=at),
        "tier": people.tier_of(viewer),
    }
    return render(request, "web/take.html", context, status=status_of(form))


def _ad(id: UUID) -> Ad:
    ad = Ad.objects.select_related("owner", "asset", "fiat").filter(pk=id).first()
    if ad is None or ad.status in (AdStatus.DRAFT, AdStatus.PENDING_REVIEW):
        raise Http404
    return ad


def _reclaimed(request: HttpRequest, viewer: User, ad: Ad, *, at: datetime) -> Order | None:
    """The expired order that this one makes good, while there is time for it."""
    given = request.POST.get("reclaims") or request.GET.get("reclaims") or ""
    try:
        id = UUID(given)
    except ValueError:
        return None
    order = orders_of.expired_lately(buyer=viewer, id=id, since=at - RECLAIM_TIME)
    return order if order and (order.ad_id, order.taker_id) == (ad.pk, viewer.pk) else None


def _accounts(viewer: User, offer: Listed) -> list[PayoutAccount]:
    return list(
        PayoutAccount.objects.filter(
            user=viewer, removed_at=None, rail__in=[code for code, _name in offer.rails]
        ).order_by("added_at")
    )


def _initial(
    offer: Listed, accounts: list[PayoutAccount], *, price: Decimal, reclaimed: Order | None
) -> dict[str, Any]:
    rails = [code for code, _name in offer.rails]
    own = [one.rail for one in accounts]
    said: dict[str, Any] = {"price": price}
    if reclaimed:
        said |= {
            "reclaims": reclaimed.pk,
            "rail": reclaimed.rail_id,
            "fiat_amount": reclaimed.fiat_amount,
        }
    elif rails:
        said["rail"] = next((rail for rail in rails if rail in own), rails[0])
    if accounts and said.get("rail") in own:
        said["account"] = str(next(one.pk for one in accounts if one.rail == said["rail"]))
    return said


def _bounds(
    viewer: User, offer: Listed, accounts: list[PayoutAccount], *, buys: bool, at: datetime
) -> list[Bound]:
    tier: Tier = people.tier_of(viewer)
    first = {one.rail: one for one in reversed(accounts)}
    found = []
    for rail in Rail.objects.filter(pk__in=[code for code, _name in offer.rails]).order_by("name"):
        payer = first.get(rail.code) if buys else None
        tightest = limits.of_order(
            tier=tier, kyc_level=viewer.kyc_level, rail=rail, payer=payer, buys=buys, at=at
        )[0]
        found.append(Bound(rail.name, tightest.usd, str(wording.LIMITS[tightest.code])))
    return found
