"""Lists of ours: who is watched, blocked or trusted, since when, until when, and why."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.core import locks, partitions
from apps.core.errors import Refused
from apps.events.models import Entity
from apps.flows import staff
from apps.risk.models import ListEntry, ListName
from apps.users.models import User
from apps.users.roles import Deed


def add_to_list(
    *,
    by: User,
    at: datetime,
    subject: Entity,
    name: str,
    reason: str,
    until: datetime | None = None,
    request_id: str | None = None,
) -> ListEntry:
    """Put an entity on a list, for a time or for good."""
    staff.may(by, Deed.MANAGE_LISTS)
    if name not in ListName.values:
        raise Refused("UNKNOWN_LIST", 422, "Choose a list.", {"list": ["Choose a list."]})
    reason = staff.words(reason, "reason", most=200)
    if until is not None and until <= at:
        raise Refused("ENDED_ALREADY", 422, "That moment has passed.", {"until": ["In the past."]})
    partitions.ensure(at)
    with transaction.atomic(durable=True):
        locks.hold(subject.id)
        on_it = ListEntry.objects.filter(list=name, entity=subject, valid_from__lte=at)
        if on_it.exclude(valid_to__lte=at).exists():
            raise Refused("LISTED_ALREADY", 409, "It is on this list already.")
        entry = ListEntry.objects.create(
            list=name,
            entity=subject,
            valid_from=at,
            valid_to=until,
            reason=reason,
            added_by=by,
        )
        _list_changed(entry, subject, by, at, "added", request_id)
    return entry


def take_off_list(
    *, by: User, at: datetime, entry: ListEntry, request_id: str | None = None
) -> None:
    """End an entity's time on a list; the entry stays on record with its validity."""
    staff.may(by, Deed.MANAGE_LISTS)
    partitions.ensure(at)
    with transaction.atomic(durable=True):
        ended = (
            ListEntry.objects.filter(pk=entry.pk)
            .exclude(valid_to__lte=at)
            .update(valid_to=max(at, entry.valid_from))
        )
        if not ended:
            raise Refused("ENDED_ALREADY", 409, "It is off this list already.")
        _list_changed(entry, entry.entity, by, at, "removed", request_id)


def _list_changed(
    entry: ListEntry, subject: Entity, by: User, at: datetime, change: str, request_id: str | None
) -> UUID:
    return staff.write_event(
        "list.changed",
        by=by,
        at=at,
        subject=subject,
        data={"list": entry.list, "entry": str(entry.id), "change": change},
        request_id=request_id,
    )
