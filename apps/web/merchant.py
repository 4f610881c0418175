"""The dashboard of whoever trades: how it goes, what waits, and the way to a higher tier."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core import clock
from apps.flows import merchants
from apps.ledger import queries as ledger
from apps.restrictions import queries as restrictions
from apps.restrictions.models import Kind
from apps.trades import tiers
from apps.trades.models import LIVE, Ad, MerchantProfile, MerchantState, Order, Tier
from apps.trades.queries import people, reputation
from apps.trades.states import AdStatus, OrderStatus
from apps.trades.tiers import Condition
from apps.users.models import User
from apps.web.pages import page, refusals_in, status_of, trader

DAYS = 30
MOST_OPEN = 50
#: Who has to act next, by the order's state: the code of the side.
TURN = {OrderStatus.AWAITING_PAYMENT: "buyer", OrderStatus.PAID: "seller"}


@dataclass(frozen=True, slots=True)
class Open:
    """An open order as a line of the work list."""

    order: Order
    is_buyer: bool
    is_mine_to_act: bool
    is_held: bool

    @property
    def partner(self) -> User:
        """The other side."""
        return self.order.seller if self.is_buyer else self.order.buyer


@dataclass(frozen=True, slots=True)
class Step:
    """A tier, what it asks for, and whether the margin for it is there."""

    tier: Tier
    conditions: list[Condition]
    margin_lacks: Decimal

    @property
    def is_reached(self) -> bool:
        """Whether everything but the margin is met."""
        return all(one.is_met for one in self.conditions)


class Profile(forms.Form):
    """What a merchant says of themselves, and when they trade."""

    headline = forms.CharField(
        label=_("Headline"),
        max_length=merchants.LONGEST_HEADLINE,
        required=False,
        help_text=_("One line that everybody reads. No contact details."),
    )
    opens_at = forms.TimeField(
        label=_("Opens at"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=_("In your time zone. Leave both empty to be always open."),
    )
    closes_at = forms.TimeField(
        label=_("Closes at"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )


class Application(Profile):
    """The tier that is wanted, and the profile to go with it."""

    tier = forms.ModelChoiceField(label=_("Tier"), queryset=Tier.objects.none(), empty_label=None)
    field_order = ("tier", "headline", "opens_at", "closes_at")

    def __init__(self, data: object, *, above: int, initial: dict[str, Any]) -> None:
        super().__init__(data, initial=initial)  # type: ignore[arg-type]
        field = self.fields["tier"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Tier.objects.filter(rank__gt=above).order_by("rank")
        field.label_from_instance = lambda tier: gettext(tier.name)  # type: ignore[method-assign]


@require_safe
@page
def dashboard(request: HttpRequest) -> HttpResponse:
    """Metrics, charts, the work list and the ads of whoever asks."""
    user, at = trader(request), clock.now()
    profile = _profile(user)
    series, rails = reputation.series(user, days=DAYS, at=at), _rails(user, at=at)
    context = {
        "profile": profile,
        "tier": people.tier_of(user),
        "is_merchant": profile is not None and profile.state == MerchantState.ACTIVE,
        "about": reputation.profile(user, viewer=user, at=at),
        "work": _work(user, at=at),
        "ads": _ads(user),
        "series": series,
        "rails": rails,
        "charts": _charts(series, rails),
        "now": at,
    }
    return render(request, "web/merchant/dashboard.html", context)


@require_http_methods(["GET", "POST"])
@page
def apply(request: HttpRequest) -> HttpResponse:
    """What each tier takes and what is missing; the application."""
    user, at = trader(request), clock.now()
    profile = _profile(user)
    held = profile.tier.rank if profile and profile.state == MerchantState.ACTIVE else 0
    form = Application(request.POST or None, above=held, initial=_initial(profile))
    if form.is_valid():
        with refusals_in(form):
            said = form.cleaned_data | {"tier": form.cleaned_data["tier"].code}
            merchants.apply(actor=user, **said, at=at)
            messages.success(request, _("You have applied. We will answer soon."))
            return redirect("merchant_apply")
    context = {
        "form": form,
        "profile": profile,
        "held": held,
        "steps": _steps(user, at=at),
        "margin": _margin(user, profile),
        "now": at,
    }
    return render(request, "web/merchant/apply.html", context, status=status_of(form))


@require_http_methods(["GET", "POST"])
@page
def profile(request: HttpRequest) -> HttpResponse:
    """The headline and hours of a merchant."""
    user = trader(request)
    known = _profile(user)
    form = Profile(request.POST or None, initial=_initial(known))
    if form.is_valid():
        with refusals_in(form):
            merchants.set_profile(actor=user, **form.cleaned_data, at=clock.now())
            messages.success(request, _("Saved."))
            return redirect("merchant_profile")
    context = {"form": form, "profile": known}
    return render(request, "web/merchant/profile.html", context, status=status_of(form))


@require_POST
@page
def margin(request: HttpRequest) -> HttpResponse:
    """Fill the margin up, or take back what is free of it."""
    user, at = trader(request), clock.now()
    if request.POST.get("deed") == "top_up":
        merchants.top_up_margin(actor=user, at=at)
        messages.success(request, _("Your margin is complete again."))
    else:
        merchants.withdraw_margin(actor=user, at=at)
        messages.success(request, _("The margin is back in your wallet."))
    return redirect("merchant_apply")


@require_POST
@page
def leave(request: HttpRequest) -> HttpResponse:
    """Be no merchant any more, or take the application back."""
    merchants.leave(actor=trader(request), at=clock.now())
    messages.success(request, _("Done. You are no merchant any more."))
    return redirect("merchant_apply")


def _profile(user: User) -> MerchantProfile | None:
    found = MerchantProfile.objects.filter(user=user)
    return found.select_related("tier__margin_asset", "applies_for", "user").first()


def _initial(profile: MerchantProfile | None) -> dict[str, Any]:
    if profile is None:
        return {}
    names = ("headline", "opens_at", "closes_at")
    return {name: getattr(profile, name) for name in names}


def _work(user: User, *, at: datetime) -> list[Open]:
    """Open orders: those that wait for this person first, the longest waiting on top."""
    rows = (
        Order.objects.filter(Q(buyer=user) | Q(seller=user), status__in=LIVE)
        .select_related("buyer", "seller", "asset", "fiat", "rail")
        .order_by("status_at")[:MOST_OPEN]
    )
    held = set(
        restrictions.live_of([order.entity for order in rows], at=at)
        .exclude(kind=Kind.WARN)
        .values_list("subject", flat=True)
    )
    lines = []
    for order in rows:
        is_buyer = order.buyer_id == user.pk
        turn = TURN.get(OrderStatus(order.status))
        is_held = order.entity in held
        is_mine = turn == ("buyer" if is_buyer else "seller") and not is_held
        lines.append(Open(order, is_buyer, is_mine, is_held))
    return sorted(lines, key=lambda line: not line.is_mine_to_act)


def _ads(user: User) -> dict[str, int]:
    rows = Ad.objects.filter(owner=user).exclude(status=AdStatus.CLOSED)
    return dict(rows.values_list("status").annotate(n=Count("id")).order_by("status"))


def _rails(user: User, *, at: datetime) -> list[tuple[str, int]]:
    """Orders of the last thirty days by way of paying."""
    since = at - people.MONTH
    rows = (
        Order.objects.filter(Q(buyer=user) | Q(seller=user), created_at__gt=since)
        .values_list("rail__name")
        .annotate(n=Count("id"))
        .order_by("-n", "rail__name")[:8]
    )
    return [(gettext(name), count) for name, count in rows]


def _charts(series: list[reputation.Day], rails: list[tuple[str, int]]) -> dict[str, Any]:
    """What static/js/charts.js draws."""
    days = [day.day.isoformat() for day in series]
    return {
        "volume": {
            "days": days,
            "kind": "bar",
            "unit": "USD",
            "series": [{"name": gettext("Volume"), "values": [float(day.usd) for day in series]}],
        },
        "completion": {
            "days": days,
            "kind": "line",
            "unit": "%",
            "series": [
                {
                    "name": gettext("Completed"),
                    "values": [
                        None if day.completion is None else round(100 * day.completion, 1)
                        for day in series
                    ],
                }
            ],
        },
        "times": {
            "days": days,
            "kind": "line",
            "unit": gettext("min"),
            "series": [
                {
                    "name": gettext("Release"),
                    "values": [_minutes(d.release_seconds) for d in series],
                },
                {"name": gettext("Payment"), "values": [_minutes(d.pay_seconds) for d in series]},
            ],
        },
        "rails": {
            "kind": "rows",
            "unit": "",
            "days": [name for name, _count in rails][::-1],
            "series": [{"name": gettext("Orders"), "values": [n for _name, n in rails][::-1]}],
        },
    }


def _minutes(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds / 60, 1)


def _steps(user: User, *, at: datetime) -> list[Step]:
    record = people.record(user, at=at)
    asked = Tier.objects.filter(rank__gt=0).select_related("margin_asset").order_by("rank")
    margins: dict[str, Decimal] = {}
    steps = []
    for tier in asked:
        code = tier.margin_asset_id
        if code not in margins:
            margins[code] = ledger.margin(user, tier.margin_asset)
        lacks = max(Decimal(0), tier.margin_amount - margins[code])
        steps.append(Step(tier, tiers.conditions(tier, user=user, record=record, at=at), lacks))
    return steps


def _margin(user: User, profile: MerchantProfile | None) -> dict[str, Any] | None:
    if profile is None:
        return None
    asset = profile.tier.margin_asset
    held = ledger.margin(user, asset)
    lacks = Decimal(0)
    if profile.state == MerchantState.ACTIVE:
        lacks = max(Decimal(0), profile.tier.margin_amount - held)
    return {
        "asset": asset,
        "held": held,
        "lacks": lacks,
        "free_at": merchants.margin_free_at(profile),
    }
