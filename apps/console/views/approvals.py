"""What waits for a second person, and what became of earlier proposals."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from apps.cases.proposals import Proposal, Stage
from apps.console.access import page, staff
from apps.console.shell import show
from apps.core import clock
from apps.core.problems import request_id
from apps.flows import review
from apps.flows.bans import DECIDED_WITH
from apps.users import roles, second_factor

DECIDED = 30


@require_GET
@page("cases.view_proposal")
def approvals(request: HttpRequest) -> HttpResponse:
    """Proposals: those that wait for me, my own, and the latest decided ones."""
    by = staff(request)
    rows = Proposal.objects.select_related("subject", "proposer", "decider")
    pending = list(rows.filter(stage=Stage.PENDING).order_by("proposed_at")[:100])
    for one in pending:
        one.mine = one.proposer_id == by.pk  # type: ignore[attr-defined]
        one.can_decide = not one.mine and roles.may(by, DECIDED_WITH[one.deed])  # type: ignore[attr-defined,index]
    return show(
        request,
        "console/approvals.html",
        at="approvals",
        title="Approvals",
        for_me=[one for one in pending if one.can_decide],  # type: ignore[attr-defined]
        others=[one for one in pending if not one.can_decide],  # type: ignore[attr-defined]
        decided=rows.exclude(stage=Stage.PENDING).order_by("-decided_at")[:DECIDED],
    )


@require_POST
@page("cases.view_proposal")
def answer(request: HttpRequest, id: UUID, answer: str) -> HttpResponse:
    """Approve, reject or take back a proposal; a decision asks for the second factor again."""
    by, at = staff(request), clock.now()
    one = Proposal.objects.select_related("subject", "proposer").filter(pk=id).first()
    if one is None:
        raise Http404("There is no such proposal.")
    note = request.POST.get("note", "")
    if answer == "approve":
        second_factor.require_recent(request)
        review.approve(by=by, at=at, proposal=one, note=note, request_id=request_id(request))
        messages.success(request, "Approved and carried out.")
    elif answer == "reject":
        review.reject(by=by, at=at, proposal=one, note=note, request_id=request_id(request))
        messages.success(request, "Rejected. Nothing has changed.")
    elif answer == "withdraw":
        review.withdraw(by=by, at=at, proposal=one, request_id=request_id(request))
        messages.success(request, "Taken back.")
    else:
        raise Http404("There is no such answer.")
    return redirect("console:approvals")
