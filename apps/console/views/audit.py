"""The audit log: what staff did, newest first."""

from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from apps.console import forms, wording
from apps.console.access import page
from apps.console.shell import show
from apps.console.stream import LAST
from apps.core.ids import uuid7_floor
from apps.events.models import Entity, Event
from apps.users.models import User
from apps.users.roles import Deed

PAGE = 60
#: So many of each person's newest deeds are looked at for one page.
EACH = 5_000
#: Signing in oneself is an act, not a deed of staff: there the actor is the person.
DEEDS = f"""
SELECT e.id FROM unnest(%s::bigint[]) AS who(actor) CROSS JOIN LATERAL (
  SELECT id, kind, user_id FROM events_event
  WHERE actor_id = who.actor AND id < %s AND id >= %s ORDER BY id DESC LIMIT {EACH}
) e
WHERE e.user_id IS DISTINCT FROM who.actor AND (%s = '' OR e.kind = %s)
ORDER BY e.id DESC LIMIT {PAGE + 1}
"""


@require_GET
@page(deed=Deed.READ_AUDIT)
def audit(request: HttpRequest) -> HttpResponse:
    """Deeds of staff, by person and kind."""
    people = {user.entity_id: user for user in User.objects.filter(is_staff=True)}
    form = forms.AuditFilter(request.GET)
    events = _found(form.cleaned_data, people) if form.is_valid() else []
    cursor = events[PAGE - 1].id if len(events) > PAGE else None
    events = events[:PAGE]
    query = request.GET.copy()
    query.pop("before", None)
    return show(
        request,
        "console/audit.html",
        at="audit",
        title="Audit log",
        form=form,
        rows=[(e, people.get(e.actor_id or 0), _subjects(e), _details(e)) for e in events],
        entities=Entity.objects.in_bulk({id for e in events for id in _subjects(e)}),
        people=sorted(people.values(), key=lambda user: user.nickname.lower()),
        kinds=sorted(wording.DEEDS.items()),
        cursor=cursor,
        filters=query.urlencode(),
    )


def _subjects(event: Event) -> list[int]:
    found = (event.user_id, event.device_id, event.ip_id, event.account_id, event.address_id)
    return [id for id in found if id is not None]


#: Where a detail of an event leads, by its name.
PAGES = {
    "decision": "console:decision",
    "cause": "console:decision",
    "policy": "console:policy",
    "based_on": "console:policy",
    "retired": "console:policy",
    "case": "console:case",
    "appeal": "console:appeal",
    "linked_to": "console:entity",
}
REPEATED = frozenset({"subject"})


def _details(event: Event) -> list[tuple[str, str, str]]:
    """Return what an event says: name, value, and the address of its page ("" without one)."""
    found = []
    for name, value in event.data.items():
        if value is None or name in REPEATED:
            continue
        key = int(value) if name == "linked_to" else value
        address = reverse(PAGES[name], args=[key]) if name in PAGES else ""
        text = "another one" if name == "linked_to" else str(value)
        found.append((name.replace("_", " "), f"{text[:8]}…" if len(text) > 34 else text, address))
    return found


def _found(said: dict[str, Any], people: dict[int, User]) -> list[Event]:
    chosen = [
        entity
        for entity, user in people.items()
        if not said["person"] or str(user.pk) == said["person"]
    ]
    before, start = said["before"] or LAST, uuid7_floor(said["start"]) if said["start"] else None
    if said["end"]:
        before = min(before, uuid7_floor(said["end"]))
    oldest = start or "00000000-0000-0000-0000-000000000000"
    with connection.cursor() as cursor:
        cursor.execute(DEEDS, [chosen, before, oldest, said["kind"], said["kind"]])
        ids = [id for (id,) in cursor.fetchall()]
    return sorted(Event.objects.filter(id__in=ids), key=lambda e: e.id, reverse=True)
