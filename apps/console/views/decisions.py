"""One decision, everything that explains it, and what staff say of it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from apps.console import decision as sheets
from apps.console.access import page, staff
from apps.console.shell import show
from apps.core import clock
from apps.core.errors import Refused
from apps.core.problems import request_id
from apps.flows import review as flow
from apps.risk.models import Decision
from apps.users.roles import Deed


@require_GET
@page()
def decision(request: HttpRequest, id: UUID) -> HttpResponse:
    """A decision's page."""
    return _page(request, id)


@require_POST
@page(deed=Deed.REVIEW_DECISIONS)
def review(request: HttpRequest, id: UUID) -> HttpResponse:
    """Judge what the engine decided."""
    found = Decision.objects.select_related("event").filter(pk=id).first()
    if found is None:
        return _page(request, id)
    try:
        flow.decide(
            by=staff(request),
            at=clock.now(),
            decision=found,
            outcome=request.POST.get("outcome", ""),
            note=request.POST.get("note", ""),
            request_id=request_id(request),
        )
    except Refused as refused:
        return _page(request, id, refused)
    messages.success(request, "Your verdict is recorded.")
    return redirect("console:decision", id)


def _page(request: HttpRequest, id: UUID, refused: Refused | None = None) -> HttpResponse:
    one = sheets.sheet(id)
    return show(
        request,
        "console/decision.html",
        at="stream",
        title="Decision",
        status=refused.status if refused else 200,
        sheet=one,
        decision=one.decision,
        event=one.event,
        did=sheets.sentence(one),
        verdict_choices=flow.VERDICTS,
        refused=refused,
        said=request.POST,
    )
