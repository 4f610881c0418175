"""Stored events as columns, in order of arrival: what the offline pass works on."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
from django.db import connection

from apps.core.ids import entity_id, uuid7_floor
from apps.events.act import pair_ref
from apps.events.models import Entity
from apps.risk import act_facts
from apps.risk.row import FACT_NAMES
from apps.risk.velocity.offline import KIND_CODE, Columns
from apps.risk.vocabulary import KINDS, ROLES

_COLUMNS = {
    role: f"{'counterparty' if role == 'cp' else role}_id" for role in ROLES if role != "pair"
}
_QUERY = """
SELECT id, at, kind, amount_usd, data, {ids} FROM events_event
WHERE kind = ANY(%s) AND id >= %s AND id < %s {more} ORDER BY xid, id
"""


def load(
    *, since: datetime, until: datetime, users: Sequence[int] | None = None
) -> tuple[list[Any], Columns]:
    """Return the ids and the columns of the events in [since, until), oldest arrival first.

    `users` keeps the events of these users alone: then only their own windows are whole.
    """
    more = "AND user_id = ANY(%s)" if users is not None else ""
    query = _QUERY.format(ids=", ".join(_COLUMNS.values()), more=more)
    parameters: list[Any] = [list(KINDS), uuid7_floor(since), uuid7_floor(until)]
    if users is not None:
        parameters.append(list(users))
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        rows = cursor.fetchall()
    return [row[0] for row in rows], columns_of(rows)


def columns_of(rows: Sequence[Sequence[Any]]) -> Columns:
    """Return rows (id, at, kind, amount, data, then the entity of each role) as columns."""
    ids = {
        role: np.array([row[5 + place] or 0 for row in rows], np.int64)
        for place, role in enumerate(_COLUMNS)
    }
    ids["pair"] = _pairs(ids["user"], ids["cp"])  # type: ignore[index]
    facts = [
        act_facts.of_act(kind=row[2], at=row[1], amount_usd=row[3], data=_data(row[4]))
        for row in rows
    ]
    return Columns(
        at=np.array([_micros(row[1]) for row in rows], np.int64),
        kind=np.array([KIND_CODE[row[2]] for row in rows], np.int16),
        ids={str(role): column for role, column in ids.items()},
        cents=np.array([int((row[3] or 0) * 100) for row in rows], np.int64),
        facts={
            name: np.array(
                [fact[name] for fact in facts],
                object if name in act_facts.TEXT_FACTS else np.float64,
            )
            for name in FACT_NAMES
        },
    )


def _pairs(users: Any, others: Any) -> Any:
    wanted = {(int(a), int(b)) for a, b in zip(users, others, strict=True) if a and b}
    names = {
        one.id: one
        for one in Entity.objects.filter(id__in={x for pair in wanted for x in pair}).iterator()
    }
    number = {
        (a, b): entity_id(
            kind="pair", scope=names[a].scope, ref=pair_ref(names[a].ref, names[b].ref)
        )
        for a, b in wanted
    }
    return np.array(
        [number.get((int(a), int(b)), 0) for a, b in zip(users, others, strict=True)], np.int64
    )


def _micros(at: datetime) -> int:
    return round(at.timestamp() * 1_000_000)


def _data(data: Any) -> dict[str, Any]:
    return json.loads(data) if isinstance(data, str) else data or {}
