"""The address book: where one withdraws to, since when, and what still has to cool off."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core import clock
from apps.flows import address_book
from apps.flows.request_facts import facts_of
from apps.ledger.models import Asset
from apps.trades.models import Destination
from apps.trades.queries import wallet
from apps.users import second_factor
from apps.web.pages import page, refusals_in, sent, status_of, trader


class NewAddress(forms.Form):
    """An address, whose it is, and what to call it."""

    asset = forms.ChoiceField(
        label=_("For"), help_text=_("The network has to be that of the address.")
    )
    address = forms.CharField(
        label=_("Address"),
        max_length=120,
        help_text=_("Copy it from the wallet it belongs to, never from a list of payments."),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    label = forms.CharField(label=_("What you call it"), max_length=40)
    destination = forms.ChoiceField(
        label=_("Where is it?"),
        choices=[
            (Destination.SELF_HOSTED, _("In a wallet of its owner")),
            (Destination.VASP, _("At an exchange or custodian")),
        ],
        initial=Destination.SELF_HOSTED,
        widget=forms.RadioSelect,
    )
    vasp = forms.CharField(
        label=_("Name of the exchange or custodian"), max_length=80, required=False
    )
    is_own = forms.TypedChoiceField(
        label=_("Whose is it?"),
        choices=[("yes", _("It is mine")), ("no", _("It is somebody else's"))],
        coerce=lambda value: value == "yes",
        initial="yes",
        widget=forms.RadioSelect,
    )
    beneficiary = forms.CharField(
        label=_("Full name of its owner, if it is somebody else's"), max_length=120, required=False
    )

    def __init__(self, data: Any, *, assets: list[Asset], asset: str) -> None:
        super().__init__(data, initial={"asset": asset})
        self.fields["asset"].choices = [  # type: ignore[attr-defined]
            (one.code, f"{one.code} · {one.network}") for one in assets
        ]


@require_safe
@page
def addresses(request: HttpRequest) -> HttpResponse:
    """All addresses of whoever asks."""
    at = clock.now()
    book = wallet.address_book(trader(request))
    context = {"entries": [(entry, entry.usable_at > at) for entry in book], "now": at}
    return render(request, "web/wallet/addresses.html", context)


@require_http_methods(["GET", "POST"])
@page
def add(request: HttpRequest) -> HttpResponse:
    """Add an address, after showing again who one is."""
    user = trader(request)
    assets = list(Asset.objects.filter(is_active=True).order_by("code"))
    form = NewAddress(sent(request), assets=assets, asset=request.GET.get("asset", ""))
    if form.is_valid():
        second_factor.require_recent(request)
        with refusals_in(form):
            entry = address_book.add(
                actor=user,
                **form.cleaned_data,
                confirmed=True,
                request_facts=facts_of(request, user=user),
                at=clock.now(),
            )
            words = gettext("“%(label)s” was added. It can be used once it has cooled off.")
            messages.success(request, words % {"label": entry.label})
            return redirect("addresses")
    context = {"form": form, "has_factor": second_factor.is_set_up(user)}
    return render(request, "web/wallet/address_new.html", context, status=status_of(form))


@require_POST
@page
def remove(request: HttpRequest, id: UUID) -> HttpResponse:
    """Take an address out of the book."""
    user = trader(request)
    address_book.remove(actor=user, entry=wallet.entry_for(user, id), at=clock.now())
    messages.success(request, _("The address was removed."))
    return redirect("addresses")


@require_POST
@page
def verify(request: HttpRequest, id: UUID) -> HttpResponse:
    """Look for the small deposit that shows control of an address."""
    user = trader(request)
    address_book.verify(actor=user, entry=wallet.entry_for(user, id), at=clock.now())
    messages.success(request, _("Verified: the address can be used at once."))
    return redirect("addresses")
