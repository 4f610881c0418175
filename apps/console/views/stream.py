"""The live decision stream and its parts that refresh themselves."""

from hashlib import blake2b
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.console import pulse
from apps.console import stream as decisions
from apps.console.access import page
from apps.console.forms import StreamFilter
from apps.console.shell import show
from apps.core import clock
from apps.risk.policy_settings import OUTCOMES

NO_CONTENT = 204


@require_GET
@page()
def stream(request: HttpRequest) -> HttpResponse:
    """Decisions as they fall, newest first."""
    return show(
        request,
        "console/stream.html",
        at="stream",
        title="Decisions",
        **_rows(request),
        **_hour(),
    )


@require_GET
@page()
def rows(request: HttpRequest) -> HttpResponse:
    """The rows alone; 204 when the reader has the very same ones already."""
    found = _rows(request)
    if found["seen"] == request.GET.get("seen"):
        return HttpResponse(status=NO_CONTENT)
    return render(request, "console/_stream.html", found)


@require_GET
@page()
def hour(request: HttpRequest) -> HttpResponse:
    """The last hour in numbers."""
    return render(request, "console/_hour.html", _hour())


def _hour() -> dict[str, Any]:
    found = pulse.pulse(at=clock.now())
    return {
        "hour": found,
        "outcomes": [(outcome, found.outcomes[outcome]) for outcome in reversed(OUTCOMES)],
    }


def _rows(request: HttpRequest) -> dict[str, Any]:
    form = StreamFilter(request.GET)
    found = decisions.page(form.wanted()) if form.is_valid() else decisions.Page()
    query = request.GET.copy()
    for name in ("before", "seen"):
        query.pop(name, None)
    for name in [name for name, value in query.items() if not value]:
        query.pop(name)
    filters = query.urlencode()
    tail = blake2b(digest_size=8)
    for row in found.rows:
        tail.update(row.id.bytes + (row.reviewed or "").encode())
    return {
        "now": clock.now(),
        "form": form,
        "page": found,
        "entities": decisions.entities_of(found.rows),
        "filters": filters,
        "filtered": bool(filters),
        "narrowed": bool(query.keys() - {"outcome"}),
        "is_first": not request.GET.get("before"),
        "seen": tail.hexdigest(),
    }
