"""The one read: a plan of inputs becomes one statement, whatever their number.

Every part yields the same columns (tag, i, j, eight floats, a text), so that one UNION ALL brings
heads, window tails, links, distincts, bans nearby, lists, restrictions, the live policy, the user's
standing and an earlier answer in a single round trip. Windows are constants in its text.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from apps.core.statement import Statement
from apps.events.act import Act
from apps.risk.velocity.inputs import (
    DISTINCT_CAP,
    WINDOWS,
    Distinct,
    Hops,
    Input,
    Link,
    Listed,
    Velocity,
    parse,
)
from apps.risk.velocity.streams import LINKS, RELATIONS
from apps.risk.vocabulary import ROLES

NAN = math.nan
HEAD, TAIL, LINK, DISTINCT, HOPS, LISTED, RESTRICTION, POLICY, STANDING, ANSWER, SNOOZE = range(
    1, 12
)
_ROLE_AT: dict[str, int] = {role: at for at, role in enumerate(ROLES, 1)}
_WINDOW_AT = {window: at for at, window in enumerate(WINDOWS)}
#: Windows of distincts, each its own column of the one pass over a link's newest partners.
_DISTINCT_WINDOWS = ("1h", "24h", "7d", "30d", "90d")

_SQL = """
WITH h AS MATERIALIZED (
  SELECT u.i, h.* FROM unnest(:entities::bigint[]) WITH ORDINALITY AS u(entity, i)
  JOIN risk_head h ON h.entity = u.entity
)
SELECT 1 AS tag, h.i::int AS i, h.stream::int AS j, h.n::float8 AS a, h.cents::float8 AS b,
       h.squares AS c, h.peak::float8 AS d, date_part('epoch', h.first_at) AS e,
       date_part('epoch', h.last_at) AS f, h.lat AS g, h.lon AS k, NULL::text AS t
FROM h
UNION ALL
SELECT 2, h.i::int, h.stream * 100 + w.w, coalesce(p.n, h.base_n), coalesce(p.cents, h.base_cents),
       coalesce(p.squares, h.base_squares), 0, 0, 0, 0, 0, NULL
FROM (VALUES {windows}) AS w(i, stream, w, back)
JOIN h ON h.i = w.i AND h.stream = w.stream
      AND h.last_at > :at::timestamptz - w.back AND h.first_at <= :at::timestamptz - w.back
LEFT JOIN LATERAL (
  SELECT p.n, p.cents, p.squares FROM risk_point p
  WHERE p.entity = h.entity AND p.stream = h.stream AND p.at <= :at::timestamptz - w.back
  ORDER BY p.at DESC, p.n DESC LIMIT 1
) p ON true
UNION ALL
SELECT 3, l.relation, 0, e.n, date_part('epoch', e.first_at), date_part('epoch', e.last_at),
       0, 0, 0, 0, 0, NULL
FROM unnest(:link_a::bigint[], :link_relation::smallint[], :link_b::bigint[])
     AS l(a, relation, b)
JOIN risk_edge e ON e.a = l.a AND e.relation = l.relation AND e.b = l.b
UNION ALL
SELECT 4, l.relation, 0, {distincts}, 0, 0, 0, NULL
FROM unnest(:from_a::bigint[], :from_relation::smallint[], :from_hour::int[])
     AS l(a, relation, oldest)
CROSS JOIN LATERAL (
  SELECT e.last_at FROM risk_edge e
  WHERE e.a = l.a AND e.relation = l.relation AND e.hour >= l.oldest
  ORDER BY e.hour DESC, e.last_at DESC LIMIT {cap}
) e
GROUP BY l.relation
UNION ALL
SELECT 4, l.relation, 0, {distincts}, 0, 0, 0, NULL
FROM unnest(:back_b::bigint[], :back_relation::int[], :back_hour::int[])
     AS l(b, relation, oldest)
CROSS JOIN LATERAL (
  SELECT e.last_at FROM risk_edge e
  WHERE e.b = l.b AND e.relation + 1 = l.relation AND e.hour >= l.oldest
  ORDER BY e.hour DESC, e.last_at DESC LIMIT {cap}
) e
GROUP BY l.relation
UNION ALL
SELECT 5, u.i::int, 0, p.hops, 0, 0, 0, 0, 0, 0, 0, NULL
FROM unnest(:entities::bigint[]) WITH ORDINALITY AS u(entity, i)
JOIN risk_proximity p ON p.entity = u.entity
UNION ALL
SELECT 6, u.i::int, 0, 0, 0, 0, 0, 0, 0, 0, 0, l.list
FROM unnest(:entities::bigint[]) WITH ORDINALITY AS u(entity, i)
JOIN risk_listentry l ON l.entity_id = u.entity
     AND l.valid_from <= :at::timestamptz
     AND (l.valid_to IS NULL OR l.valid_to > :at::timestamptz)
UNION ALL
SELECT 7, u.i::int, 0, r.cap_usd, date_part('epoch', r.until), 0, 0, 0, 0, 0, 0,
       r.ability || ' ' || r.kind || ' ' || r.reason
FROM unnest(:entities::bigint[]) WITH ORDINALITY AS u(entity, i)
JOIN restrictions_restriction r ON r.subject_id = u.entity AND r.lifted_at IS NULL
     AND (r.until IS NULL OR r.until > :at::timestamptz)
UNION ALL
SELECT 8, 0, 0, p.id, 0, 0, 0, 0, 0, 0, 0, NULL FROM risk_policy p WHERE p.status = 'LIVE'
UNION ALL
SELECT 9, 0, 0, s.value, date_part('epoch', s.at), s.floor, 0, 0, 0, 0, 0, NULL
FROM risk_standing s WHERE s.user_id = :user::bigint
UNION ALL
SELECT 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, k.event || ' ' || encode(k.digest, 'hex')
FROM events_ingestkey k WHERE k.client = :client::bigint AND k.ref = :ref::text
UNION ALL
SELECT 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, z.code
FROM risk_snooze z WHERE z.since <= :at::timestamptz AND z.until > :at::timestamptz
"""

Row = tuple[int, int, int, float, float, float, float, float, float, float, float, str | None]


@dataclass(frozen=True, slots=True)
class Found:
    """What the read brought, sorted by part. Times are seconds since the epoch."""

    heads: dict[tuple[int, int], Row]
    tails: dict[tuple[int, int], Row]
    links: dict[int, Row]
    distincts: dict[int, Row]
    hops: dict[int, float]
    listed: set[tuple[int, str]]
    restrictions: list[tuple[str, str, str, str, float | None, float | None]]
    policy: int | None
    standing: tuple[float, float, float] | None
    answer: tuple[str, str] | None
    snoozed: frozenset[str] = frozenset()


class Plan:
    """The inputs wanted, compiled: the statement that fetches them and how to take each out."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.inputs: tuple[Input, ...] = tuple(parse(name) for name in self.names)
        wanted = sorted(
            {
                (_ROLE_AT[item.role], item.stream.number, _WINDOW_AT[item.window], item.window)
                for item in self.inputs
                if isinstance(item, Velocity) and item.window
            }
        )
        windows = ", ".join(
            f"({role}, {stream}, {at}, interval '{WINDOWS[window]} seconds')"
            for role, stream, at, window in wanted
        )
        distincts = ", ".join(
            f"count(*) FILTER (WHERE e.last_at > "
            f":at::timestamptz - interval '{WINDOWS[window]} seconds')"
            for window in _DISTINCT_WINDOWS
        )
        self.statement = Statement(
            _SQL.format(windows=windows, distincts=distincts, cap=DISTINCT_CAP)
        )
        self.froms = [
            relation
            for relation in RELATIONS
            if any(isinstance(item, Distinct) and item.relation == relation for item in self.inputs)
        ]
        #: Seconds that the longest window of each link reaches back: older partners stay unread.
        self.reach = {
            relation: max(
                WINDOWS[item.window]
                for item in self.inputs
                if isinstance(item, Distinct) and item.relation == relation
            )
            for relation in self.froms
        }
        self._take = [_taker(item) for item in self.inputs]

    def params(self, act: Act) -> dict[str, Any]:
        """Return the statement's parameters."""
        ids = act.ids
        now = int(act.at.timestamp())
        # Every link that the act could make is looked up: the write wants to know which exist.
        links = [r for r in LINKS if r.a in ids and r.b in ids]
        froms = [r for r in self.froms if r.a in ids and r.is_stored]
        backs = [r for r in self.froms if r.a in ids and not r.is_stored]
        return {
            "at": act.at,
            "entities": [ids.get(role, 0) for role in ROLES],
            "link_a": [ids[r.a] for r in links],
            "link_relation": [r.number for r in links],
            "link_b": [ids[r.b] for r in links],
            "from_a": [ids[r.a] for r in froms],
            "from_relation": [r.number for r in froms],
            "from_hour": [(now - self.reach[r]) // 3600 for r in froms],
            "back_b": [ids[r.a] for r in backs],
            "back_relation": [r.number for r in backs],
            "back_hour": [(now - self.reach[r]) // 3600 for r in backs],
            "user": ids.get("user", 0),
            "client": act.client.id if act.client else 0,
            "ref": act.ref or "",
        }

    def values(self, *, found: Found, act: Act) -> list[float]:
        """Return the value of each velocity input, in the order of `names` (facts: NaN)."""
        now = act.at.timestamp()
        present = {_ROLE_AT[role] for role in act.ids}
        return [take(found, now, present) for take in self._take]


def sort_rows(rows: Sequence[Row]) -> Found:
    """Sort the statement's rows by part."""
    found = Found({}, {}, {}, {}, {}, set(), [], None, None, None)
    heads, tails = found.heads, found.tails
    policy: int | None = None
    standing: tuple[float, float, float] | None = None
    answer: tuple[str, str] | None = None
    snoozed: set[str] = set()
    for row in rows:
        tag = row[0]
        if tag == HEAD:
            heads[row[1], row[2]] = row
        elif tag == TAIL:
            tails[row[1], row[2]] = row
        elif tag == LINK:
            found.links[row[1]] = row
        elif tag == DISTINCT:
            found.distincts[row[1]] = row
        elif tag == HOPS:
            found.hops[row[1]] = row[3]
        elif tag == LISTED:
            found.listed.add((row[1], row[11] or ""))
        elif tag == RESTRICTION:
            ability, kind, reason = (row[11] or "").split(" ", 2)
            found.restrictions.append((ROLES[row[1] - 1], ability, kind, reason, row[3], row[4]))
        elif tag == POLICY:
            policy = int(row[3])
        elif tag == STANDING:
            standing = (row[3], row[4], row[5])
        elif tag == ANSWER:
            event, digest = (row[11] or "").split(" ", 1)
            answer = (event, digest)
        elif tag == SNOOZE:
            snoozed.add(row[11] or "")
    return Found(
        heads,
        tails,
        found.links,
        found.distincts,
        found.hops,
        found.listed,
        found.restrictions,
        policy,
        standing,
        answer,
        frozenset(snoozed),
    )


Taker = Callable[[Found, float, set[int]], float]


def _taker(item: Input) -> Taker:
    if isinstance(item, Velocity):
        return _velocity_taker(item)
    if isinstance(item, Distinct):
        number, column = item.relation.number, 3 + _DISTINCT_WINDOWS.index(item.window)
        a = _ROLE_AT[item.relation.a]

        def distinct(found: Found, now: float, present: set[int]) -> float:
            row = found.distincts.get(number)
            return row[column] if row else (0.0 if a in present else NAN)  # type: ignore[return-value]

        return distinct
    if isinstance(item, Link):
        return _link_taker(item)
    if isinstance(item, Hops):
        at = _ROLE_AT[item.role]
        return lambda found, now, present: found.hops.get(at, NAN)
    if isinstance(item, Listed):
        key = (_ROLE_AT[item.role], item.list)
        return lambda found, now, present: float(key in found.listed) if key[0] in present else NAN
    return lambda found, now, present: NAN


def _link_taker(item: Link) -> Taker:
    number, what = item.relation.number, item.what
    ends = {_ROLE_AT[item.relation.a], _ROLE_AT[item.relation.b]}

    def link(found: Found, now: float, present: set[int]) -> float:
        row = found.links.get(number)
        if row is None:
            return NAN if what == "idle" or not ends <= present else 0.0
        if what == "n":
            return row[3]
        return max(0.0, now - (row[4] if what == "age" else row[5])) / 3600

    return link


def _velocity_taker(item: Velocity) -> Taker:
    role, what = _ROLE_AT[item.role], item.what
    key = (role, item.stream.number)
    tail_key = (role, item.stream.number * 100 + _WINDOW_AT[item.window]) if item.window else None
    back = WINDOWS[item.window] if item.window else 0

    def sums(found: Found, now: float) -> tuple[float, float, float]:
        head = found.heads.get(key)
        if head is None:
            return 0.0, 0.0, 0.0
        if tail_key is None:
            return head[3], head[4], head[5]
        if head[8] <= now - back:
            return 0.0, 0.0, 0.0
        tail = found.tails.get(tail_key)
        if tail is None:
            return head[3], head[4], head[5]
        return head[3] - tail[3], head[4] - tail[4], head[5] - tail[5]

    if what == "n":
        return lambda found, now, present: sums(found, now)[0] if role in present else NAN
    if what == "usd":
        return lambda found, now, present: sums(found, now)[1] / 100 if role in present else NAN
    if what in ("avg", "sd"):

        def moment(found: Found, now: float, present: set[int]) -> float:
            return spread(what, *sums(found, now))

        return moment

    def head_only(found: Found, now: float, present: set[int]) -> float:
        head = found.heads.get(key)
        if head is None:
            return 0.0 if what in ("age", "peak") and role in present else NAN
        if what == "age":
            return max(0.0, now - head[7]) / 3600
        if what == "idle":
            return max(0.0, now - head[8]) / 3600
        if what == "peak":
            return head[6] / 100
        place = head[9] if what == "lat" else head[10]
        return NAN if place is None else place

    return head_only


def spread(what: str, n: float, cents: float, squares: float) -> float:
    """Return the mean or the standard deviation in USD of `n` amounts; NaN when too few."""
    if n < (1 if what == "avg" else 2):
        return NAN
    mean = cents / 100 / n
    if what == "avg":
        return mean
    return math.sqrt(max(0.0, squares / n - mean * mean))
