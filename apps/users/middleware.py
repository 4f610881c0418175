"""Staff without a second factor in their session see their account pages and nothing else."""

from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from apps.core.problems import problem
from apps.users import roles, second_factor
from apps.users.models import User

# The pages on which one signs in, sets up a second factor and signs out.
ACCOUNT_PAGES = "allauth."


class StaffNeedSecondFactor:
    """Refuses every page but the account pages to staff who showed no second factor.

    A page that is added tomorrow is refused too: what is open is named, not what is closed.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], *_args: Any
    ) -> HttpResponseBase | None:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            # Nobody's session: the hot endpoints of integrators pay nothing here.
            return None
        user = request.user
        if not isinstance(user, User):
            return None
        structlog.contextvars.bind_contextvars(user_id=str(user.pk))
        if not (user.is_staff or user.is_superuser):
            return None
        if view.__module__.startswith(ACCOUNT_PAGES):
            return None
        if not second_factor.opens_console(session=request.session, user=user):
            return _ask_for_second_factor(request, user)
        if not user.is_superuser and not roles.of(user):
            return _say_no_role(request)
        return None


def _ask_for_second_factor(request: HttpRequest, user: User) -> HttpResponseBase:
    ready = second_factor.is_set_up(user)
    sentence = (
        _("Staff confirm with their second factor before they go on.")
        if ready
        else _("Staff need a second factor: set up an authenticator app or a passkey first.")
    )
    if not _wants_page(request):
        return problem(request, code="SECOND_FACTOR_REQUIRED", status=403, detail=sentence)
    messages.warning(request, sentence)
    if not ready:
        return redirect("mfa_index")
    # A form that was sent is not sent again: the person starts from the page they came from.
    back = request.get_full_path() if request.method == "GET" else "/"
    return redirect(f"{reverse('mfa_reauthenticate')}?{urlencode({'next': back})}")


def _say_no_role(request: HttpRequest) -> HttpResponseBase:
    sentence = _("Your staff account has no role yet. Ask an administrator for one.")
    if not _wants_page(request):
        return problem(request, code="ROLE_REQUIRED", status=403, detail=sentence)
    return render(request, "account/no_role.html", {"sentence": sentence}, status=403)


def _wants_page(request: HttpRequest) -> bool:
    return "HX-Request" not in request.headers and request.accepts("text/html")
