"""A person's own account: who one is here, and how one likes to be spoken to."""

from zoneinfo import available_timezones

from django import forms
from django.conf import settings as desk
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.core import clock
from apps.flows import preferences
from apps.trades.queries import people
from apps.users import second_factor
from apps.web import shell
from apps.web.pages import page, refusals_in, status_of, trader


class Preferences(forms.Form):
    """Language, time zone, letters."""

    locale = forms.ChoiceField(label=_("Language"), choices=lambda: desk.LANGUAGES)
    timezone = forms.ChoiceField(
        label=_("Time zone"),
        choices=lambda: [(name, name.replace("_", " ")) for name in sorted(available_timezones())],
        help_text=_("All times are shown in it. UTC: as your browser says."),
    )
    wants_mail = forms.BooleanField(
        label=_("Mail me what matters and what I have not read here: payments, appeals, stops"),
        required=False,
    )


@require_safe
@page
def account(request: HttpRequest) -> HttpResponse:
    """Who one is here, and what protects the account."""
    user = trader(request)
    ready = second_factor.is_set_up(user)
    context = {"second_factor": ready, "merchant": people.merchant(user)}
    return render(request, "web/account/home.html", context)


@require_http_methods(["GET", "POST"])
@page
def settings(request: HttpRequest) -> HttpResponse:
    """Language, time zone, and whether to get letters."""
    user = trader(request)
    now = {"locale": user.locale, "timezone": user.timezone, "wants_mail": user.wants_mail}
    form = Preferences(request.POST or None, initial=now)
    if form.is_valid():
        with refusals_in(form):
            preferences.choose(actor=user, **form.cleaned_data, at=clock.now())
            messages.success(request, _("Saved."))
            response = redirect("settings")
            shell.keep(response, desk.LANGUAGE_COOKIE_NAME, user.locale)
            return response
    return render(request, "web/account/settings.html", {"form": form}, status=status_of(form))
