"""What is known of one entity: its links, its totals, how near it is to a ban, what binds it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q

from apps.console import wording
from apps.console.trend import Move, Trend, of_decision, trend
from apps.events.models import Entity
from apps.restrictions.models import Restriction
from apps.risk import live
from apps.risk.models import ListEntry, Policy, PolicyStatus, Standing, StandingMove
from apps.risk.standing import decayed
from apps.risk.velocity.streams import RELATIONS, STREAM_BY_NUMBER
from apps.risk.vocabulary import KIND_OF_ROLE

#: So many partners of each kind are shown, and so many are counted.
SHOWN = 12
COUNTED = 200
DECISIONS = 200

LINKS = f"""
SELECT r.relation, e.b, e.n, e.first_at, e.last_at, e.place
FROM unnest(%s::smallint[]) AS r(relation)
CROSS JOIN LATERAL (
  SELECT g.b, g.n, g.first_at, g.last_at, row_number() OVER (ORDER BY g.hour DESC, g.last_at DESC)
    AS place
  FROM (SELECT * FROM risk_link WHERE a = %s AND relation = r.relation
        ORDER BY hour DESC LIMIT {COUNTED}) g
) e
ORDER BY r.relation, e.place
"""
TOTALS = """
SELECT h.stream, h.n, h.cents, h.peak, h.first_at, h.last_at,
       (SELECT array_agg(coalesce(p.n, h.base_n) ORDER BY w.at DESC)
        FROM unnest(%s::timestamptz[]) AS w(at) LEFT JOIN LATERAL (
          SELECT n FROM risk_point p WHERE p.entity = h.entity AND p.stream = h.stream
          AND p.at <= w.at ORDER BY p.at DESC, p.n DESC LIMIT 1) p ON true)
FROM risk_head h WHERE h.entity = %s ORDER BY h.stream
"""
WINDOWS = (timedelta(hours=1), timedelta(days=1), timedelta(days=7), timedelta(days=30))
PATH = """
WITH RECURSIVE path AS (
  SELECT entity, hops, via, 0 AS step FROM risk_proximity WHERE entity = %s
  UNION ALL
  SELECT x.entity, x.hops, x.via, path.step + 1 FROM path
  JOIN risk_proximity x ON x.entity = path.via AND x.hops < path.hops
  WHERE path.step < 6
)
SELECT p.entity, p.hops FROM path p ORDER BY p.step
"""
OF_USER = f"""
SELECT d.id, d.at, d.outcome, d.score, d.standing, d.moved, d.reasons
FROM (SELECT id FROM events_event WHERE user_id = %s ORDER BY id DESC LIMIT 2000) e
JOIN risk_decision d ON d.id = e.id AND d.maker = 'ENGINE' AND NOT d.degraded
ORDER BY e.id DESC LIMIT {DECISIONS}
"""


@dataclass(frozen=True, slots=True)
class Link:
    """A partner seen with the entity."""

    partner: int
    n: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Links:
    """The partners of one kind, the newest first; `count` stops at COUNTED."""

    name: str
    links: list[Link]
    count: int

    @property
    def counted(self) -> str:
        """The number of partners as it is shown."""
        return f"{COUNTED - 1}+" if self.count >= COUNTED else str(self.count)


@dataclass(frozen=True, slots=True)
class Total:
    """One stream of an entity: how often, how much, ever and lately."""

    name: str
    doc: str
    n: int
    usd: float
    peak: float
    first_at: datetime
    last_at: datetime
    lately: list[int]


@dataclass(frozen=True, slots=True)
class Score:
    """A user's dynamic risk score now, and how it came to be."""

    now: float
    band: int
    stored: float
    floor: int
    half_life_hours: float
    trend: Trend | None
    movers: list[Move]
    month_ago: float | None


def links_of(entity: Entity) -> list[Links]:
    """Return whom and what the entity was seen with, by kind: one query."""
    wanted = [r for r in RELATIONS if KIND_OF_ROLE[r.a] == entity.kind]
    if not wanted:
        return []
    found: dict[int, list[Link]] = {r.number: [] for r in wanted}
    counts = dict.fromkeys(found, 0)
    for relation, partner, n, first_at, last_at, place in _rows(
        LINKS, [[r.number for r in wanted], entity.id]
    ):
        counts[relation] = max(counts[relation], place)
        if place <= SHOWN:
            found[relation].append(Link(partner, n, first_at, last_at))
    return [Links(wording.LINK_NAMES[r.name], found[r.number], counts[r.number]) for r in wanted]


def totals_of(entity: Entity, *, at: datetime) -> list[Total]:
    """Return what is counted for the entity, ever and in the last hour, day, week and month."""
    moments = [at - window for window in WINDOWS]
    found = []
    for stream, n, cents, peak, first_at, last_at, before in _rows(TOTALS, [moments, entity.id]):
        known = STREAM_BY_NUMBER.get(stream)
        windowed = known is not None and known.windowed
        lately = [
            n - then if first_at <= moment else n
            for then, moment in zip(before or [], moments, strict=False)
            if windowed
        ]
        found.append(
            Total(
                name=known.name if known else str(stream),
                doc=known.doc if known else "a stream that is kept no more",
                n=n,
                usd=cents / 100,
                peak=peak / 100,
                first_at=first_at,
                last_at=last_at,
                lately=lately,
            )
        )
    return found


def hours_of(totals: list[Total]) -> list[tuple[str, int, int]]:
    """Return when a user acts: for each three hours of the day the count, and its share."""
    counts = {t.name: t.n for t in totals if t.name.startswith("band")}
    most = max([1, *counts.values()])
    found = []
    for band in range(8):
        n = counts.get(f"band{band}", 0)
        found.append((f"{3 * band:02d}", n, round(100 * n / most)))
    return found if counts else []


def path_of(entity: Entity) -> list[tuple[int, int]]:
    """Return the shortest known path to a ban: (entity, links still to go), itself first."""
    return [(id, hops) for id, hops in _rows(PATH, [entity.id])]


def score_of(entity: Entity, *, at: datetime) -> Score | None:
    """Return a user's dynamic score, decayed to now, and what moved it; None without any."""
    standing = Standing.objects.filter(pk=entity.id).first()
    if standing is None:
        return None
    policy = Policy.objects.filter(status=PolicyStatus.LIVE).values_list("pk", flat=True).first()
    settings = live.compiled(policy).settings if policy else None
    half_life = settings.standing.half_life_hours if settings else 168.0
    names = ("id", "at", "outcome", "score", "standing", "moved", "reasons")
    moves = [of_decision(dict(zip(names, row, strict=True))) for row in _rows(OF_USER, [entity.id])]
    moves += [
        Move(at=m.at, value=m.value, moved=m.moved, reason=m.reason)
        for m in StandingMove.objects.filter(user=entity).order_by("-id")[:50]
    ]

    def after(value: float, since: datetime, moment: datetime) -> float:
        return decayed(
            value=value,
            floor=standing.floor,
            since_s=(moment - since).total_seconds(),
            half_life_hours=half_life,
        )

    now = after(standing.value, standing.at, at)
    then = at - timedelta(days=30)
    earlier = max((m for m in moves if m.at <= then), key=lambda m: m.at, default=None)
    edges = settings.bands if settings else (200, 400, 600, 800)
    return Score(
        now=now,
        band=sum(now >= edge for edge in edges),
        stored=standing.value,
        floor=standing.floor,
        half_life_hours=half_life,
        trend=trend(moves, floor=standing.floor, half_life_hours=half_life, now=at),
        movers=sorted(moves, key=lambda m: -abs(m.moved))[:8],
        month_ago=after(earlier.value, earlier.at, then) if earlier else None,
    )


def restrictions_of(entity: Entity, *, at: datetime) -> tuple[list[Restriction], list[Restriction]]:
    """Return what binds the entity now, and what bound it before (the newest 50): one query."""
    rows = list(
        Restriction.objects.select_related("lifted_by")
        .filter(subject=entity)
        .order_by("-imposed_at", "-id")[:100]
    )
    live_now = [r for r in rows if r.lifted_at is None and (r.until is None or r.until > at)]
    return live_now, [r for r in rows if r not in live_now][:50]


def lists_of(entity: Entity, *, at: datetime) -> list[ListEntry]:
    """Return the lists on which the entity stands now."""
    return list(
        ListEntry.objects.select_related("added_by")
        .filter(Q(valid_to=None) | Q(valid_to__gt=at), entity=entity, valid_from__lte=at)
        .order_by("list")
    )


def _rows(statement: str, params: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall()
