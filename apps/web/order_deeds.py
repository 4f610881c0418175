"""What a party does to an order, each deed on a page of its own that says what it means."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from apps.core import clock
from apps.core.errors import Refused
from apps.flows import proofs, ratings, releasing, trading
from apps.flows.releasing import Looked
from apps.flows.request_facts import facts_of
from apps.trades.models import Order
from apps.trades.queries import orders as orders_of
from apps.trades.services.ratings import LONGEST, TAGS
from apps.users import second_factor
from apps.users.models import PayoutAccount, User
from apps.web import order_words, wording
from apps.web import room as rooms
from apps.web.pages import page, refusals_in, sent, status_of, trader


class Pay(forms.Form):
    """From which of the buyer's own accounts was paid."""

    payer_account = forms.ChoiceField(label=gettext_lazy("I paid from"), widget=forms.RadioSelect)
    sure = forms.BooleanField(
        label=gettext_lazy("The payment is made, in full, from this account in my own name.")
    )

    def __init__(self, data: Any, *, accounts: list[PayoutAccount], order: Order) -> None:
        chosen = order.payer_account_id or (accounts[0].pk if accounts else None)
        super().__init__(data, initial={"payer_account": chosen and str(chosen)})
        self.fields["payer_account"].choices = [  # type: ignore[attr-defined]
            (str(one.pk), wording.account(one)) for one in accounts
        ]


class Cancel(forms.Form):
    """The buyer's word that no money is on its way."""

    unpaid = forms.BooleanField(required=False)

    def __init__(self, data: Any, *, was_paid: bool) -> None:
        super().__init__(data)
        self.fields["unpaid"].label = (
            _("My payment came back to me, or I never paid.")
            if was_paid
            else _("I have not paid, and I will not pay.")
        )


class Release(forms.Form):
    """What the seller has seen in their own bank."""

    arrived = forms.BooleanField(required=False)
    from_named_payer = forms.BooleanField(required=False)
    in_full = forms.BooleanField(required=False)

    def __init__(self, data: Any, *, order: Order) -> None:
        super().__init__(data)
        amount = {"fiat": wording.fiat_amount(order), "name": order.payer_holder or "–"}
        self.fields["arrived"].label = _("The money is in my own account; I have looked there.")
        self.fields["from_named_payer"].label = _("The payer is %(name)s.") % amount
        self.fields["in_full"].label = _("It is the whole amount: %(fiat)s.") % amount


class Rate(forms.Form):
    """How it was to deal with the other side."""

    is_positive = forms.TypedChoiceField(
        label=gettext_lazy("How was it?"),
        choices=[("yes", gettext_lazy("Good")), ("no", gettext_lazy("Bad"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    tags = forms.MultipleChoiceField(
        label=gettext_lazy("What stands out"),
        required=False,
        choices=[(code, wording.TAGS.get(code, name)) for code, name in TAGS.items()],
        widget=forms.CheckboxSelectMultiple,
    )
    comment = forms.CharField(
        label=gettext_lazy("Your words"),
        required=False,
        max_length=LONGEST,
        help_text=gettext_lazy("Everybody can read this. No contact details, please."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


@require_http_methods(["GET", "POST"])
@page
def pay(request: HttpRequest, id: UUID) -> HttpResponse:
    """The buyer says "I have paid", and from where."""
    actor, at = trader(request), clock.now()
    order = _order(actor, id, only="buyer", states=["AWAITING_PAYMENT"])
    accounts = list(
        PayoutAccount.objects.filter(user=actor, rail=order.rail_id, removed_at=None).order_by(
            "added_at"
        )
    )
    form = Pay(sent(request), accounts=accounts, order=order)
    if request.method == "POST" and form.is_valid():
        with refusals_in(form):
            trading.mark_paid(
                actor=actor,
                order=order,
                payer=UUID(form.cleaned_data["payer_account"]),
                request_facts=facts_of(request, user=actor),
                at=at,
            )
            return redirect("order", id)
    return _show(request, "pay", order, form, accounts=accounts)


@require_http_methods(["GET", "POST"])
@page
def cancel(request: HttpRequest, id: UUID) -> HttpResponse:
    """The buyer gives up; or whoever took the order, while it waits for its first check."""
    actor = trader(request)
    now = rooms.standing(actor, id, at=clock.now())
    order = now.order
    if not now.may_cancel and order.is_live:
        raise Refused("NOT_YOURS_TO_DO", 403, "The other side has to do this.")
    form = Cancel(sent(request), was_paid=order.status == "PAID")
    if request.method == "POST" and form.is_valid():
        with refusals_in(form):
            trading.cancel(
                actor=actor,
                order=order,
                unpaid=form.cleaned_data["unpaid"],
                request_facts=facts_of(request, user=actor),
                at=clock.now(),
            )
            return redirect("order", id)
    return _show(request, "cancel", order, form)


@require_POST
@page
def wish_cancel(request: HttpRequest, id: UUID) -> HttpResponse:
    """The seller asks the buyer to cancel."""
    actor = trader(request)
    order = orders_of.order_for(actor, id)
    trading.wish_cancel(actor=actor, order=order, at=clock.now())
    messages.success(request, _("The buyer is asked to cancel. Until they do, the order goes on."))
    return redirect("order", id)


@require_http_methods(["GET", "POST"])
@page
def release(request: HttpRequest, id: UUID) -> HttpResponse:
    """The seller gives the crypto away, after a look into the bank and a fresh second factor."""
    actor = trader(request)
    order = _order(actor, id, only="seller", states=["PAID", "APPEALED"])
    form = Release(sent(request), order=order)
    if request.method == "POST" and form.is_valid():
        if all(form.cleaned_data.values()):
            second_factor.require_recent(request)
        with refusals_in(form):
            releasing.release(
                actor=actor,
                order=order,
                looked=Looked(**form.cleaned_data),
                confirmed=True,
                request_facts=facts_of(request, user=actor),
                at=clock.now(),
            )
            return redirect("order", id)
    return _show(request, "release", order, form)


@require_http_methods(["GET", "POST"])
@page
def prove(request: HttpRequest, id: UUID) -> HttpResponse:
    """Show the second factor again where the engine asked for it; what waited goes on."""
    actor, at = trader(request), clock.now()
    order = orders_of.order_for(actor, id)
    ready = second_factor.is_set_up(actor)
    form = forms.Form(sent(request))
    if request.method == "POST" and ready:
        second_factor.require_recent(request)
        with refusals_in(form):
            proofs.by_second_factor(user=actor, confirmed=True, at=at)
            return redirect("order", id)
    now = rooms.standing(actor, id, at=at)
    if request.method == "GET" and not now.may_prove:
        return redirect("order", id)
    sentence = wording.said(now.step_up.user_sentence) if now.step_up else ""
    return _show(
        request,
        "prove",
        order,
        form,
        ready=ready,
        sentence=sentence,
        ways=proofs.ways(actor, at=at),
        back=reverse("order", args=[order.pk]),
    )


@require_http_methods(["GET", "POST"])
@page
def rate(request: HttpRequest, id: UUID) -> HttpResponse:
    """Say how it was."""
    actor = trader(request)
    order = orders_of.order_for(actor, id)
    form = Rate(sent(request))
    if request.method == "POST" and form.is_valid():
        with refusals_in(form):
            ratings.rate(
                actor=actor,
                order=order,
                request_facts=facts_of(request, user=actor),
                at=clock.now(),
                **form.cleaned_data,
            )
            messages.success(request, _("Thank you."))
            return redirect("order", id)
    return _show(request, "rate", order, form)


def _order(actor: User, id: UUID, *, only: str, states: list[str]) -> Order:
    """The order, for the party whose deed it is, while it can be done."""
    order = orders_of.order_for(actor, id)
    if actor.pk != getattr(order, f"{only}_id"):
        raise Refused("NOT_YOURS_TO_DO", 403, "The other side has to do this.")
    if order.status not in states:
        raise Refused("ORDER_STATE", 409, "This can't be done with the order now.")
    return order


def _show(
    request: HttpRequest, deed: str, order: Order, form: forms.Form, **more: Any
) -> HttpResponse:
    other = order.seller if trader(request).pk == order.buyer_id else order.buyer
    context = {
        "order": order,
        "form": form,
        "other": other,
        "fiat": wording.fiat_amount(order),
        "crypto": wording.crypto_amount(order),
        "name_differs": order_words.name_differs(order),
    }
    return render(request, f"web/order/{deed}.html", context | more, status=status_of(form))
