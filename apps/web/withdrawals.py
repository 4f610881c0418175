"""Withdrawing: choose, look at what it costs and what arrives, confirm, and follow it."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core import clock, money
from apps.flows import withdrawal_terms, withdrawals
from apps.flows.request_facts import facts_of
from apps.ledger.models import Asset
from apps.restrictions import queries as restrictions
from apps.trades import travel_rule
from apps.trades.models import AddressBookEntry, WithdrawalStep
from apps.trades.queries import wallet
from apps.users import second_factor
from apps.users.models import User
from apps.web.amounts import AmountField
from apps.web.pages import page, refusals_in, sent, status_of, trader

SIZE = 10
NAMES = ("originator.name", "beneficiary.name")
#: A poll of a page asks for its moving part alone.
PART = "HX-Request"


class Names(forms.Form):
    """What travels along: who sends, who receives; empty where the desk knows it."""

    def __init__(self, data: Any, **options: Any) -> None:
        super().__init__(data, **options)
        for name, label in zip(NAMES, (_("Your full name"), _("The recipient's full name")),
                               strict=True):  # fmt: skip
            self.fields[name] = forms.CharField(
                label=label, required=False, max_length=travel_rule.LONGEST
            )

    @property
    def given(self) -> dict[str, dict[str, str]]:
        """The data as the flow takes them."""
        said = {name: self.cleaned_data.get(name, "") for name in NAMES}
        return {
            name.partition(".")[0]: {"name": value} if value else {} for name, value in said.items()
        }


class Ask(Names):
    """How much of an asset, and where to."""

    entry = forms.ChoiceField(label=_("To"))
    amount = AmountField(label=_("Amount"))
    field_order = ("entry", "amount", *NAMES)

    def __init__(self, data: Any, *, entries: list[AddressBookEntry]) -> None:
        super().__init__(data)
        self.fields["entry"].choices = [  # type: ignore[attr-defined]
            (str(one.pk), f"{one.label} · {_short(one.address)}") for one in entries
        ]
        self.order_fields(self.field_order)


@require_http_methods(["GET", "POST"])
@page
def withdraw(request: HttpRequest) -> HttpResponse:
    """Ask for a withdrawal: first what it comes to, then the deed, confirmed anew."""
    user, at = trader(request), clock.now()
    assets = list(Asset.objects.filter(is_active=True).order_by("code"))
    asset = _asset(request, assets)
    entries = [one for one in wallet.address_book(user) if one.network == asset.network]
    form = Ask(sent(request), entries=entries)
    terms, needed = None, False
    if form.is_valid():
        with refusals_in(form):
            amount, entry = form.cleaned_data["amount"], UUID(form.cleaned_data["entry"])
            words: dict[str, Any] = {"asset": asset.code, "amount": amount, "entry": entry}
            terms = withdrawal_terms.agree(actor=user, **words, details=None, at=at)
            needed = travel_rule.is_needed(
                user=user, destination=terms.entry.destination, usd=terms.usd
            )
            if needed:
                withdrawal_terms.agree(actor=user, **words, details=form.given, at=at)
            if request.POST.get("sure") == "yes":
                second_factor.require_recent(request)
                asked = withdrawals.request(
                    actor=user,
                    **words,
                    travel_rule=form.given if needed else None,
                    confirmed=True,
                    request_facts=facts_of(request, user=user),
                    at=at,
                )
                return redirect("withdrawal", asked.withdrawal.pk)
    if form.is_valid() and terms:
        arrives = money.total([terms.amount, asset.withdrawal_fee.copy_negate()])
        context = {
            "form": form,
            "terms": terms,
            "arrives": arrives,
            "needed": needed,
            "asset": asset,
            "now": at,
        }
        return render(request, "web/wallet/withdraw_sure.html", context)
    context = {
        "form": form,
        "asset": asset,
        "assets": assets,
        "entries": entries,
        "floor": wallet.floor(user, asset, at=at),
        "past": Paginator(wallet.withdrawals_of(user), SIZE).get_page(request.GET.get("page", "1")),
        "names": [form[name] for name in NAMES],
        "has_factor": second_factor.is_set_up(user),
        "now": at,
    }
    return render(request, "web/wallet/withdraw.html", context, status=status_of(form))


@require_safe
@page
def withdrawal(request: HttpRequest, id: UUID) -> HttpResponse:
    """How far a withdrawal is, what it waits for and until when; its moving part for polls."""
    return _show(request, trader(request), id, Names(None))


@require_POST
@page
def cancel(request: HttpRequest, id: UUID) -> HttpResponse:
    """Take it back while it may be taken back."""
    user = trader(request)
    withdrawals.cancel(actor=user, withdrawal=wallet.withdrawal_for(user, id), at=clock.now())
    messages.success(request, _("Cancelled. The amount is back in your wallet."))
    return redirect("withdrawal", id)


@require_POST
@page
def details(request: HttpRequest, id: UUID) -> HttpResponse:
    """Say who sends and who receives, as the law asks."""
    user = trader(request)
    found = wallet.withdrawal_for(user, id)
    form = Names(request.POST)
    if form.is_valid():
        with refusals_in(form):
            withdrawals.give_details(
                actor=user, withdrawal=found, travel_rule=form.given, at=clock.now()
            )
            return redirect("withdrawal", id)
    return _show(request, user, id, form)


def _show(request: HttpRequest, user: User, id: UUID, form: Names) -> HttpResponse:
    found, at = wallet.withdrawal_for(user, id), clock.now()
    held = restrictions.live_of([found.entity], at=at).exclude(kind="WARN").first()
    cool = None
    if found.status == "COOLING_OFF":
        cool = withdrawal_terms.cool_down(user=user, entry=found.entry, at=at)
    context = {
        "one": found,
        "steps": WithdrawalStep.objects.filter(withdrawal=found).order_by("id"),
        "held": held if found.is_open else None,
        "cool": cool,
        "names": [form[name] for name in NAMES],
        "form": form,
        "now": at,
    }
    template = "_withdrawal.html" if request.headers.get(PART) else "withdrawal.html"
    return render(request, f"web/wallet/{template}", context, status=status_of(form))


def _asset(request: HttpRequest, assets: list[Asset]) -> Asset:
    """The asset that was named; else the last of the list."""
    code = request.POST.get("asset") or request.GET.get("asset") or ""
    for one in assets:
        if one.code == code:
            return one
    return assets[-1]


def _short(address: str) -> str:
    return address if len(address) < 18 else f"{address[:8]}…{address[-8:]}"
