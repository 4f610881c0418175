"""An event in the words of the integrator that sent it: its own references, never our numbers.

Payment accounts have no words: all that we know of one is its keyed hash.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from apps.events.models import Entity, Event
from apps.risk.vocabulary import SIGNAL_BY_NAME

#: Columns of an event whose entity has a public reference.
NAMED = ("user", "counterparty", "device", "ip", "address")
ROLE_OF_COLUMN = {
    "user": "user",
    "counterparty": "cp",
    "device": "device",
    "ip": "ip",
    "subnet": "subnet",
    "account": "account",
    "address": "address",
}
SILENT = frozenset({"account", "client", "pair"})


def roles_of(event: Event) -> dict[int, str]:
    """The event's entities by id, each with the role it plays."""
    found = {getattr(event, f"{name}_id"): role for name, role in ROLE_OF_COLUMN.items()}
    return {id: role for id, role in found.items() if id is not None}


def words_of(event: Event) -> dict[str, Any]:
    """The act or fact as JSON: kind, times, references, amount and signals."""
    ids = {name: getattr(event, f"{name}_id") for name in NAMED}
    subject = _subject_id(event.data)
    entities = Entity.objects.in_bulk({*ids.values(), subject} - {None})
    data: Mapping[str, Any] = event.data
    told: dict[str, Any] = {
        "event_id": str(event.pk),
        "id": event.ref,
        "kind": event.kind,
        "at": moment(event.at),
        "occurred_at": moment(event.occurred_at),
        **{name: _ref(entities.get(id)) for name, id in ids.items()},
        "amount_usd": None if event.amount_usd is None else f"{event.amount_usd:f}",
        "order": data.get("order"),
        "signals": {name: value for name, value in data.items() if name in SIGNAL_BY_NAME},
    }
    if event.kind.startswith("restriction."):
        told["restriction"] = _restriction(data, entities.get(subject) if subject else None)
    if event.kind == "decision.reviewed":
        told["reviewed"] = {"decision_id": data.get("decision"), "outcome": data.get("outcome")}
    return told


def subject_words(entity: Entity | None) -> dict[str, Any] | None:
    """An entity as its integrator may be told of it."""
    return None if entity is None else {"kind": entity.kind, "ref": _ref(entity)}


def moment(at: datetime | None) -> str | None:
    """A moment in RFC 3339, in UTC."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _ref(entity: Entity | None) -> str | None:
    return None if entity is None or entity.kind in SILENT else entity.ref


def _subject_id(data: Mapping[str, Any]) -> int | None:
    subject = data.get("subject")
    return int(subject) if isinstance(subject, str) and subject.lstrip("-").isdecimal() else None


def _restriction(data: Mapping[str, Any], subject: Entity | None) -> dict[str, Any]:
    until = data.get("until")
    return {
        "restriction_id": data.get("restriction"),
        "subject": subject_words(subject),
        "ability": data.get("ability"),
        "kind": data.get("kind"),
        "reason": data.get("reason"),
        "until": moment(datetime.fromisoformat(until)) if until else None,
        "cap_usd": data.get("cap_usd"),
        "decision_id": data.get("cause"),
        "by": data.get("by"),
    }
