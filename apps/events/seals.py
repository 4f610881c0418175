"""Seals: batches of events closed for ever, each chained to the one before.

A seal covers every event of the transactions [from_xid, upto_xid). `upto_xid` is the oldest
transaction still running when the seal is made, so nothing can appear behind it later: no lock
touches the request path. The root is a SHA-256 over the digests of all covered events, in the order
of their ids; the digest of the seal binds root, range, count and the seal before.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from apps.core import locks
from apps.core.ids import entity_id
from apps.events.models import Retirement, Seal

LOCK = entity_id(kind="lock", scope="events", ref="seals")
GENESIS = bytes(32)

# Every column but xid, which a restored backup would change; moments as microseconds.
DIGEST = """sha256(convert_to(jsonb_build_array(
    id, (extract(epoch FROM at) * 1000000)::bigint,
    (extract(epoch FROM occurred_at) * 1000000)::bigint, kind, client_id, ref, actor_id, user_id,
    device_id, ip_id, subnet_id, account_id, address_id, counterparty_id, amount_usd, data,
    request_id)::text, 'UTF8'))"""
_ROOT = f"""
SELECT count(*), min(at), max(at), sha256(coalesce(string_agg(digest, ''::bytea ORDER BY id), ''))
FROM (
  SELECT id, at, {DIGEST} AS digest FROM events_event WHERE xid >= %s AND xid < %s
) AS sealed
"""


@dataclass(frozen=True, slots=True)
class Broken:
    """A seal that does not hold, and why."""

    seal: int
    why: str


def seal(*, at: datetime) -> Seal | None:
    """Seal every event that is final by now; None when there is nothing new."""
    with transaction.atomic():
        locks.hold(LOCK)
        last = Seal.objects.order_by("-id").first()
        start = last.upto_xid if last else 0
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
            upto = cursor.fetchone()[0]
            if upto <= start:
                return None
            cursor.execute(_ROOT, [start, upto])
            count, first_at, last_at, root = cursor.fetchone()
        if not count:
            return None
        previous = bytes(last.digest) if last else GENESIS
        return Seal.objects.create(
            from_xid=start,
            upto_xid=upto,
            count=count,
            first_at=first_at,
            last_at=last_at,
            root=root,
            previous=previous,
            digest=_digest(previous, bytes(root), start, upto, count),
            sealed_at=at,
        )


def broken() -> Iterator[Broken]:
    """Yield every seal whose chain, or whose events where they are still kept, do not hold."""
    retired = {
        (r.month.year, r.month.month) for r in Retirement.objects.filter(table="events_event")
    }
    previous, upto = GENESIS, 0
    for one in Seal.objects.order_by("id").iterator():
        root = bytes(one.root)
        if bytes(one.previous) != previous or one.from_xid != upto:
            yield Broken(one.id, "it does not follow the seal before it")
        elif bytes(one.digest) != _digest(previous, root, one.from_xid, one.upto_xid, one.count):
            yield Broken(one.id, "its digest is not that of its content")
        elif not _touches(one, retired):
            with connection.cursor() as cursor:
                cursor.execute(_ROOT, [one.from_xid, one.upto_xid])
                count, _, _, found = cursor.fetchone()
            if (count, bytes(found)) != (one.count, root):
                yield Broken(one.id, f"it sealed {one.count} events; {count} are found, or changed")
        previous, upto = bytes(one.digest), one.upto_xid


def _digest(previous: bytes, root: bytes, start: int, upto: int, count: int) -> bytes:
    return hashlib.sha256(previous + root + f"{start}|{upto}|{count}".encode()).digest()


def _touches(one: Seal, retired: set[tuple[int, int]]) -> bool:
    if not one.first_at or not one.last_at:
        return False
    first = one.first_at.year * 12 + one.first_at.month - 1
    last = one.last_at.year * 12 + one.last_at.month - 1
    return any(first <= year * 12 + month - 1 <= last for year, month in retired)
