"""The overview: what waits, how the engine does, which policy is live."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.console import pulse
from apps.console.access import page, staff
from apps.console.shell import show
from apps.core import clock
from apps.risk.policy_settings import OUTCOMES


@require_GET
@page()
def overview(request: HttpRequest) -> HttpResponse:
    """The page one starts from."""
    return show(request, "console/home.html", at="home", title="Overview", **_facts(request))


@require_GET
@page()
def tiles(request: HttpRequest) -> HttpResponse:
    """The tiles alone, for the page to refresh itself."""
    return render(request, "console/_tiles.html", _facts(request))


def _facts(request: HttpRequest) -> dict[str, Any]:
    now = clock.now()
    hour = pulse.pulse(at=now)
    most = max([1, *hour.outcomes.values()])
    return {
        "now": now,
        "hour": hour,
        "outcomes": [
            (outcome, hour.outcomes[outcome], round(100 * hour.outcomes[outcome] / most, 1))
            for outcome in reversed(OUTCOMES)
        ],
        "desk": pulse.desk(at=now, user=staff(request).pk),
    }
