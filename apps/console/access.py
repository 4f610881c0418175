"""Who may open which page: staff with a role and a second factor, each deed for its roles.

The second factor itself is asked for by the middleware, on every page. Here a page names the
permission to look, and a refused deed becomes a page that says why.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.core.errors import Refused
from apps.users import roles
from apps.users.models import User
from apps.users.roles import Deed

View = Callable[..., HttpResponse]


def page(see: str = "risk.view_decision", *, deed: Deed | None = None) -> Callable[[View], View]:
    """Open a view to staff who may see what it shows, or do the deed that it is for."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            by = staff(request)
            allowed = roles.may(by, deed) if deed else by.has_perm(see)
            if not allowed:
                raise PermissionDenied
            try:
                return view(request, *args, **kwargs)
            except Refused as refused:
                return said_no(request, refused)

        return guarded

    return decorate


def staff(request: HttpRequest) -> User:
    """Return the member of staff who asks; PermissionDenied for everybody else."""
    by = request.user
    if not isinstance(by, User) or not by.is_active or not by.is_staff:
        raise PermissionDenied
    return by


def said_no(request: HttpRequest, refused: Refused) -> HttpResponse:
    """The page that says why a deed was refused, and that nothing has changed."""
    from apps.console.shell import frame

    return render(
        request,
        "console/refused.html",
        frame(request, title="Not done") | {"refused": refused},
        status=refused.status,
    )
