"""Where single events stand in the log: their digests, their seals, and what proves it.

The root of a seal is over the digests of all events of its batch (see seals), so the proof that an
event is under it is the list of those digests: others learn from it how many there were, no more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from apps.core import sql
from apps.core.ids import uuid7_floor
from apps.events.seals import DIGEST

#: A batch with more events is proven on request: its list would be megabytes.
MOST_DIGESTS = 4_096
#: Of all batches of one answer together, and events of one thing.
MOST_IN_ALL, MOST_EVENTS = 16_384, 300
MILLISECOND = timedelta(milliseconds=1)

_OF_THING = f"""
WITH found AS (
  SELECT e.* FROM unnest($1::uuid[], $2::uuid[]) AS span(since, until)
  JOIN events_event e ON e.user_id = ANY($3::bigint[]) AND e.id >= span.since AND e.id < span.until
  WHERE e.data->>$4::text = $5::text AND e.kind <> ALL($9::text[])
  UNION
  SELECT e.* FROM unnest($1::uuid[], $2::uuid[]) AS span(since, until)
  JOIN events_event e ON e.actor_id = ANY($8::bigint[])
    AND e.id >= span.since AND e.id < span.until
  WHERE e.data->>$4::text = $5::text AND e.kind <> ALL($9::text[])
  UNION
  SELECT e.* FROM events_event e WHERE e.id = ANY($6::uuid[])
)
SELECT id, at, kind, user_id, actor_id, {DIGEST}, CASE WHEN s.from_xid <= xid THEN s.seal END
FROM found LEFT JOIN LATERAL (
  SELECT id AS seal, from_xid FROM events_seal WHERE upto_xid > found.xid
  ORDER BY upto_xid LIMIT 1
) AS s ON true
ORDER BY id = ANY($6::uuid[]) DESC, id LIMIT $7::int
"""
_PROOFS = f"""
SELECT s.id, s.from_xid, s.upto_xid, s.count, s.root, s.previous, s.digest, s.sealed_at,
  CASE WHEN s.count <= $2::int THEN (
    SELECT array_agg(d ORDER BY event) FROM (
      SELECT id AS event, {DIGEST} AS d FROM events_event
      WHERE xid >= s.from_xid AND xid < s.upto_xid
    ) AS batch
  ) END
FROM events_seal s WHERE s.id = ANY($1::bigint[]) ORDER BY s.id
"""


@dataclass(frozen=True, slots=True)
class Place:
    """An event and where it stands: `seal` is None while it waits for the next one."""

    id: UUID
    at: datetime
    kind: str
    user: int | None
    actor: int | None
    digest: bytes
    seal: int | None


@dataclass(frozen=True, slots=True)
class Proof:
    """A seal, and the digests of its events; None where there are too many, or they are retired."""

    id: int
    from_xid: int
    upto_xid: int
    count: int
    root: bytes
    previous: bytes
    digest: bytes
    sealed_at: datetime
    events: list[bytes] | None


def events_of(
    *,
    kind: str,
    ref: str,
    people: Sequence[int],
    staff: Sequence[int],
    spans: Sequence[tuple[datetime, datetime]],
    also: Sequence[UUID] = (),
    but: Sequence[str] = (),
) -> list[Place]:
    """The events about a thing (`kind` and `ref` in their data) of these people, or by this staff.

    Within the spans of time, both ends included, and of no kind in `but`; before all others those
    named by `also`. Oldest first, at most MOST_EVENTS.
    """
    params = [
        [uuid7_floor(since) for since, _ in spans],
        [uuid7_floor(until + MILLISECOND) for _, until in spans],
        list(people),
        kind,
        ref,
        list(also),
        MOST_EVENTS,
        list(staff),
        list(but),
    ]
    rows = sql.run(_OF_THING, params, prepare=False)
    found = [
        Place(id, at, name, user, actor, bytes(digest), seal)
        for id, at, name, user, actor, digest, seal in rows
    ]
    return sorted(found, key=lambda place: place.id)


def proofs(seals: Sequence[int]) -> list[Proof]:
    """What proves these seals, oldest first; together at most MOST_IN_ALL digests."""
    left, found = MOST_IN_ALL, []
    for *head, digests in sql.run(_PROOFS, [list(seals), MOST_DIGESTS], prepare=False):
        id, start, upto, count, root, previous, digest, sealed_at = head
        whole = digests is not None and len(digests) == count <= left
        left -= count if whole else 0
        events = [bytes(one) for one in digests] if whole else None
        seal = (bytes(root), bytes(previous), bytes(digest))
        found.append(Proof(id, start, upto, count, *seal, sealed_at, events))
    return found
