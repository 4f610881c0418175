"""How near everybody is to a ban: breadth first over strong links, a bounded number of steps.

Strong links are devices, payment accounts and crypto addresses that people share. What a crowd
shares (an office's tablet, an exchange's deposit address) says nothing about any one of them, so
it is reached but not passed. Decisions keep nearness up to date as people act (apps.risk.record);
this module does it when a ban begins or ends.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from apps.core import sql
from apps.restrictions.models import Ability, Kind, Restriction
from apps.risk.record import MAX_HOPS
from apps.risk.velocity.streams import RELATION_BY_NAME

#: Which relation leads from whom to whom over a strong link.
STRONG = {
    RELATION_BY_NAME[name].number: kind
    for name, kind in (
        ("user_devices", "device"),
        ("device_users", "user"),
        ("user_accounts", "account"),
        ("account_users", "user"),
        ("user_addresses", "address"),
        ("address_users", "user"),
    )
}
#: More people than this at one thing are a crowd; of one person's things the newest are followed.
CROWD = 50
MAX_REACHED = 5_000
MAX_REACHED_BY_ALL = 200_000
CHUNK = 500

NEIGHBOURS = f"""
SELECT f.entity, r.relation, e.b
FROM unnest($1::bigint[]) AS f(entity)
CROSS JOIN unnest($2::smallint[]) AS r(relation)
CROSS JOIN LATERAL (
  SELECT g.b FROM risk_link g WHERE g.a = f.entity AND g.relation = r.relation
  ORDER BY g.hour DESC LIMIT {CROWD + 1}
) e
"""
NEARER = """
INSERT INTO risk_proximity AS x (entity, hops, via)
SELECT p.entity, p.hops, p.via
FROM unnest($1::bigint[], $2::smallint[], $3::bigint[]) AS p(entity, hops, via)
ORDER BY p.entity
ON CONFLICT (entity) DO UPDATE SET hops = excluded.hops, via = excluded.via
"""
# $1 one person, $2 others, $3 relations from a person to a thing; $4 so many things of each are
# looked at, newest first; more people than $5 at a thing are a crowd: it says nothing of them.
SHARED = """
SELECT o.entity FROM unnest($2::bigint[]) AS o(entity)
WHERE EXISTS (
  SELECT 1 FROM unnest($3::smallint[]) AS r(relation)
  CROSS JOIN LATERAL (
    SELECT g.b FROM risk_link g WHERE g.a = $1::bigint AND g.relation = r.relation
    ORDER BY g.hour DESC LIMIT $4::int
  ) mine
  WHERE EXISTS (SELECT 1 FROM risk_link t
                WHERE t.a = o.entity AND t.relation = r.relation AND t.b = mine.b)
    AND (SELECT count(*) FROM (SELECT 1 FROM risk_link c
         WHERE c.a = mine.b AND c.relation = r.relation + 1 LIMIT $5::int + 1) crowd) <= $5::int
)
"""
KNOWN = "SELECT entity FROM risk_proximity"
GONE = "DELETE FROM risk_proximity WHERE entity = ANY($1::bigint[])"


#: What two people share who are one, or near: few enough people at it to mean something.
SHARED_BY_FEW = 8
THINGS = tuple(
    RELATION_BY_NAME[name].number
    for name in ("user_devices", "user_accounts", "user_addresses", "user_ips")
)


@dataclass(frozen=True, slots=True)
class Near:
    """An entity, how many links from a ban it is, through which neighbour, and what it is."""

    entity: int
    hops: int
    via: int
    kind: str


def shared_with(*, entity: int, others: Sequence[int]) -> set[int]:
    """Which of these people share a device, account, crypto or network address with this one.

    One query; looks at the newest CROWD things of each sort, and at those of few people only.
    """
    if not others:
        return set()
    rows = sql.run(SHARED, [entity, list(others), list(THINGS), CROWD, SHARED_BY_FEW])
    return {other for (other,) in rows}


def spread(*, entity: int) -> list[Near]:
    """Record who is near a new ban and return them, nearest first; the banned itself comes first.

    Nobody comes out further from a ban than before.
    """
    reached = _reach([entity], limit=MAX_REACHED)
    _write(reached, only_nearer=True)
    return reached


def recompute() -> int:
    """Measure everybody's nearness anew from the bans in force; return how many are near one."""
    # Whoever a decision brings near while this runs stays: only what was there before may go.
    before = {entity for (entity,) in sql.run(KNOWN)}
    reached = _reach(sorted(banned()), limit=MAX_REACHED_BY_ALL)
    _write(reached, only_nearer=False)
    gone = sorted(before - {near.entity for near in reached})
    if gone:
        sql.run(GONE, [gone])
    return len(reached)


def banned() -> set[int]:
    """Return every entity that is denied everything without end."""
    return set(
        Restriction.objects.filter(
            kind=Kind.DENY, ability=Ability.ALL, until=None, lifted_at=None
        ).values_list("subject_id", flat=True)
    )


def _reach(sources: Iterable[int], *, limit: int) -> list[Near]:
    found = {source: Near(source, 0, source, "") for source in sources}
    frontier = list(found)
    for hops in range(1, MAX_HOPS + 1):
        nearer: dict[int, Near] = {}
        for start in range(0, len(frontier), CHUNK):
            for near in _neighbours(frontier[start : start + CHUNK], hops):
                if near.entity not in found and len(found) + len(nearer) < limit:
                    nearer.setdefault(near.entity, near)
        found |= nearer
        frontier = list(nearer)
        if not frontier:
            break
    return list(found.values())


def _neighbours(entities: list[int], hops: int) -> list[Near]:
    by_link: dict[tuple[int, int], list[int]] = {}
    for entity, relation, other in sql.run(NEIGHBOURS, [entities, list(STRONG)]):
        by_link.setdefault((entity, relation), []).append(other)
    return [
        Near(other, hops, entity, STRONG[relation])
        for (entity, relation), others in by_link.items()
        # Many people at one thing are a crowd; one person's many things are still that person's.
        if len(others) <= CROWD or STRONG[relation] != "user"
        for other in others[:CROWD]
    ]


def _write(reached: list[Near], *, only_nearer: bool) -> None:
    statement = NEARER + ("WHERE excluded.hops < x.hops" if only_nearer else "")
    for start in range(0, len(reached), CHUNK):
        part = reached[start : start + CHUNK]
        sql.run(
            statement,
            [[n.entity for n in part], [n.hops for n in part], [n.via for n in part]],
        )
