"""Lists of ours: blocked, watched, trusted."""

from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from apps.console import forms
from apps.console.access import page, staff
from apps.console.shell import show
from apps.console.views.entities import entity_or_404
from apps.core import clock
from apps.core.errors import Refused
from apps.core.problems import request_id
from apps.flows import review
from apps.risk.models import ListEntry, ListName
from apps.users.roles import Deed

PAGE = 100


@require_GET
@page("risk.view_listentry")
def lists(request: HttpRequest) -> HttpResponse:
    """Who and what stands on a list now, the newest first."""
    now, name = clock.now(), request.GET.get("list", "")
    rows = ListEntry.objects.select_related("entity", "added_by").filter(valid_from__lte=now)
    if request.GET.get("ended"):
        rows = rows.filter(valid_to__lte=now)
    else:
        rows = rows.filter(Q(valid_to=None) | Q(valid_to__gt=now))
    if name in ListName.values:
        rows = rows.filter(list=name)
    if before := forms.as_uuid(request.GET.get("before", "")):
        rows = rows.filter(id__lt=before)
    found = list(rows.order_by("-id")[: PAGE + 1])
    return show(
        request,
        "console/lists.html",
        at="lists",
        title="Lists",
        rows=found[:PAGE],
        cursor=found[PAGE - 1].pk if len(found) > PAGE else None,
        chosen=name,
        ended=bool(request.GET.get("ended")),
        list_choices=ListName.choices,
    )


@require_POST
@page(deed=Deed.MANAGE_LISTS)
def add(request: HttpRequest, id: int) -> HttpResponse:
    """Put an entity on a list."""
    subject = entity_or_404(id)
    form = forms.Listing(request.POST)
    if not form.is_valid():
        sentence = " ".join(str(s) for errors in form.errors.values() for s in errors)
        raise Refused("LISTING_INCOMPLETE", 422, sentence)
    review.add_to_list(
        by=staff(request),
        at=clock.now(),
        subject=subject,
        name=form.cleaned_data["list"],
        reason=form.cleaned_data["reason"],
        until=form.cleaned_data["until"],
        request_id=request_id(request),
    )
    messages.success(request, "It is on the list.")
    return redirect("console:entity", id)


@require_POST
@page(deed=Deed.MANAGE_LISTS)
def end(request: HttpRequest, id: UUID) -> HttpResponse:
    """Take an entity off a list."""
    entry = ListEntry.objects.select_related("entity").filter(pk=id).first()
    if entry is None:
        raise Http404("There is no such entry.")
    review.take_off_list(
        by=staff(request), at=clock.now(), entry=entry, request_id=request_id(request)
    )
    messages.success(request, "It is off the list.")
    return redirect("console:entity", entry.entity_id)
