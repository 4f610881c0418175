"""The security centre: where one is signed in, with what, and what our checks made of it."""

from dataclasses import dataclass

from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import messages
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core import clock
from apps.core.errors import Refused
from apps.core.net import subnet
from apps.devices import queries as devices
from apps.flows import proofs
from apps.users import second_factor, services
from apps.users.models import User
from apps.web import account_words, judged
from apps.web.pages import page, refusals_in, sent, status_of, trader

MOST_SESSIONS = 50


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A browser or app in which somebody is signed in."""

    session: UserSession
    is_here: bool

    @property
    def browser(self) -> str:
        """The browser as people call it."""
        return account_words.browser(self.session.user_agent)

    @property
    def place(self) -> str:
        """The part of the network that it came from."""
        return subnet(self.session.ip) if self.session.ip else ""


@require_safe
@page
def security(request: HttpRequest) -> HttpResponse:
    """Sessions, devices, sign-ins, and what our checks asked, limited or held."""
    user, at = trader(request), clock.now()
    context = {
        "has_factor": second_factor.is_set_up(user),
        "sessions": _sessions(request, user),
        "devices": devices.devices_of(user_entity=user.entity_id),
        "sign_ins": judged.sign_ins_of(user),
        "judgements": judged.judgements_of(user),
        "in_force": judged.in_force(user, at=at),
        "now": at,
    }
    return render(request, "web/account/security.html", context)


@require_http_methods(["GET", "POST"])
@page
def prove(request: HttpRequest) -> HttpResponse:
    """Show again who one is, where a check asked for it; what waited for it goes on."""
    user, at = trader(request), clock.now()
    asked = [one for one in judged.in_force(user, at=at) if one.is_provable]
    ready = second_factor.is_set_up(user)
    form = forms.Form(sent(request))
    if form.is_valid() and ready:
        second_factor.require_recent(request)
        with refusals_in(form):
            proofs.by_second_factor(user=user, confirmed=True, at=at)
            messages.success(request, _("Thank you. What waited for this goes on."))
            return redirect("security")
    context = {
        "form": form,
        "asked": asked,
        "ready": ready,
        "ways": proofs.ways(user, at=at),
        "back": reverse("security"),
        "now": at,
    }
    return render(request, "web/account/proof.html", context, status=status_of(form))


@require_POST
@page
def end_session(request: HttpRequest, id: int) -> HttpResponse:
    """Sign out somewhere else."""
    session = UserSession.objects.filter(user=trader(request), pk=id).first()
    if session is None or session.session_key == request.session.session_key:
        raise Refused("NO_SUCH_SESSION", 404, "There is no such session of yours.")
    session.end()
    messages.success(request, _("Signed out there."))
    return redirect("security")


@require_POST
@page
def end_others(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere but here."""
    count = services.end_sessions(user=trader(request), but=request.session.session_key)
    words = ngettext("Signed out in %(n)s place.", "Signed out in %(n)s places.", count)
    messages.success(request, words % {"n": count})
    return redirect("security")


def _sessions(request: HttpRequest, user: User) -> list[SignedIn]:
    here = request.session.session_key
    found = list(UserSession.objects.filter(user=user).order_by("-created_at")[:MOST_SESSIONS])
    # What has expired leaves its row behind until the night.
    keys = Session.objects.filter(
        session_key__in=[one.session_key for one in found], expire_date__gt=clock.now()
    )
    alive = set(keys.values_list("session_key", flat=True))
    return [SignedIn(one, one.session_key == here) for one in found if one.session_key in alive]
