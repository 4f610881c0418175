"""Watch-lists of others: where each stands, loading one; what was found, and deciding it."""

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from apps.console.access import page, staff
from apps.console.shell import show
from apps.core import clock
from apps.core.errors import Refused
from apps.events.models import Entity
from apps.flows import list_hits
from apps.flows import watch_lists as flow
from apps.flows.watch_lists import Given
from apps.screening import queries
from apps.screening.catalogue import KNOWN
from apps.screening.models import Hit, HitState, ListedAddress, Version, WatchList
from apps.users.roles import Deed

PAGE, VERSIONS = 100, 20
DEEDS = {"clear": (list_hits.clear, "Noted: somebody else is meant. What it held is lifted."),
         "confirm": (list_hits.confirm, "Confirmed. What is held stays held.")}  # fmt: skip


@require_GET
@page("screening.view_watchlist")
def watch_lists(request: HttpRequest) -> HttpResponse:
    """Every list: its live version, what changed, how old it is; what waits to be looked at."""
    return _lists_page(request)


@require_GET
@page("screening.view_watchlist")
def watch_list(request: HttpRequest, code: str) -> HttpResponse:
    """A list's versions, the newest first."""
    one = WatchList.objects.select_related("live").filter(pk=code).first()
    if one is None:
        raise Http404("There is no such list.")
    versions = Version.objects.filter(watchlist=one).select_related("loaded_by")
    return show(
        request,
        "console/watch_list.html",
        at="watch_lists",
        title=one.name,
        one=one,
        age=next(age for age in queries.ages(at=clock.now()) if age.code == code),
        versions=versions.order_by("-number")[:VERSIONS],
    )


@require_POST
@page(deed=Deed.MANAGE_LISTS)
def load(request: HttpRequest) -> HttpResponse:
    """Load an uploaded file as the next version of a list."""
    file = request.FILES.get("file")
    code = request.POST.get("code", "")
    if file is None:
        return _lists_page(request, Refused("FILE_NEEDED", 422, "Choose the file of the list."))
    given = Given(
        code=code,
        origin=f"upload: {file.name}"[:300],
        by=staff(request),
        force=request.POST.get("force", ""),
    )
    try:
        version = flow.load(given=given, file=file.file, at=clock.now())
    except Refused as refused:
        return _lists_page(request, refused)
    messages.success(
        request,
        f"Version {version.number} is live: {version.added:,} added, {version.changed:,} changed, "
        f"{version.removed:,} removed.",
    )
    return redirect("console:watch_list", version.watchlist_id)


@require_GET
@page("screening.view_hit")
def hit(request: HttpRequest, id: UUID) -> HttpResponse:
    """What was found: the listed one beside ours, word by word."""
    return _hit_page(request, _found(id))


@require_POST
@page(deed=Deed.LIFT_RESTRICTIONS)
def decide(request: HttpRequest, id: UUID, answer: str) -> HttpResponse:
    """Say that somebody else is meant, or that it is the listed one."""
    one = _found(id)
    if answer not in DEEDS:
        raise Http404("There is no such answer.")
    do, said = DEEDS[answer]
    words: dict[str, Any] = {"reason": request.POST.get("reason", "")}
    if answer == "clear" and request.POST.get("days", "").isdigit():
        words["days"] = int(request.POST["days"][:4])
    try:
        do(by=staff(request), hit=one, at=clock.now(), **words)
    except Refused as refused:
        return _hit_page(request, _found(id), refused)
    messages.success(request, said)
    return redirect("console:hit", id)


def _lists_page(request: HttpRequest, refused: Refused | None = None) -> HttpResponse:
    ages = {age.code: age for age in queries.ages(at=clock.now())}
    rows = WatchList.objects.select_related("live").order_by("code")
    known = {one.code: one for one in rows}
    open_hits = Hit.objects.filter(state=HitState.OPEN).select_related("user", "record")
    return show(
        request,
        "console/watch_lists.html",
        at="watch_lists",
        title="Watch-lists",
        status=refused.status if refused else 200,
        rows=[(age, known.get(code)) for code, age in ages.items()],
        codes=sorted({*KNOWN, *known}),
        hits=open_hits.order_by("-record__category", "id")[:PAGE],
        refused=refused,
        said=request.POST,
    )


def _hit_page(request: HttpRequest, one: Hit, refused: Refused | None = None) -> HttpResponse:
    may_read = staff(request).has_perm(f"users.{Deed.READ_PII.value}")
    explained = json.loads(one.explanation) if one.explanation and may_read else None
    return show(
        request,
        "console/hit.html",
        at="watch_lists",
        title="Found on a list",
        status=refused.status if refused else 200,
        one=one,
        why=explained,
        owner=Entity.objects.filter(pk=one.user.entity_id).first(),
        addresses=ListedAddress.objects.filter(record=one.record)[:20],
        others=Hit.objects.filter(user=one.user).exclude(pk=one.pk).select_related("record")[:20],
        mine=one.user_id == staff(request).pk,
        exact=one.role in list_hits.EXACT and one.record.category == "SANCTIONS",
        days=list_hits.QUIET_DAYS,
        refused=refused,
        said=request.POST,
    )


def _found(id: UUID) -> Hit:
    one = (
        Hit.objects.select_related("user", "record__watchlist", "decided_by").filter(pk=id).first()
    )
    if one is None:
        raise Http404("There is no such hit.")
    return one
