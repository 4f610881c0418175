"""Appeals: the queue by due date, and the page on which an agent hears and decides."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from apps.console import appeal as sheets
from apps.console.access import page, staff
from apps.console.shell import show
from apps.core import clock, money
from apps.core.errors import Refused
from apps.core.problems import request_id
from apps.flows import appeal_terms, recovery
from apps.flows import appeals as flow
from apps.flows.appeal_reading import Ground, Papers
from apps.flows.appeal_verdict import is_held, is_settled
from apps.trades.models import (
    Appeal,
    AppealOutcome,
    AppealReason,
    Evidence,
    EvidenceKind,
    Fault,
    Verdict,
)
from apps.trades.queries import appeals as appeals_of
from apps.users import second_factor
from apps.users.roles import Deed

PAGE = 50
SEE = "trades.view_appeal"


@require_GET
@page(SEE)
def appeals(request: HttpRequest) -> HttpResponse:
    """Open appeals, what is due first on top; those that are over, the latest first."""
    by, now = staff(request), clock.now()
    ended, mine = request.GET.get("status") == "ended", bool(request.GET.get("mine"))
    rows = appeals_of.queue(ended=ended)
    if mine:
        rows = rows.filter(agent=by)
    number = min(max(int(said), 1), 1_000) if (said := request.GET.get("page", "")).isdigit() else 1
    found = list(rows[(number - 1) * PAGE : number * PAGE + 1])
    query = request.GET.copy()
    query["page"] = str(number + 1)
    shown = found[:PAGE]
    waiting = appeals_of.waiting_for_second(shown)
    return show(
        request,
        "console/appeals.html",
        at="appeals",
        title="Appeals",
        rows=[(one, sheets.due(one, now=now), one.pk in waiting) for one in shown],
        ended=ended,
        mine=mine,
        next_page=query.urlencode() if len(found) > PAGE else "",
    )


@require_GET
@page(SEE)
def appeal(request: HttpRequest, id: UUID) -> HttpResponse:
    """An appeal's page; what the parties wrote and showed is opened with a reason."""
    return _page(request, _one(id))


@require_POST
@page(SEE)
def read(request: HttpRequest, id: UUID) -> HttpResponse:
    """The same page with the papers open; the look is in the log."""
    return _opened(request, id)


@require_POST
@page(SEE)
def file(request: HttpRequest, id: UUID, file: UUID) -> HttpResponse:
    """One file, to be looked at and nothing else."""
    found = flow.read_file(
        by=staff(request),
        appeal=_one(id),
        file=file,
        ground=request.POST.get("ground", ""),
        at=clock.now(),
        request_id=request_id(request),
    )
    answer = HttpResponse(found.content, content_type=found.content_type)
    answer["Content-Disposition"] = f'inline; filename="{found.pk}"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "no-store"
    return answer


@require_POST
@page(deed=Deed.DECIDE_APPEALS)
def take(request: HttpRequest, id: UUID) -> HttpResponse:
    """Make an appeal one's own."""
    flow.take(by=staff(request), appeal=_one(id), at=clock.now(), request_id=request_id(request))
    messages.success(request, "This appeal is yours. Both parties see your name.")
    return redirect("console:appeal", id)


@require_POST
@page(deed=Deed.DECIDE_APPEALS)
def ask(request: HttpRequest, id: UUID) -> HttpResponse:
    """Ask a party for something."""
    one, said = _one(id), request.POST
    party = {"buyer": one.order.buyer, "seller": one.order.seller}.get(said.get("party", ""))
    try:
        if party is None:
            raise Refused("NOT_A_PARTY", 422, "Choose whom you ask: the buyer or the seller.")
        flow.ask(
            by=staff(request),
            appeal=one,
            party=party,
            what=said.get("what", ""),
            words=said.get("words", ""),
            at=clock.now(),
            request_id=request_id(request),
        )
    except Refused as refused:
        return _page(request, one, refused=("ask", refused))
    messages.success(request, "Asked. They have 24 hours to answer.")
    return redirect("console:appeal", id)


@require_POST
@page(deed=Deed.DECIDE_APPEALS)
def verdict(request: HttpRequest, id: UUID, evidence: UUID) -> HttpResponse:
    """Say whether something that was shown is genuine."""
    shown = (
        Evidence.objects.filter(pk=evidence, appeal=id)
        .select_related(*(f"appeal__{name}" for name in appeals_of.WITH_ORDER))
        .first()
    )
    if shown is None:
        raise Http404("There is no such piece.")
    flow.judge_evidence(
        by=staff(request),
        evidence=shown,
        verdict=request.POST.get("verdict", ""),
        at=clock.now(),
        request_id=request_id(request),
    )
    messages.success(request, "Your verdict on this piece is recorded.")
    if request.POST.get("ground"):
        return _opened(request, id)
    return redirect("console:appeal", id)


@require_POST
@page(deed=Deed.DECIDE_APPEALS)
def decide(request: HttpRequest, id: UUID) -> HttpResponse:
    """Decide an appeal."""
    one, said = _one(id), request.POST
    try:
        ruling = flow.decide(
            by=staff(request),
            appeal=one,
            outcome=said.get("outcome", ""),
            reason=said.get("reason", ""),
            fault=said.get("fault", ""),
            finding=said.get("finding", ""),
            buyer_amount=_amount(said, "buyer_amount"),
            seller_amount=_amount(said, "seller_amount"),
            malicious=bool(said.get("malicious")),
            at=clock.now(),
            request_id=request_id(request),
        )
    except Refused as refused:
        return _page(request, one, refused=("decide", refused))
    messages.success(
        request,
        "Recorded. It stands once a second person agrees."
        if ruling.needs_approval
        else "Decided. Both parties have been told.",
    )
    return redirect("console:appeal", id)


@require_POST
@page(deed=Deed.APPROVE_APPEALS)
def approve(request: HttpRequest, id: UUID) -> HttpResponse:
    """Agree to a colleague's decision; asks for the second factor again."""
    second_factor.require_recent(request)
    flow.approve(by=staff(request), appeal=_one(id), at=clock.now(), request_id=request_id(request))
    messages.success(request, "The decision stands. Both parties have been told.")
    return redirect("console:appeal", id)


@require_POST
@page(deed=Deed.APPROVE_APPEALS)
def send_back(request: HttpRequest, id: UUID) -> HttpResponse:
    """Send a colleague's decision back."""
    one = _one(id)
    try:
        flow.send_back(
            by=staff(request),
            appeal=one,
            note=request.POST.get("note", ""),
            at=clock.now(),
            request_id=request_id(request),
        )
    except Refused as refused:
        return _page(request, one, refused=("answer", refused))
    messages.success(request, "Sent back. Nothing has changed for the parties.")
    return redirect("console:appeal", id)


def _opened(request: HttpRequest, id: UUID) -> HttpResponse:
    one = _one(id)
    papers = flow.read_papers(
        by=staff(request),
        appeal=one,
        ground=request.POST.get("ground", ""),
        at=clock.now(),
        request_id=request_id(request),
    )
    return _page(request, one, papers=papers)


def _page(
    request: HttpRequest,
    one: Appeal,
    *,
    papers: Papers | None = None,
    refused: tuple[str, Refused] | None = None,
) -> HttpResponse:
    by, now, order = staff(request), clock.now(), one.order
    steps = list(order.steps.select_related("actor").order_by("id"))
    rulings = list(one.rulings.select_related("by", "second").order_by("id"))
    pending = next((ruling for ruling in rulings if ruling.stage == "PENDING"), None)
    return show(
        request,
        "console/appeal.html",
        at="appeals",
        title="Appeal",
        status=refused[1].status if refused else 200,
        one=one,
        order=order,
        due=sheets.due(one, now=now),
        sides=sheets.sides(one, now=now),
        steps=steps,
        postings=sheets.postings(order),
        decisions=sheets.judged(order, steps),
        rulings=rulings,
        pending=pending,
        papers=papers,
        held=recovery.held(order) if not order.is_live else None,
        is_held=is_held(order, at=now),
        settled=is_settled(one),
        limit=appeal_terms.second_pair_usd(),
        refused_in=refused[0] if refused else "",
        refused=refused[1] if refused else None,
        said=request.POST,
        **sheets.forms(by, one, pending=pending is not None),
        grounds=Ground.choices,
        outcomes=AppealOutcome.choices,
        reasons=AppealReason.choices,
        faults=Fault.choices,
        pieces=EvidenceKind.choices,
        verdicts=Verdict.choices,
    )


def _one(id: UUID) -> Appeal:
    found = (
        Appeal.objects.filter(pk=id)
        .select_related(
            *appeals_of.WITH_ORDER,
            "order__ad",
            "opener",
            "agent",
            "decided_by",
            "approved_by",
            "objection_by",
        )
        .first()
    )
    if found is None:
        raise Http404("There is no such appeal.")
    return found


def _amount(said: Any, field: str) -> Decimal | None:
    text = said.get(field, "").strip()
    if not text:
        return None
    try:
        return money.parse(text)
    except money.BadAmount as wrong:
        raise Refused("BAD_AMOUNT", 422, str(wrong), {field: [str(wrong)]}) from wrong
