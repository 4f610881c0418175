"""Appeals as the parties see them: open, answer, show, give in, object; and reporting a payment."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core import clock
from apps.core.errors import Refused
from apps.flows import appeal_terms, appeals
from apps.flows.request_facts import facts_of
from apps.trades import files
from apps.trades.models import Appeal
from apps.trades.queries import appeals as appeals_of
from apps.trades.queries import orders as orders_of
from apps.users.models import User
from apps.web import appeal_words, wording
from apps.web import room as rooms
from apps.web.amounts import AmountField
from apps.web.pages import page, refusals_in, sent, status_of, trader

ACCEPTS = "image/*,application/pdf,video/mp4,video/webm"


class Claim(forms.Form):
    """What somebody appeals about, and their side of it."""

    reason = forms.ChoiceField(label=gettext_lazy("What is wrong?"), widget=forms.RadioSelect)
    statement = forms.CharField(
        label=gettext_lazy("What happened"),
        max_length=appeal_terms.LONGEST,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy(
            "When did you pay or look, from where, what did the other side say?"
        ),
    )

    def __init__(self, data: Any, *, reasons: list[str]) -> None:
        super().__init__(data)
        self.fields["reason"].choices = [  # type: ignore[attr-defined]
            (code, name) for code, name in appeal_words.REASONS.items() if code in reasons
        ]


class WrongPayment(forms.Form):
    """What is wrong with a payment that arrived."""

    what = forms.ChoiceField(
        label=gettext_lazy("What is wrong?"),
        choices=[
            ("THIRD_PARTY", gettext_lazy("It came from somebody else's account")),
            ("AMOUNT", gettext_lazy("It is not the amount that is due")),
        ],
        widget=forms.RadioSelect,
    )
    received = AmountField(label=gettext_lazy("How much arrived"), required=False)


class Shown(forms.Form):
    """Something that a party shows."""

    what = forms.ChoiceField(label=gettext_lazy("What is it?"), choices=appeal_words.EVIDENCE)
    words = forms.CharField(
        label=gettext_lazy("What it shows"),
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    file = forms.FileField(
        label=gettext_lazy("Picture, PDF or video"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ACCEPTS}),
    )


class Objection(forms.Form):
    """Why a decision is wrong, with something that was not there before."""

    statement = forms.CharField(
        label=gettext_lazy("Why is it wrong?"), widget=forms.Textarea(attrs={"rows": 6})
    )
    data = forms.FileField(
        label=gettext_lazy("Something new: a picture, a PDF or a video"),
        widget=forms.FileInput(attrs={"accept": ACCEPTS}),
    )


@require_http_methods(["GET", "POST"])
@page
def open_(request: HttpRequest, id: UUID) -> HttpResponse:
    """Open an appeal about an order."""
    actor = trader(request)
    now = rooms.standing(actor, id, at=clock.now())
    order = now.order
    if now.appeal is not None:
        return redirect("appeal", now.appeal.pk)
    reasons = appeal_terms.REASONS.get((order.status, now.is_buyer), frozenset())
    if not reasons:
        raise Refused("ORDER_STATE", 409, "There is nothing to appeal against in this order.")
    form = Claim(sent(request), reasons=[str(code) for code in reasons])
    if request.method == "POST" and form.is_valid():
        with refusals_in(form):
            appeal = appeals.open_appeal(
                actor=actor,
                order=order,
                request_facts=facts_of(request, user=actor),
                at=now.now,
                **form.cleaned_data,
            )
            return redirect("appeal", appeal.pk)
    context = {"order": order, "form": form, "standing": now}
    return render(request, "web/appeal/open.html", context, status=status_of(form))


@require_http_methods(["GET", "POST"])
@page
def report_payment(request: HttpRequest, id: UUID) -> HttpResponse:
    """The seller tells what is wrong with a payment."""
    actor = trader(request)
    order = orders_of.order_for(actor, id)
    if actor.pk != order.seller_id:
        raise Refused("NOT_YOURS_TO_DO", 403, "Only the seller sees what arrived.")
    form = WrongPayment(sent(request))
    if request.method == "POST" and form.is_valid():
        with refusals_in(form):
            appeal = appeals.report_payment(
                actor=actor,
                order=order,
                request_facts=facts_of(request, user=actor),
                at=clock.now(),
                **form.cleaned_data,
            )
            return redirect("appeal", appeal.pk)
    context = {"order": order, "form": form, "fiat": wording.fiat_amount(order)}
    return render(request, "web/appeal/report.html", context, status=status_of(form))


@require_safe
@page
def appeal(request: HttpRequest, id: UUID) -> HttpResponse:
    """How far an appeal is, what one has shown and is asked for, and what can be done now."""
    return _panel(request, appeals_of.appeal_for(trader(request), id), Shown())


@require_POST
@page
def answer(request: HttpRequest, id: UUID) -> HttpResponse:
    """Say whether the two have agreed."""
    actor = trader(request)
    appeals.answer(
        actor=actor,
        appeal=appeals_of.appeal_for(actor, id),
        consensus=request.POST.get("consensus") == "yes",
        at=clock.now(),
    )
    return redirect("appeal", id)


@require_http_methods(["GET", "POST"])
@page
def withdraw(request: HttpRequest, id: UUID) -> HttpResponse:
    """Give in, after a question."""
    actor = trader(request)
    found = appeals_of.appeal_for(actor, id)
    form = forms.Form(sent(request))
    if request.method == "POST":
        with refusals_in(form):
            appeals.withdraw(actor=actor, appeal=found, at=clock.now())
            messages.success(request, _("The appeal is taken back."))
            return redirect("order", found.order_id)
    context = {"appeal": found, "order": found.order, "form": form}
    return render(request, "web/appeal/withdraw.html", context, status=status_of(form))


@require_POST
@page
def show(request: HttpRequest, id: UUID) -> HttpResponse:
    """Show something."""
    actor = trader(request)
    found = appeals_of.appeal_for(actor, id)
    form = Shown(request.POST, request.FILES)
    if form.is_valid():
        with refusals_in(form):
            appeals.show(
                actor=actor,
                appeal=found,
                what=form.cleaned_data["what"],
                words=form.cleaned_data["words"],
                data=_bytes(form, "file"),
                at=clock.now(),
            )
            messages.success(request, _("It is shown to the desk."))
            return redirect("appeal", id)
    return _panel(request, found, form)


@require_http_methods(["GET", "POST"])
@page
def object_(request: HttpRequest, id: UUID) -> HttpResponse:
    """Object to a decision, once."""
    actor = trader(request)
    found = appeals_of.appeal_for(actor, id)
    form = Objection(sent(request), request.FILES or None)
    if request.method == "POST" and form.is_valid():
        with refusals_in(form):
            appeals.object_(
                actor=actor,
                appeal=found,
                statement=form.cleaned_data["statement"],
                data=_bytes(form, "data"),
                at=clock.now(),
            )
            return redirect("appeal", id)
    context = {"appeal": found, "order": found.order, "form": form}
    return render(request, "web/appeal/object.html", context, status=status_of(form))


def _panel(request: HttpRequest, found: Appeal, form: Shown) -> HttpResponse:
    viewer, order = trader(request), found.order
    at = clock.now()
    context = {
        "appeal": found,
        "order": order,
        "form": form,
        "now": at,
        "is_buyer": viewer.pk == order.buyer_id,
        "is_opener": viewer.pk == found.opener_id,
        "phases": appeal_words.phases(found),
        "state": appeal_words.STATES[found.state],
        "what_now": appeal_words.WHAT_NOW[found.state],
        "reason": appeal_words.REASONS.get(found.reason, found.reason),
        "outcome": appeal_words.OUTCOMES.get(found.outcome, ""),
        "evidence": [
            (one, appeal_words.EVIDENCE.get(one.what, one.what))
            for one in appeals_of.evidence_of(found, party=viewer).defer("attachment__content")
        ],
        "may_show": found.state in ("OPEN", "NEGOTIATING", "EVIDENCE", "IN_REVIEW", "OBJECTION"),
        "may_talk": found.state in ("OPEN", "NEGOTIATING"),
        "may_give_in": _may_give_in(found, viewer),
        "may_object": _may_object(found, viewer),
    }
    return render(request, "web/appeal/appeal.html", context, status=status_of(form))


def _may_give_in(found: Appeal, viewer: User) -> bool:
    if found.state not in ("OPEN", "NEGOTIATING", "EVIDENCE", "IN_REVIEW"):
        return False
    who = found.order.buyer_id if found.kind == "LIVE" else found.opener_id
    return bool(viewer.pk == who)


def _may_object(found: Appeal, viewer: User) -> bool:
    if found.state != "DECIDED" or found.objection_by_id is not None:
        return False
    return any(one.pk == viewer.pk for one in appeals_of.losers(found))


def _bytes(form: forms.Form, name: str) -> bytes | None:
    """The bytes of a file that was sent, if it is of a size that could be taken at all."""
    given = form.cleaned_data[name]
    if given is None:
        return None
    if given.size > files.MOST_BYTES_OF_VIDEO:
        sentence = _("This file is too large: at most %(n)s MB.") % {
            "n": files.MOST_BYTES_OF_VIDEO // files.MEGABYTE
        }
        raise Refused("FILE_TOO_LARGE", 413, sentence, {name: [sentence]})
    return bytes(given.read())
