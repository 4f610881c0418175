"""People and things: what is known of them, what binds them, how near they are to a ban."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from apps.cases.models import Case, Status
from apps.cases.proposals import Proposal, Stage
from apps.console import entity as known
from apps.console import forms
from apps.console import timeline as lines
from apps.console.access import page
from apps.console.shell import show
from apps.core import clock
from apps.devices.queries import device_by_entity
from apps.events.models import Entity, Event
from apps.flows.restricting import is_ban
from apps.risk.models import Decision, ListName


@require_GET
@page()
def find(request: HttpRequest) -> HttpResponse:
    """From an id or reference to its page; a choice where several are meant."""
    text = request.GET.get("q", "").strip()
    if id := forms.as_uuid(text):
        if Decision.objects.filter(pk=id).exists():
            return redirect("console:decision", id)
        event = Event.objects.filter(pk=id).only("user_id").first()
        if event is not None and event.user_id is not None:
            return redirect("console:entity", event.user_id)
    entities = forms.found(text) if text else []
    if len(entities) == 1:
        return redirect("console:entity", entities[0].id)
    return show(request, "console/find.html", title="Find", q=text, entities=entities)


@require_GET
@page()
def entity(request: HttpRequest, id: int) -> HttpResponse:
    """A person's or a thing's page."""
    one = entity_or_404(id)
    now = clock.now()
    links = known.links_of(one)
    path = known.path_of(one)
    binding, past = known.restrictions_of(one, at=now)
    line = _line(one)
    partners = {link.partner for group in links for link in group.links}
    others = Entity.objects.in_bulk(partners | {id for id, _ in path})
    totals = known.totals_of(one, at=now)
    context: dict[str, Any] = {
        "entity": one,
        "links": links,
        "others": others,
        "path": path,
        "binding": binding,
        "past": past,
        "banned": any(is_ban(r) for r in binding),
        "listed": known.lists_of(one, at=now),
        "list_choices": ListName.choices,
        "line": line,
        "cases": _open(one),
        "pending": Proposal.objects.select_related("proposer").filter(
            subject=one, stage=Stage.PENDING
        ),
        "totals": [t for t in totals if not t.name.startswith("band")],
        "hours": known.hours_of(totals),
    }
    if one.kind == "user":
        context["score"] = known.score_of(one, at=now)
        return show(request, "console/user.html", title=f"User {one.ref}", **context)
    if one.kind == "device":
        context["device"] = device_by_entity(entity=one.id)
    return show(request, "console/entity.html", title="Entity", **context)


@require_GET
@page()
def timeline(request: HttpRequest, id: int) -> HttpResponse:
    """The next page of a timeline."""
    one = entity_or_404(id)
    before = forms.as_uuid(request.GET.get("before", ""))
    context = {"entity": one, "line": _line(one, before), "now": clock.now()}
    return render(request, "console/_timeline.html", context)


def entity_or_404(id: int) -> Entity:
    """Return an entity; Http404 where we never saw it."""
    one = Entity.objects.filter(pk=id).first()
    if one is None:
        raise Http404("We have never seen this.")
    return one


def _line(one: Entity, before: UUID | None = None) -> lines.Timeline:
    if one.kind == "user":
        return lines.of_user(one.id, before=before)
    return lines.of_thing(one.kind, one.id, before=before)


def _open(one: Entity) -> QuerySet[Case]:
    return Case.objects.select_related("assignee").filter(subject=one, status=Status.OPEN)


def case_or_404(id: UUID) -> Case:
    """Return a case; Http404 where there is none."""
    one = Case.objects.select_related("subject", "assignee").filter(pk=id).first()
    if one is None:
        raise Http404("There is no such case.")
    return one
