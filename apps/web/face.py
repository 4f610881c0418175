"""A person's face on the desk: what is kept of it, the page with the camera, help by hand."""

from collections.abc import Mapping

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core import clock
from apps.core.errors import Refused
from apps.faces import queries
from apps.faces.models import Purpose
from apps.faces.services import templates
from apps.flows import face_manual, faces
from apps.flows.request_facts import facts_of
from apps.users import second_factor
from apps.web import face_words, judged
from apps.web.pages import page, refusals_in, sent, status_of, trader

MOST_SHOWN = 10


class Agreement(forms.Form):
    """What one agrees to before the first check."""

    agreed = forms.BooleanField(
        label=_("I agree that the desk checks my face when it needs to know that it is me."),
        error_messages={"required": _("Without this there are no face checks.")},
    )
    with_search = forms.BooleanField(
        required=False,
        initial=True,
        label=_("My face may be compared with those of people who were banned for fraud."),
    )


class ByHand(forms.Form):
    """Why a machine can't do it."""

    reason = forms.ChoiceField(
        label=_("What is the matter?"), choices=list(face_words.REASONS_BY_HAND.items())
    )


@require_http_methods(["GET", "POST"])
@page
def face(request: HttpRequest) -> HttpResponse:
    """What is kept of one's face, since when, and all that one may do about it."""
    user, at = trader(request), clock.now()
    agreement, by_hand = Agreement(), ByHand()
    if request.POST.get("deed") == "agree":
        agreement = Agreement(sent(request))
        if agreement.is_valid():
            faces.agree(actor=user, with_search=agreement.cleaned_data["with_search"], at=at)
            return redirect("face")
    elif request.POST.get("deed") == "by_hand":
        by_hand = ByHand(sent(request))
        if by_hand.is_valid():
            with refusals_in(by_hand):
                face_manual.ask(
                    actor=user,
                    reason=by_hand.cleaned_data["reason"],
                    request_facts=facts_of(request, user=user),
                    at=at,
                )
                messages.success(request, _("Thank you. A member of staff will write to you."))
                return redirect("face")
    standing = queries.standing(user, at=at)
    known = standing.template
    context = {
        "standing": standing,
        "known": known,
        "ripe_at": faces.ripe_at(known) if known else None,
        "is_due_again": known is not None and faces.renew_at(known) <= at,
        "next": _local(request.GET, request),
        "agreement": agreement,
        "by_hand": by_hand,
        "attempts": queries.latest(user, limit=MOST_SHOWN),
        "outcomes": {name: title for name, (title, _text, _again) in face_words.OUTCOMES.items()},
        "asked": [one for one in judged.in_force(user, at=at) if one.is_provable],
        "now": at,
    }
    form = agreement if agreement.is_bound else by_hand
    return render(request, "web/face/face.html", context, status=status_of(form))


@require_safe
@page
def check(request: HttpRequest) -> HttpResponse:
    """The page with the camera."""
    user, at = trader(request), clock.now()
    if queries.consent_of(user) is None:
        return redirect("face")
    known = templates.in_use(user)
    purpose = request.GET.get("purpose") or (Purpose.VERIFY if known else Purpose.ENROL)
    if purpose not in Purpose.values:
        raise Refused("NOT_FOUND", 404, "There is no such check.")
    if purpose != Purpose.VERIFY:
        second_factor.require_recent(request)
    context = {
        "purpose": purpose,
        "next": _local(request.GET, request),
        "back": reverse("face"),
        "confirm_url": request.get_full_path(),
        "movements": list(face_words.MOVEMENTS.items()),
        "words": face_words.of_page(purpose),
        "now": at,
    }
    return render(request, "web/face/check.html", context)


@require_POST
@page
def forget(request: HttpRequest) -> HttpResponse:
    """Take the consent back: what was kept can't be read any more."""
    second_factor.require_recent(request)
    faces.forget(actor=trader(request), confirmed=True, at=clock.now())
    messages.success(request, _("Your face is forgotten."))
    return redirect("face")


def _local(said: Mapping[str, str], request: HttpRequest) -> str:
    """Where to go on afterwards: an address of ours, or nowhere."""
    address = said.get("next", "")
    ours = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if ours else ""
