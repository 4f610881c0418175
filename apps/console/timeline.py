"""What happened to a person or with a thing: events with their decisions, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from apps.console.stream import EACH, LAST, USERS_OF, newest_of, users_of
from apps.core.ids import time_of
from apps.events.models import Entity

PAGE = 30

_COLUMNS = """
SELECT e.id, e.at, e.kind, e.amount_usd, e.actor_id, e.user_id, e.device_id, e.ip_id, e.account_id,
       e.address_id, e.counterparty_id, e.data->>'side', e.data->>'ability', e.data->>'kind',
       e.data->>'cause',
       d.outcome, d.score, d.band, d.reasons, d.degraded
"""
OF_USER = f"""{_COLUMNS}
FROM (SELECT * FROM events_event WHERE user_id = %s AND id < %s
      ORDER BY id DESC LIMIT {PAGE + 1}) e
LEFT JOIN risk_decision d ON d.id = e.id
ORDER BY e.id DESC
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event, and the engine's decision where it was judged."""

    id: UUID
    at: datetime
    kind: str
    amount_usd: Any
    actor_id: int | None
    user_id: int | None
    device_id: int | None
    ip_id: int | None
    account_id: int | None
    address_id: int | None
    counterparty_id: int | None
    side: str | None
    ability: str | None
    restriction: str | None
    cause: str | None
    outcome: str | None
    score: int | None
    band: int | None
    reasons: list[str] | None
    degraded: bool | None

    @property
    def words(self) -> str:
        """What a restriction forbids: "hold withdraw"."""
        return f"{(self.restriction or '').lower().replace('_', '-')} {self.ability}"

    @property
    def by_staff(self) -> bool:
        """Whether staff did it, and not the person."""
        return self.actor_id is not None and self.actor_id != self.user_id

    @property
    def things(self) -> list[int]:
        """Whatever else the event names, in the order in which it is shown."""
        found = (self.device_id, self.ip_id, self.account_id, self.address_id, self.counterparty_id)
        return [id for id in found if id is not None]


@dataclass(frozen=True, slots=True)
class Timeline:
    """One page of a timeline, with the entities that it names."""

    entries: list[Entry]
    entities: dict[int, Entity]
    cursor: UUID | None = None
    looked_back_to: datetime | None = None

    @property
    def told(self) -> list[tuple[Entry, list[str]]]:
        """The entries, each with what it brought about: a restriction is no line of its own."""
        here = {str(entry.id) for entry in self.entries}
        brought: dict[str, list[str]] = {}
        for entry in self.entries:
            if entry.kind == "restriction.imposed" and entry.cause in here:
                brought.setdefault(str(entry.cause), []).append(entry.words)
        return [
            (entry, brought.get(str(entry.id), []))
            for entry in self.entries
            if not (entry.kind == "restriction.imposed" and entry.cause in here)
        ]


def of_user(user: int, *, before: UUID | None = None) -> Timeline:
    """Return a page of what a user did and what was done to them: two queries."""
    rows = _rows(OF_USER, [user, before or LAST])
    entries = [Entry(*row) for row in rows]
    more = len(entries) > PAGE
    entries = entries[:PAGE]
    return Timeline(entries, _entities(entries), entries[-1].id if more else None)


def of_thing(kind: str, entity: int, *, before: UUID | None = None) -> Timeline:
    """Return a page of what was done with a device, address or account: three queries.

    It walks the newest events of its newest users, so that no index on the log is needed.
    """
    if kind not in USERS_OF:
        return Timeline([], {})
    column = {name: f"{name}_id" for name in USERS_OF}[kind]
    scan, params = newest_of(
        users_of(kind, [entity]), each=EACH, start=UUID(int=0), before=before or LAST
    )
    rows = _rows(
        f"""WITH scanned AS MATERIALIZED ({scan}),
        edge AS (SELECT max(horizon::text)::uuid AS horizon FROM scanned)
        SELECT edge.horizon, r.* FROM edge LEFT JOIN LATERAL (
          {_COLUMNS}
          FROM scanned JOIN events_event e ON e.id = scanned.id
          LEFT JOIN risk_decision d ON d.id = e.id
          WHERE e.{column} = %s AND (edge.horizon IS NULL OR e.id >= edge.horizon)
          ORDER BY e.id DESC LIMIT {PAGE + 1}
        ) r ON true""",
        [*params, entity],
    )
    horizon = rows[0][0]
    entries = [Entry(*row[1:]) for row in rows if row[1] is not None]
    if len(entries) > PAGE:
        entries = entries[:PAGE]
        return Timeline(entries, _entities(entries), entries[-1].id)
    looked = time_of(horizon) if horizon else None
    return Timeline(entries, _entities(entries), horizon, looked)


def _entities(entries: Sequence[Entry]) -> dict[int, Entity]:
    ids = {id for e in entries for id in (*e.things, e.user_id, e.actor_id) if id is not None}
    return Entity.objects.in_bulk(ids)


def _rows(statement: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall()
