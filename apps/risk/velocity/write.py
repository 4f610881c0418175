"""The part of the one write that counts an act: heads, points and edges, each touched in key order.

Shared entities (a hot address, a counterparty) are locked here alone, and this is the last
statement before commit: two acts on one of them wait for a few hundred microseconds, not for a
whole decision. Where the read has shown that every head and link is there already, they are
updated; where something is new, they are upserted, which costs more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from apps.events.act import Act
from apps.risk.rules import compile_rows
from apps.risk.velocity.predicates import NAMES, WHEN, row_of
from apps.risk.velocity.read import Found
from apps.risk.velocity.streams import LINKS, STREAMS, Relation, Stream
from apps.risk.vocabulary import ROLES

_POINTS = """pt AS (
  INSERT INTO risk_point (entity, stream, at, n, cents, squares)
  SELECT entity, stream, last_at, n, cents, squares FROM hd WHERE stream <> ALL ({lifelong})
)""".format(lifelong="'{" + ",".join(str(s.number) for s in STREAMS if not s.windowed) + "}'")

#: Where every head and link exists.
KNOWN_PARTS = (
    """hd AS (
  UPDATE risk_head h SET
    n = h.n + 1, cents = h.cents + :cents::bigint,
    squares = h.squares + :usd::float8 * :usd::float8, peak = greatest(h.peak, :cents::bigint),
    last_at = greatest(h.last_at, :at::timestamptz),
    lat = coalesce(w.lat, h.lat), lon = coalesce(w.lon, h.lon)
  FROM unnest(:w_entity::bigint[], :w_stream::smallint[], :w_lat::float8[], :w_lon::float8[])
       AS w(entity, stream, lat, lon)
  WHERE h.entity = w.entity AND h.stream = w.stream
  RETURNING h.entity, h.stream, h.last_at, h.n, h.cents, h.squares
)""",
    _POINTS,
    """eg AS (
  UPDATE risk_edge g SET n = g.n + 1, last_at = greatest(g.last_at, :at::timestamptz),
    hour = greatest(g.hour, :hour::int)
  FROM unnest(:e_a::bigint[], :e_relation::smallint[], :e_b::bigint[]) AS l(a, relation, b)
  WHERE g.a = l.a AND g.relation = l.relation AND g.b = l.b
  RETURNING 1
)""",
)

#: Where something may be new.
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
    _POINTS,
    """eg AS (
  INSERT INTO risk_edge AS g (a, relation, b, n, first_at, last_at, hour)
  SELECT l.a, l.relation, l.b, 1, :at::timestamptz, :at::timestamptz, :hour::int
  FROM unnest(:e_a::bigint[], :e_relation::smallint[], :e_b::bigint[]) AS l(a, relation, b)
  ORDER BY l.a, l.relation, l.b
  ON CONFLICT (a, relation, b) DO UPDATE SET
    n = g.n + 1, last_at = greatest(g.last_at, excluded.last_at),
    hour = greatest(g.hour, excluded.hour)
  RETURNING 1
)""",
)


@dataclass(frozen=True, slots=True)
class Touched:
    """What an act touches: heads as (entity, stream), links as (a, relation, b), in key order."""

    heads: list[tuple[int, Stream]]
    links: list[tuple[int, int, int]]


def touch(act: Act, facts: Mapping[str, float | str | None]) -> Touched:
    """Return the heads and links that an act touches, sorted: everybody locks in this order."""
    ids = act.ids
    roles = frozenset(ids)
    heads = [(ids[s.role], s) for s in touched(act.kind, roles, facts)]
    links = [(ids[r.a], r.number, ids[r.b]) for r in linked(act.kind, roles)]
    return Touched(sorted(heads, key=lambda head: (head[0], head[1].number)), sorted(links))


def is_known(act: Act, *, what: Touched, found: Found | None) -> bool:
    """Return whether the read saw every head, link and entity that the act touches."""
    if found is None:
        return False
    ids = act.ids
    seen = {role for at, role in enumerate(ROLES, 1) if any(i == at for i, _ in found.heads)}
    place = {ids[role]: at for at, role in enumerate(ROLES, 1) if role in ids}
    return (
        all((place[entity], stream.number) in found.heads for entity, stream in what.heads)
        and all(number in found.links for _, number, _ in what.links)
        and seen >= {role for role in ("user", "cp", "device", "ip") if role in ids}
    )


def params(act: Act, what: Touched) -> dict[str, Any]:
    """Return the parameters of PARTS and KNOWN_PARTS."""
    place = (act.data.get("lat"), act.data.get("lon"))
    return {
        "cents": int((act.amount_usd or 0) * 100),
        "usd": float(act.amount_usd or 0),
        "hour": int(act.at.timestamp()) // 3600,
        "w_entity": [entity for entity, _ in what.heads],
        "w_stream": [stream.number for _, stream in what.heads],
        "w_lat": [place[0] if s.name == "located" else None for _, s in what.heads],
        "w_lon": [place[1] if s.name == "located" else None for _, s in what.heads],
        "e_a": [a for a, _, _ in what.links],
        "e_relation": [relation for _, relation, _ in what.links],
        "e_b": [b for _, _, b in what.links],
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
        r for r in LINKS if r.a in roles and r.b in roles and (r.kinds is None or kind in r.kinds)
    ]
