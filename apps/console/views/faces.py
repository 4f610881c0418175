"""Face checks: what waits for people, one check frame by frame, rulings, and the log of attacks."""

import csv
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from apps.console import face_queue, face_rates, face_session, forms, relief
from apps.console.access import page, staff
from apps.console.shell import show
from apps.core import clock, crypto
from apps.core.errors import Refused
from apps.core.problems import request_id
from apps.events.models import Entity
from apps.faces.models import Attempt, AuditPicture, Channel, Outcome, PictureKind, Ruling
from apps.faces.services import keys
from apps.flows import face_manual, face_review
from apps.restrictions.models import Restriction
from apps.risk.models import Decision
from apps.users import second_factor
from apps.users.models import User
from apps.users.roles import Deed

SEE = "faces.view_attempt"
WEEKS, MOST = 12, 200
COLUMNS = (
    "week", "device", "attacks", "attacks_passed", "apcer", "apcer_low", "apcer_high",
    "living", "living_failed", "living_doubted", "bpcer", "bpcer_low", "bpcer_high",
)  # fmt: skip


@require_GET
@page(SEE)
def faces(request: HttpRequest) -> HttpResponse:
    """What waits: doubtful and failed checks, people who are locked out, requests by hand."""
    form, at = forms.FaceFilter(request.GET), clock.now()
    said = form.cleaned_data if form.is_valid() else {}
    number = said.get("page") or 1
    start = (number - 1) * face_queue.PAGE
    found = list(face_queue.rows(said, at=at)[start : start + face_queue.PAGE + 1])
    query = request.GET.copy()
    query["page"] = str(number + 1)
    return show(
        request,
        "console/faces.html",
        at="faces",
        title="Face checks",
        form=form,
        rows=found[: face_queue.PAGE],
        next_page=query.urlencode() if len(found) > face_queue.PAGE else "",
        is_filtered=any(said.get(name) for name in said),
        locked=face_queue.locked(at=at),
        by_hand=face_queue.by_hand()[:MOST],
        channels=[one for one in Channel.choices if one[0] != Channel.PICTURES],
    )


@require_GET
@page(SEE)
def face(request: HttpRequest, id: UUID) -> HttpResponse:
    """A check's page."""
    return _page(request, _found(id))


@require_POST
@page(deed=Deed.READ_PII)
def look(request: HttpRequest, id: UUID) -> HttpResponse:
    """Show the pictures for some minutes, and keep that and why."""
    one = _found(id)
    try:
        face_review.look(
            by=staff(request),
            attempt=one,
            reason=request.POST.get("reason", ""),
            at=clock.now(),
            request_id=request_id(request),
        )
    except Refused as refused:
        return _page(request, one, looking=refused)
    return redirect("console:face", id)


@require_GET
@page(deed=Deed.READ_PII)
def picture(request: HttpRequest, id: UUID, picture: UUID) -> HttpResponse:
    """One picture, for who has asked to see it; depth as a relief."""
    one = _found(id)
    row = AuditPicture.objects.select_related("attempt__user").filter(pk=picture).first()
    if row is None:
        raise Http404("There is no such picture.")
    try:
        file = face_review.picture(by=staff(request), attempt=one, picture=row, at=clock.now())
    except (keys.Destroyed, crypto.Unreadable):
        raise Http404("This picture was erased.") from None
    if row.kind == PictureKind.DEPTH:
        file = relief.shaded(file)
    kind = "image/jpeg" if row.kind == PictureKind.COLOUR else "image/png"
    answer = HttpResponse(file, content_type=kind)
    answer["Content-Disposition"] = f'inline; filename="{row.pk}"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "no-store"
    return answer


@require_POST
@page(deed=Deed.REVIEW_DECISIONS)
def rule(request: HttpRequest, id: UUID) -> HttpResponse:
    """Rule on a check; to approve asks for the second factor again."""
    one, said = _found(id), request.POST
    if said.get("ruling") == Ruling.APPROVED:
        second_factor.require_recent(request)
    try:
        face_review.rule(
            by=staff(request),
            attempt=one,
            ruling=said.get("ruling", ""),
            truth=said.get("truth", ""),
            channel=said.get("channel", ""),
            note=said.get("note", ""),
            at=clock.now(),
            request_id=request_id(request),
        )
    except Refused as refused:
        return _page(request, one, ruling=refused)
    messages.success(request, "Ruled. The person is told.")
    return redirect("console:faces")


@require_POST
@page(deed=Deed.REVIEW_DECISIONS)
def decide_by_hand(request: HttpRequest, user: UUID) -> HttpResponse:
    """Say what was found out about somebody who asked for a check by hand."""
    person, said = User.objects.filter(pk=user).first(), request.POST
    if person is None:
        raise Http404("There is no such person.")
    approve = said.get("answer") == "approve"
    if approve:
        second_factor.require_recent(request)
    face_manual.decide(
        by=staff(request),
        user=person,
        approve=approve,
        channel=said.get("channel", ""),
        note=said.get("note", ""),
        at=clock.now(),
    )
    messages.success(request, "Decided. The person is told.")
    return redirect("console:faces")


@require_GET
@page(SEE)
def attacks(request: HttpRequest) -> HttpResponse:
    """The log of attacks, and the rates that rulings allow."""
    at = clock.now()
    since = at - timedelta(weeks=WEEKS)
    lines = face_rates.lines(since=since)
    weeks = face_rates.by_week(lines, start=since.date(), end=at.date())
    suspect = Q(outcome=Outcome.FAIL) | ~Q(species="")
    log = (
        Attempt.objects.filter(suspect, at__gte=since)
        .select_related("user")
        .prefetch_related("reviews")
        .defer("trace")
        .order_by("-at")[:MOST]
    )
    return show(
        request,
        "console/face_attacks.html",
        at="faces",
        title="Attacks on face checks",
        lines=lines,
        weeks=weeks,
        log=log,
        charts=_charts(weeks),
    )


@require_GET
@page(SEE)
def attacks_csv(request: HttpRequest) -> HttpResponse:
    """The rates as numbers."""
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="face-attacks.csv"'
    answer["Cache-Control"] = "no-store"
    out = csv.writer(answer)
    out.writerow(COLUMNS)
    for line in face_rates.lines(since=clock.now() - timedelta(weeks=WEEKS)):
        count = line.count
        out.writerow(
            [
                line.week.isoformat(), _plain(line.device), count.attacks, count.passed,
                *_numbers(count.apcer), count.living, count.failed, count.doubted,
                *_numbers(count.bpcer),
            ]
        )  # fmt: skip
    return answer


def _numbers(rate: Any) -> list[str]:
    if rate.value is None:
        return ["", "", ""]
    return [f"{number:.4f}" for number in (rate.value, *rate.interval)]


def _plain(text: str) -> str:
    # What a device calls itself is anybody's text: a spreadsheet must not take it for a formula.
    return f"'{text}" if text[:1] in "=+-@\t\r" else text


def _charts(weeks: list[face_rates.Line]) -> dict[str, Any]:
    def share(rate: Any) -> float | None:
        return None if rate.value is None else round(100 * rate.value, 1)

    return {
        "rates": {
            "kind": "line",
            "unit": "%",
            "days": [line.week.isoformat() for line in weeks],
            "series": [
                {"name": "Attacks passed", "values": [share(line.count.apcer) for line in weeks]},
                {"name": "Living failed", "values": [share(line.count.bpcer) for line in weeks]},
            ],
        },
        "counts": {
            "kind": "bars",
            "unit": "",
            "days": [line.week.isoformat() for line in weeks],
            "series": [
                {"name": "Attacks", "values": [line.count.attacks for line in weeks]},
                {"name": "Living", "values": [line.count.living for line in weeks]},
            ],
        },
    }


def _found(id: UUID) -> Attempt:
    one = Attempt.objects.select_related("user", "challenge__device").filter(pk=id).first()
    if one is None:
        raise Http404("There is no such check.")
    return one


def _page(
    request: HttpRequest,
    one: Attempt,
    *,
    looking: Refused | None = None,
    ruling: Refused | None = None,
) -> HttpResponse:
    by, at = staff(request), clock.now()
    until = face_review.looks_until(by=by, attempt=one, at=at)
    refused = looking or ruling
    return show(
        request,
        "console/face.html",
        at="faces",
        title="Face check",
        status=refused.status if refused else 200,
        one=one,
        owner=Entity.objects.filter(pk=one.user.entity_id).first(),
        mine=one.user_id == by.pk,
        until=until,
        session=face_session.session(one, shown=until is not None),
        prompts=face_session.prompts(one),
        pictures=one.pictures.count(),
        decision=Decision.objects.filter(event_id=one.event).first() if one.event else None,
        reviews=one.reviews.select_related("by").order_by("-at"),
        looks=one.looks.select_related("by").order_by("-at")[:20],
        binding=Restriction.objects.filter(
            subject=one.user.entity_id, lifted_at=None
        ).select_related("subject"),
        reasons=face_review.Reason.choices,
        rulings=Ruling.choices,
        truths=face_review.TRUTHS,
        channels=Channel.choices,
        looking=looking,
        refused=ruling,
        said=request.POST,
    )
