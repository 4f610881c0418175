"""The part of the one write that counts an act: heads, points and edges, each touched in key order.

Shared entities (a hot address, a counterparty) are locked here alone, and this is the last
statement before commit: two acts on one of them wait for a few hundred microseconds, not for a
whole decision.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from apps.events.act import Act
from apps.risk.rules import compile_rows
from apps.risk.velocity.predicates import NAMES, WHEN, row_of
from apps.risk.velocity.streams import RELATIONS, STREAMS, Relation, Stream

PARTS = (
    """hd AS (
  INSERT INTO risk_head AS h (entity, stream, n, cents, squares, peak, first_at, last_at, lat, lon)
  SELECT w.entity, w.stream, 1, :cents::bigint, :usd::float8 * :usd::float8, :cents::bigint,
         :at::timestamptz, :at::timestamptz, w.lat, w.lon
  FROM unnest(:w_entity::bigint[], :w_stream::smallint[], :w_lat::float8[], :w_lon::float8[])
       AS w(entity, stream, lat, lon)
  ORDER BY w.entity, w.stream
  ON CONFLICT (entity, stream) DO UPDATE SET
    n = h.n + 1, cents = h.cents + excluded.cents, squares = h.squares + excluded.squares,
    peak = greatest(h.peak, excluded.peak), last_at = greatest(h.last_at, excluded.last_at),
    lat = coalesce(excluded.lat, h.lat), lon = coalesce(excluded.lon, h.lon)
  RETURNING h.entity, h.stream, h.last_at, h.n, h.cents, h.squares
)""",
    """pt AS (
  INSERT INTO risk_point (entity, stream, at, n, cents, squares)
  SELECT entity, stream, last_at, n, cents, squares FROM hd
)""",
    """eg AS (
  INSERT INTO risk_edge AS g (a, relation, b, n, first_at, last_at, hour)
  SELECT l.a, l.relation, l.b, 1, :at::timestamptz, :at::timestamptz, :hour::int
  FROM unnest(:e_a::bigint[], :e_relation::smallint[], :e_b::bigint[]) AS l(a, relation, b)
  ORDER BY l.a, l.relation, l.b
  ON CONFLICT (a, relation, b) DO UPDATE SET
    n = g.n + 1, last_at = greatest(g.last_at, excluded.last_at),
    hour = greatest(g.hour, excluded.hour)
)""",
)


def params(act: Act, facts: Mapping[str, float | str | None]) -> dict[str, Any]:
    """Return the parameters of PARTS: which heads and edges this act touches."""
    ids = act.ids
    streams = touched(act.kind, frozenset(ids), facts)
    relations = linked(act.kind, frozenset(ids))
    place = (act.data.get("lat"), act.data.get("lon"))
    usd = float(act.amount_usd or 0)
    return {
        "cents": int((act.amount_usd or 0) * 100),
        "usd": usd,
        "hour": int(act.at.timestamp()) // 3600,
        "w_entity": [ids[s.role] for s in streams],
        "w_stream": [s.number for s in streams],
        "w_lat": [place[0] if s.name == "located" else None for s in streams],
        "w_lon": [place[1] if s.name == "located" else None for s in streams],
        "e_a": [ids[r.a] for r in relations],
        "e_relation": [r.number for r in relations],
        "e_b": [ids[r.b] for r in relations],
    }


def touched(
    kind: str, roles: frozenset[str], facts: Mapping[str, float | str | None]
) -> list[Stream]:
    """Return the streams that count an act of this kind, with these roles and facts."""
    plain, conditional, judge = _candidates(kind, roles)
    if not conditional:
        return list(plain)
    states = judge(row_of(facts))
    return [*plain, *(s for s, state in zip(conditional, states, strict=True) if state == 1)]


@cache
def _candidates(kind: str, roles: frozenset[str]) -> tuple[list[Stream], list[Stream], Any]:
    found = [s for s in STREAMS if s.role in roles and (s.kinds is None or kind in s.kinds)]
    conditional = [s for s in found if s.when]
    judge = compile_rows([WHEN[s.number] for s in conditional], list(NAMES))
    return [s for s in found if not s.when], conditional, judge


@cache
def linked(kind: str, roles: frozenset[str]) -> list[Relation]:
    """Return the links that an act of this kind, with these roles, makes."""
    return [
        r
        for r in RELATIONS
        if r.a in roles and r.b in roles and (r.kinds is None or kind in r.kinds)
    ]
