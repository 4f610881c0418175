"""The decision stream: the newest first, filtered, and never slower as history grows.

Ids are uuid7, so that time is a range of ids, and months are pruned. Every page looks at a bounded
number of rows: without a person it walks the newest decisions (the partial index, when only
noteworthy outcomes are asked for); for a person, or what a person used, it walks those persons' own
events. Where the bound was reached before the page was full, the page says how far it looked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from apps.core.ids import time_of, uuid7_floor
from apps.events.models import Entity
from apps.risk.velocity.streams import RELATION_BY_NAME

PAGE = 50
#: So many decisions are looked at for one page when not every one of them belongs on it, and so
#: many when all do, but for those by staff.
WALK = 10_000
STROLL = 200
#: … and so many persons, with so many of each one's newest events; of one who is asked for alone
#: so many, of which some were recorded and not judged.
PERSONS = 20
EACH = 1_000
ALONE = 300
NOTEWORTHY = ("LIMIT", "STEP_UP", "REVIEW", "BLOCK")
LAST = UUID(int=2**128 - 1)
OF_OUTCOME = " AND d.outcome = ANY(%s)"
#: Who used it: from an entity of this kind to its users.
USERS_OF = {
    kind: RELATION_BY_NAME[name].number
    for kind, name in (
        ("device", "device_users"),
        ("ip", "ip_users"),
        ("account", "account_users"),
        ("address", "address_users"),
    )
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the stream somebody wants to see; entity filters hold ids, None where unset."""

    outcomes: tuple[str, ...] = ()
    checkpoints: tuple[str, ...] = ()
    score_from: int | None = None
    score_to: int | None = None
    reason: str = ""
    degraded: bool = False
    drawn: bool = False
    users: tuple[int, ...] | None = None
    things: tuple[int, ...] | None = None
    thing_kind: str = ""
    clients: tuple[int, ...] | None = None
    start: datetime | None = None
    end: datetime | None = None
    before: UUID | None = None

    @property
    def nobody(self) -> bool:
        """Whether somebody is asked for whom we have never seen."""
        return () in (self.users, self.things, self.clients)


@dataclass(frozen=True, slots=True)
class Row:
    """One decision of the stream with the act that it judged."""

    id: UUID
    at: datetime
    checkpoint: str
    outcome: str
    score: int
    band: int
    reasons: list[str]
    degraded: bool
    drawn: bool
    took_us: int
    kind: str
    amount_usd: Any
    user_id: int | None
    device_id: int | None
    ip_id: int | None
    counterparty_id: int | None
    client_id: int | None
    side: str | None
    reviewed: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, and how to go on: `cursor` for the next page, `looked_back_to` where the walk ended."""

    rows: list[Row] = field(default_factory=list)
    cursor: UUID | None = None
    looked_back_to: datetime | None = None


def page(wanted: Wanted) -> Page:
    """Return one page of the stream: one statement."""
    if wanted.nobody:
        return Page()
    where, more = _where(wanted)
    if wanted.users is not None or wanted.things is not None:
        scan, params = _by_person(wanted, EACH if where else ALONE)
    else:
        # The partial index brings noteworthy outcomes alone; allowed ones are looked for.
        exact = not where or (where == OF_OUTCOME and "ALLOW" not in wanted.outcomes)
        scan, params = _by_time(wanted, STROLL if exact else WALK)
    found = _rows(
        f"""WITH scanned AS MATERIALIZED ({scan}),
        edge AS (SELECT max(horizon::text)::uuid AS horizon FROM scanned WHERE horizon IS NOT NULL)
        SELECT edge.horizon, r.* FROM edge LEFT JOIN LATERAL (
          SELECT d.id, d.at, d.checkpoint, d.outcome, d.score, d.band, d.reasons, d.degraded,
                 d.drawn, d.took_us, e.kind, e.amount_usd, e.user_id, e.device_id, e.ip_id,
                 e.counterparty_id, e.client_id, e.data->>'side',
                 (SELECT s.outcome FROM risk_decision s
                  WHERE s.supersedes = d.id AND s.id > d.id ORDER BY s.id DESC LIMIT 1)
          FROM scanned
          JOIN risk_decision d ON d.id = scanned.id AND d.maker = 'ENGINE'
          JOIN events_event e ON e.id = scanned.id
          WHERE (edge.horizon IS NULL OR scanned.id >= edge.horizon){where}
          ORDER BY scanned.id DESC LIMIT {PAGE + 1}
        ) r ON true""",
        [*params, *more],
    )
    horizon = found[0][0]
    rows = [Row(*one[1:]) for one in found if one[1] is not None]
    if len(rows) > PAGE:
        return Page(rows[:PAGE], rows[PAGE - 1].id)
    if horizon is not None:
        return Page(rows, horizon, time_of(horizon))
    return Page(rows)


def _bounds(wanted: Wanted) -> tuple[UUID, UUID]:
    """Return the range of ids that is asked for: from, before."""
    before = wanted.before or LAST
    if wanted.end is not None:
        before = min(before, uuid7_floor(wanted.end))
    start = uuid7_floor(wanted.start) if wanted.start else UUID(int=0)
    return start, before


def _by_time(wanted: Wanted, walk: int) -> tuple[str, list[Any]]:
    """Walk the newest decisions; `horizon` is the oldest of a walk that was cut off."""
    start, before = _bounds(wanted)
    chosen = wanted.outcomes
    if chosen and "ALLOW" not in chosen:
        # One walk down the partial index for each outcome, merged.
        walks = " UNION ALL ".join(
            f"(SELECT id FROM risk_decision WHERE outcome = '{outcome}' AND outcome <> 'ALLOW'"
            f" AND id >= %s AND id < %s ORDER BY id DESC LIMIT {walk})"
            for outcome in NOTEWORTHY
            if outcome in chosen
        )
        inner = f"SELECT id FROM ({walks}) w ORDER BY id DESC LIMIT {walk}"
        params: list[Any] = [start, before] * sum(outcome in chosen for outcome in NOTEWORTHY)
    else:
        inner = (
            f"SELECT id FROM risk_decision WHERE id >= %s AND id < %s ORDER BY id DESC LIMIT {walk}"
        )
        params = [start, before]
    return (
        f"SELECT id, CASE WHEN row_number() OVER (ORDER BY id DESC) = {walk} THEN id END AS horizon"
        f" FROM ({inner}) walked",
        params,
    )


def _by_person(wanted: Wanted, each: int) -> tuple[str, list[Any]]:
    """Walk the newest events of the persons asked for, or of those who used the thing."""
    start, before = _bounds(wanted)
    persons = wanted.users
    if persons is None:
        persons = users_of(wanted.thing_kind, wanted.things or ())
    return newest_of(persons, each=each, start=start, before=before)


def users_of(kind: str, things: Sequence[int]) -> tuple[int, ...]:
    """Return the persons seen last with any of these devices, addresses or accounts: one query."""
    found = _rows(
        "SELECT DISTINCT g.b FROM unnest(%s::bigint[]) AS t(id) CROSS JOIN LATERAL "
        "(SELECT b FROM risk_link WHERE a = t.id AND relation = %s"
        f" ORDER BY hour DESC LIMIT {PERSONS}) g",
        [list(things), USERS_OF[kind]],
    )
    return tuple(user for (user,) in found[:PERSONS])


def newest_of(
    persons: Sequence[int], *, each: int, start: UUID, before: UUID
) -> tuple[str, list[Any]]:
    """Return SQL for the ids of the persons' newest events, and the horizon of whoever has more.

    One branch a person, with the person as a constant: only so does the planner know who has a
    hundred thousand events, and walks the index instead of sorting them.
    """
    if not persons:
        return "SELECT NULL::uuid AS id, NULL::uuid AS horizon WHERE false", []
    branches = " UNION ALL ".join(
        f"(SELECT id, CASE WHEN row_number() OVER (ORDER BY id DESC) = {each} THEN id END"
        " AS horizon FROM (SELECT id FROM events_event WHERE user_id = %s AND id >= %s AND id < %s"
        f" ORDER BY id DESC LIMIT {each}) newest)"
        for _ in persons
    )
    params = [value for person in persons for value in (person, start, before)]
    return branches, params


def _where(wanted: Wanted) -> tuple[str, list[Any]]:
    tests: list[tuple[str, Any]] = []
    if wanted.outcomes:
        tests.append((OF_OUTCOME.removeprefix(" AND "), list(wanted.outcomes)))
    if wanted.checkpoints:
        tests.append(("d.checkpoint = ANY(%s)", list(wanted.checkpoints)))
    if wanted.score_from is not None:
        tests.append(("d.score >= %s", wanted.score_from))
    if wanted.score_to is not None:
        tests.append(("d.score <= %s", wanted.score_to))
    if wanted.reason:
        tests.append(("d.reasons @> ARRAY[%s]", wanted.reason))
    if wanted.things is not None:
        # Only known words reach the statement's text.
        column = {kind: f"{kind}_id" for kind in USERS_OF}[wanted.thing_kind]
        tests.append((f"e.{column} = ANY(%s)", list(wanted.things)))
    if wanted.clients is not None:
        tests.append(("e.client_id = ANY(%s)", list(wanted.clients)))
    text = "".join(f" AND {test}" for test, _ in tests)
    if wanted.degraded:
        text += " AND d.degraded"
    if wanted.drawn:
        text += " AND d.drawn"
    return text, [value for _, value in tests]


def entities_of(rows: Sequence[Row]) -> dict[int, Entity]:
    """Return every entity that the rows name, by id: one query."""
    ids = {
        id
        for row in rows
        for id in (row.user_id, row.device_id, row.ip_id, row.counterparty_id, row.client_id)
        if id is not None
    }
    return Entity.objects.in_bulk(ids)


def _rows(statement: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall()
