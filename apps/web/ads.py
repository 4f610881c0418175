"""An advertiser's own ads: the list, what each says and said, on and off the market."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core import clock
from apps.core.errors import Refused
from apps.flows import ads
from apps.flows.ads import Posted
from apps.flows.request_facts import facts_of
from apps.ledger import queries as ledger
from apps.ledger.models import Asset
from apps.trades import prices
from apps.trades.models import LIVE, Ad, AdRevision, Fiat, Rail, Side
from apps.trades.queries import people
from apps.trades.states import AdStatus
from apps.users.models import PayoutAccount, User
from apps.web import ad_words, wording
from apps.web.ad_form import AdForm, Pair
from apps.web.pages import page, refusals_in, sent, status_of, trader

SIZE = 25
TABS = {"": Q(status__in=[*ads.LIVE, AdStatus.SUSPENDED]), "closed": Q(status=AdStatus.CLOSED)}


@dataclass(frozen=True, slots=True)
class Mine:
    """An ad as its owner sees it; `price` None: nothing to follow at the moment."""

    ad: Ad
    price: Decimal | None
    why: str
    open_orders: int


@require_safe
@page
def own(request: HttpRequest) -> HttpResponse:
    """The ads of whoever asks, with their state and why they are in it."""
    tab = request.GET.get("tab", "")
    rows = _of(trader(request)).filter(TABS.get(tab, TABS[""])).order_by("-changed_at", "-id")
    shown = Paginator(
        rows.annotate(live=Count("orders", filter=Q(orders__status__in=LIVE))), SIZE
    ).get_page(request.GET.get("page"))
    known = prices.read(*{ad.asset_id for ad in shown}) if shown.object_list else prices.Prices({})
    context = {
        "page": shown,
        "ads": [
            Mine(ad, _price(ad, known), ad_words.why(ad), ad.live)  # type: ignore[attr-defined]
            for ad in shown
        ],
        "tab": tab,
    }
    return render(request, "web/ads.html", context)


@require_http_methods(["GET", "POST"])
@page
def new(request: HttpRequest) -> HttpResponse:
    """Put an offer up: first what against what, then the rest of it."""
    owner = trader(request)
    pair = _pair(request)
    form = _form(request, owner, pair)
    if request.method == "POST" and form.is_valid():
        with refusals_in(form):
            posted = ads.publish(
                actor=owner,
                side=pair.side,
                asset=pair.asset.code,
                fiat=pair.fiat.code,
                offer=form.offer(),
                request_facts=facts_of(request, user=owner),
                at=clock.now(),
            )
            _tell(request, posted)
            return redirect("ads")
    return _editor(request, owner, pair, form)


@require_http_methods(["GET", "POST"])
@page
def edit(request: HttpRequest, id: UUID) -> HttpResponse:
    """Say something else from now on; orders that are open keep what they were opened with."""
    owner = trader(request)
    ad = _own_ad(owner, id)
    if ad.status not in ads.LIVE:
        raise Refused("AD_STATE", 409, "This ad can't be edited any more. Make a new one.")
    pair = Pair(side=ad.side, asset=ad.asset, fiat=ad.fiat)
    form = _form(request, owner, pair, ad=ad)
    if request.method == "POST" and form.is_valid():
        with refusals_in(form):
            posted = ads.edit(
                actor=owner,
                ad=ad,
                offer=form.offer(),
                request_facts=facts_of(request, user=owner),
                at=clock.now(),
            )
            _tell(request, posted)
            return redirect("ads")
    return _editor(request, owner, pair, form, ad=ad)


@require_safe
@page
def history(request: HttpRequest, id: UUID) -> HttpResponse:
    """What an ad has said, version by version, the newest first."""
    ad = _own_ad(trader(request), id)
    rows = AdRevision.objects.filter(ad=ad).order_by("-number")
    shown = Paginator(rows, SIZE).get_page(request.GET.get("page"))
    numbers = [one.number for one in shown]
    before = AdRevision.objects.filter(ad=ad, number=min(numbers, default=1) - 1).first()
    versions = [*shown, *([before] if before else [])]
    rails = dict(Rail.objects.values_list("code", "name"))
    older = [*versions[1:], None]
    changes = [
        (one, ad_words.changes(one, last, rails=rails))
        for one, last in zip(shown, older, strict=False)
    ]
    return render(request, "web/ad_history.html", {"ad": ad, "page": shown, "changes": changes})


@require_POST
@page
def pause(request: HttpRequest, id: UUID) -> HttpResponse:
    """Off the market for a while."""
    owner = trader(request)
    ads.pause(actor=owner, ad=_own_ad(owner, id), at=clock.now())
    messages.success(request, _("The ad is paused."))
    return redirect("ads")


@require_POST
@page
def resume(request: HttpRequest, id: UUID) -> HttpResponse:
    """Back on the market."""
    owner = trader(request)
    ads.resume(
        actor=owner,
        ad=_own_ad(owner, id),
        request_facts=facts_of(request, user=owner),
        at=clock.now(),
    )
    messages.success(request, _("The ad is online again."))
    return redirect("ads")


@require_http_methods(["GET", "POST"])
@page
def close(request: HttpRequest, id: UUID) -> HttpResponse:
    """Down for good, after a question."""
    owner = trader(request)
    ad = _own_ad(owner, id)
    if request.method == "GET":
        return render(request, "web/ad_close.html", {"ad": ad})
    ads.close(actor=owner, ad=ad, at=clock.now())
    messages.success(request, _("The ad is closed."))
    return redirect("ads")


def _of(owner: User) -> QuerySet[Ad]:
    return Ad.objects.filter(owner=owner).select_related("asset", "fiat")


def _own_ad(owner: User, id: UUID) -> Ad:
    ad = _of(owner).filter(pk=id).first()
    if ad is None:
        raise Http404
    return ad


def _pair(request: HttpRequest) -> Pair:
    """What is offered against what; the first of each where nothing sensible was asked."""
    asked = request.POST if request.method == "POST" else request.GET
    assets = Asset.objects.filter(is_active=True).order_by("code")
    fiats = Fiat.objects.filter(is_active=True).order_by("code")
    side = asked.get("side", "")
    asset, fiat = (
        rows.filter(pk=asked.get(name, "")).first() or rows.first()
        for name, rows in (("asset", assets), ("fiat", fiats))
    )
    if asset is None or fiat is None:
        raise Refused("NOTHING_TO_TRADE", 409, "There is nothing to trade here yet.")
    return Pair(side=side if side in Side.values else Side.SELL, asset=asset, fiat=fiat)


def _form(request: HttpRequest, owner: User, pair: Pair, *, ad: Ad | None = None) -> AdForm:
    rails = [
        rail
        for rail in Rail.objects.filter(is_active=True).order_by("name")
        if not rail.fiats or pair.fiat.code in rail.fiats
    ]
    accounts = PayoutAccount.objects.filter(
        user=owner, removed_at=None, rail__in=[rail.code for rail in rails]
    ).order_by("added_at")
    return AdForm(sent(request), pair=pair, rails=rails, accounts=list(accounts), ad=ad)


def _editor(
    request: HttpRequest, owner: User, pair: Pair, form: AdForm, *, ad: Ad | None = None
) -> HttpResponse:
    known = prices.read(pair.asset.code)
    context: dict[str, Any] = {
        "form": form,
        "pair": pair,
        "ad": ad,
        "reference": known.by_pair.get((pair.asset.code, pair.fiat.code)),
        "free": ledger.withdrawable(owner, pair.asset, at=clock.now()),
        "tier": people.tier_of(owner),
        "rail_codes": ",".join(rail.code for rail in form.rails),
    }
    if ad is None:
        context["assets"] = Asset.objects.filter(is_active=True).order_by("code")
        context["fiats"] = Fiat.objects.filter(is_active=True).order_by("code")
    return render(request, "web/ad_form.html", context, status=status_of(form))


def _price(ad: Ad, known: prices.Prices) -> Decimal | None:
    try:
        return known.of_ad(ad)
    except Refused:
        return None


def _tell(request: HttpRequest, posted: Posted) -> None:
    if posted.ad.status == AdStatus.PENDING_REVIEW:
        messages.warning(request, wording.said(posted.sentence))
    elif posted.ad.status == AdStatus.PAUSED:
        messages.success(request, _("The ad is saved; it is still paused."))
    else:
        messages.success(request, _("The ad is online."))
