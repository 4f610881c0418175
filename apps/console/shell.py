"""The frame around every page: navigation by role, what waits, what one may do."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.console.access import staff
from apps.console.navigation import navigation
from apps.core import clock
from apps.users import roles
from apps.users.roles import Deed, Role


def show(
    request: HttpRequest,
    template: str,
    *,
    at: str = "",
    title: str,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """Render a page of the console; `at` is the entry of the navigation where one is."""
    return render(request, template, frame(request, at=at, title=title) | context, status=status)


def frame(request: HttpRequest, *, at: str = "", title: str) -> dict[str, Any]:
    """Return what the base template needs; one query."""
    by = staff(request)
    return {
        "title": title,
        "at": at,
        "now": clock.now(),
        "navigation": navigation(by),
        "role": ", ".join(Role(r).label for r in sorted(roles.of(by))) or "Superuser",
        "may": {deed.value: roles.may(by, deed) for deed in Deed},
    }
