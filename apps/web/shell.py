"""The frame around every page of the desk: where one arrives, and how one likes to read."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.views.decorators.http import require_POST

from apps.users.models import User
from apps.web import market

THEME_COOKIE = "theme"
THEMES = ("light", "dark")
YEAR_S = 365 * 24 * 3600


def home(request: HttpRequest) -> HttpResponse:
    """Staff go on to the console, everybody else sees the market."""
    if isinstance(request.user, User) and request.user.is_staff:
        return redirect("console:home")
    return market.market(request)


@login_not_required
@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Read in another language, in light or dark; kept in cookies, for accounts in their row."""
    response = redirect(_back(request))
    language, theme = request.POST.get("language", ""), request.POST.get("theme")
    if language in dict(settings.LANGUAGES) and check_for_language(language):
        keep(response, settings.LANGUAGE_COOKIE_NAME, language)
        if isinstance(request.user, User) and request.user.locale != language:
            request.user.locale = language
            request.user.save(update_fields=["locale"])
    if theme in THEMES:
        keep(response, THEME_COOKIE, theme)
    elif theme is not None:
        response.delete_cookie(THEME_COOKIE)
    return response


def theme_of(request: HttpRequest) -> str:
    """The reader's own choice of light or dark; empty: as their system does."""
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else ""


def _back(request: HttpRequest) -> str:
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return back if safe else "/"


def keep(response: HttpResponse, name: str, value: str) -> None:
    """Keep a preference for a year, in a cookie."""
    response.set_cookie(
        name, value, max_age=YEAR_S, secure=settings.SESSION_COOKIE_SECURE, samesite="Lax"
    )
