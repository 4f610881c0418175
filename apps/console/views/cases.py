"""Cases: what waits for a human, by when, and how it ended."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from apps.cases.models import Case, Outcome, Queue, Status
from apps.console import forms, timeline
from apps.console.access import page, staff
from apps.console.shell import show
from apps.console.views.entities import case_or_404
from apps.core import clock
from apps.core.errors import Refused
from apps.core.problems import request_id
from apps.flows import review
from apps.risk.models import Decision
from apps.screening.models import Hit
from apps.users.models import DESK
from apps.users.roles import Deed

PAGE = 50


@require_GET
@page("cases.view_case")
def cases(request: HttpRequest) -> HttpResponse:
    """Open cases, the most urgent first; closed ones, the latest first."""
    form = forms.CaseFilter(request.GET)
    said = form.cleaned_data if form.is_valid() else {}
    number = said.get("page") or 1
    closed = said.get("status") == Status.CLOSED
    rows = Case.objects.select_related("subject", "assignee").filter(
        status=Status.CLOSED if closed else Status.OPEN
    )
    if said.get("queue"):
        rows = rows.filter(queue=said["queue"])
    if said.get("mine"):
        rows = rows.filter(assignee=staff(request))
    rows = rows.order_by("-closed_at") if closed else rows.order_by("due_at", "-priority")
    found = list(rows[(number - 1) * PAGE : number * PAGE + 1])
    query = request.GET.copy()
    query["page"] = str(number + 1)
    return show(
        request,
        "console/cases.html",
        at="cases",
        title="Cases",
        form=form,
        rows=found[:PAGE],
        next_page=query.urlencode() if len(found) > PAGE else "",
        closed=closed,
        queues=Queue.choices,
    )


@require_GET
@page("cases.view_case")
def case(request: HttpRequest, id: UUID) -> HttpResponse:
    """A case's page."""
    return _page(request, case_or_404(id))


@require_POST
@page(deed=Deed.REVIEW_DECISIONS)
def take(request: HttpRequest, id: UUID) -> HttpResponse:
    """Make a case one's own."""
    one = case_or_404(id)
    review.take_case(by=staff(request), at=clock.now(), case=one, request_id=request_id(request))
    messages.success(request, "This case is yours.")
    return redirect("console:case", id)


@require_POST
@page(deed=Deed.REVIEW_DECISIONS)
def close(request: HttpRequest, id: UUID) -> HttpResponse:
    """Close a case with what came out."""
    one = case_or_404(id)
    try:
        review.close_case(
            by=staff(request),
            at=clock.now(),
            case=one,
            outcome=request.POST.get("outcome", ""),
            note=request.POST.get("note", ""),
            request_id=request_id(request),
        )
    except Refused as refused:
        return _page(request, one, refused)
    messages.success(request, "The case is closed.")
    return redirect("console:cases")


def _page(request: HttpRequest, one: Case, refused: Refused | None = None) -> HttpResponse:
    ids = [id for id in (one.first_decision, one.last_decision) if id is not None]
    decisions = Decision.objects.select_related("event").filter(pk__in=ids).order_by("-id")
    return show(
        request,
        "console/case.html",
        at="cases",
        title="Case",
        status=refused.status if refused else 200,
        one=one,
        decisions=list(decisions),
        line=timeline.of_user(one.subject_id)
        if one.subject.kind == "user"
        else timeline.of_thing(one.subject.kind, one.subject_id),
        entity=one.subject,
        hits=_hits(one),
        outcomes=Outcome.choices,
        refused=refused,
        said=request.POST,
    )


def _hits(case: Case) -> list[Hit]:
    """What was found on lists of the person whom a case is about."""
    subject = case.subject
    if (subject.kind, subject.scope) != ("user", DESK):
        return []
    return list(Hit.objects.filter(user=subject.ref).select_related("record").order_by("-id")[:50])
