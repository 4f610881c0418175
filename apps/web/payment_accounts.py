"""Adding an account to pay from or be paid to, and going back to where it was missing."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from apps.core import clock
from apps.flows import payout_accounts
from apps.flows.request_facts import facts_of
from apps.trades.models import Rail
from apps.web.pages import page, refusals_in, sent, status_of, trader


class NewAccount(forms.Form):
    """An account in one's own name."""

    rail = forms.ChoiceField(label=gettext_lazy("Way of paying"))
    holder = forms.CharField(
        label=gettext_lazy("Name on the account"),
        max_length=120,
        help_text=gettext_lazy("It has to be your own name, as it was verified."),
    )
    number = forms.CharField(
        label=gettext_lazy("Number"),
        max_length=80,
        help_text=gettext_lazy("IBAN, account or card number, phone number or the like."),
    )
    bank = forms.CharField(label=gettext_lazy("Bank"), max_length=80, required=False)
    country = forms.CharField(
        label=gettext_lazy("Country"),
        max_length=2,
        required=False,
        help_text=gettext_lazy("Two letters, such as DE."),
    )

    def __init__(self, data: Any, *, only: list[str], **options: Any) -> None:
        super().__init__(data, **options)
        rails = Rail.objects.filter(is_active=True).order_by("name")
        if only:
            rails = rails.filter(pk__in=only)
        self.fields["rail"].choices = [(rail.code, _(rail.name)) for rail in rails]  # type: ignore[attr-defined]


@require_http_methods(["GET", "POST"])
@page
def new(request: HttpRequest) -> HttpResponse:
    """Add an account; `next` is the page to go back to, `rails` what is of use there."""
    actor = trader(request)
    back = _back(request)
    only = [code for code in request.GET.get("rails", "").split(",") if code]
    initial = {"holder": actor.legal_name or "", "country": actor.kyc_country}
    form = NewAccount(sent(request), only=only, initial=initial)
    if request.method == "POST" and form.is_valid():
        with refusals_in(form):
            payout_accounts.add(
                actor=actor,
                request_facts=facts_of(request, user=actor),
                at=clock.now(),
                **form.cleaned_data,
            )
            messages.success(request, _("The account is added."))
            return redirect(back)
    context = {"form": form, "back": back}
    return render(request, "web/payment_account_new.html", context, status=status_of(form))


def _back(request: HttpRequest) -> str:
    back = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(
        back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return back if safe else "/account/"
