"""Count again from the events what the heads say: the proof that velocity lost nothing."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

from apps.events.models import Event
from apps.risk import act_facts
from apps.risk.velocity.streams import STREAM_BY_NUMBER
from apps.risk.velocity.write import touched
from apps.risk.vocabulary import KINDS, ROLES

COLUMN = {
    role: f"{'counterparty' if role == 'cp' else role}_id" for role in ROLES if role != "pair"
}


@dataclass(frozen=True, slots=True)
class Difference:
    """A head that does not say what its events say."""

    entity: int
    stream: str
    head: tuple[int, int]
    events: tuple[int, int]


def differences(*, sample: int) -> Iterator[Difference]:
    """Yield the heads, of `sample` drawn at random, that differ from a recount of their events."""
    heads = _draw(sample)
    if not heads:
        return
    counted: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0])
    for event in _events_of({entity for entity, _ in heads}):
        ids = _ids(event)
        facts = act_facts.of_act(
            kind=event.kind, at=event.at, amount_usd=event.amount_usd, data=event.data
        )
        for stream in touched(event.kind, frozenset(ids), facts):
            key = (ids[stream.role], stream.number)
            if key in heads:
                counted[key][0] += 1
                counted[key][1] += int((event.amount_usd or 0) * 100)
    for key, said in heads.items():
        found = (counted[key][0], counted[key][1])
        if found != said:
            yield Difference(key[0], STREAM_BY_NUMBER[key[1]].name, said, found)


def _draw(sample: int) -> dict[tuple[int, int], tuple[int, int]]:
    # Streams without points know no base, so what retention dropped of them can't be told apart.
    chosen = [s.number for s in STREAM_BY_NUMBER.values() if s.role != "pair" and s.windowed]
    with connection.cursor() as cursor:
        cursor.execute("SELECT greatest(reltuples, 1) FROM pg_class WHERE relname = 'risk_head'")
        percent = min(100.0, 100.0 * 20 * sample / cursor.fetchone()[0])
        cursor.execute(
            "SELECT entity, stream, n - base_n, cents - base_cents "
            "FROM risk_head TABLESAMPLE SYSTEM (%s) WHERE stream = ANY(%s) "
            "ORDER BY random() LIMIT %s",
            [percent, chosen, sample],
        )
        return {(entity, stream): (n, cents) for entity, stream, n, cents in cursor.fetchall()}


def _events_of(entities: set[int]) -> Iterator[Any]:
    wanted = " OR ".join(f"{column} = ANY(%(entities)s)" for column in COLUMN.values())
    return Event.objects.raw(
        f"SELECT * FROM events_event WHERE {wanted} ORDER BY id",
        {"entities": list(entities)},
    ).iterator()


def _ids(event: Any) -> dict[str, int]:
    return {
        str(role): value
        for role, column in COLUMN.items()
        if (value := getattr(event, column)) is not None and event.kind in KINDS
    }
