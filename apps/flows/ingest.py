"""record(): acts that are kept and counted, but not judged.

Every act is its own transaction. A batch in one would hold the locks of every shared address and
counterparty it touched until its end, in the order of its lines: decisions would wait for it, and
two batches could wait for each other for ever. Their commits don't wait for the disk one by one:
the log is written in order, so one that does, at the end, makes them all durable.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from time import sleep

from django.db import IntegrityError, OperationalError, transaction

from apps.core import partitions, sql
from apps.core.errors import Refused
from apps.events.act import Act
from apps.flows import judge

KNOWN = """
SELECT k.client, k.ref, k.digest
FROM unnest($1::bigint[], $2::text[]) AS a(client, ref)
JOIN events_ingestkey k ON k.client = a.client AND k.ref = a.ref
"""
DO_NOT_WAIT = "SELECT set_config('synchronous_commit', 'off', true)"
# A record of nothing in the write-ahead log: committing it flushes whatever came before.
FLUSH = "SELECT pg_logical_emit_message(true, 'otcrisk', '')"

# A batch of one transaction gives way long before PostgreSQL looks for a deadlock (1 s), which
# might end a decision instead.
PATIENCE = "SELECT set_config('lock_timeout', '300ms', true)"
TRIES = 5
PAUSE_S = 0.1

Key = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of a batch; `conflicts` are the places of acts whose id has another body."""

    accepted: int
    duplicates: int
    conflicts: tuple[int, ...] = ()


def record(acts: Sequence[Act], *, atomic: bool = False) -> Recorded:
    """Record acts without judging them; an id that is known already is not recorded again.

    Each act is recorded wholly or not at all; with `atomic` so is the batch: any conflict, and
    nothing is recorded.
    """
    for at in {act.at for act in acts}:
        partitions.ensure(at)
    if atomic:
        return _record_together(acts)
    fresh, duplicates, conflicts = _sort(acts)
    accepted = 0
    for place in fresh:
        act = acts[place]
        if _record_one(act, wait_for_disk=len(fresh) == 1):
            accepted += 1
        elif _is_same(act):
            duplicates += 1
        else:
            conflicts.append(place)
    if accepted and len(fresh) > 1:
        sql.run(FLUSH)
    return Recorded(accepted, duplicates, tuple(sorted(conflicts)))


def _sort(acts: Sequence[Act]) -> tuple[list[int], int, list[int]]:
    """Tell new acts (their places), how many duplicates, and conflicts (their places)."""
    keyed = [key for act in acts if (key := _key(act))]
    seen: dict[Key, bytes] = {
        (client, ref): digest
        for client, ref, digest in (
            sql.run(KNOWN, [[client for client, _ in keyed], [ref for _, ref in keyed]])
            if keyed
            else []
        )
    }
    fresh, duplicates, conflicts = [], 0, []
    for place, act in enumerate(acts):
        key = _key(act)
        if key is None or key not in seen:
            fresh.append(place)
            if key is not None:
                seen[key] = act.digest
        elif seen[key] == act.digest:
            duplicates += 1
        else:
            conflicts.append(place)
    return fresh, duplicates, conflicts


def _key(act: Act) -> Key | None:
    return (act.client.id, act.ref) if act.client and act.ref is not None else None


def _record_one(act: Act, *, wait_for_disk: bool) -> bool:
    """Record one act; False when somebody else recorded its id since we looked."""
    try:
        with transaction.atomic(durable=True):
            if not wait_for_disk:
                sql.run(DO_NOT_WAIT)
            judge.lock(act)
            judge.write(act, judgement=None)
    except IntegrityError:
        if _digest_of(act) is None:
            raise
        return False
    return True


def _is_same(act: Act) -> bool:
    return _digest_of(act) == act.digest


def _digest_of(act: Act) -> bytes | None:
    key = _key(act)
    rows = sql.run(KNOWN, [[key[0]], [key[1]]]) if key else []
    return rows[0][2] if rows else None


def _record_together(acts: Sequence[Act]) -> Recorded:
    for _ in range(TRIES):
        fresh, duplicates, conflicts = _sort(acts)
        if conflicts:
            return Recorded(0, duplicates, tuple(conflicts))
        try:
            with transaction.atomic(durable=True):
                judge.lock(*(acts[place] for place in fresh))
                sql.run(PATIENCE)
                for place in fresh:
                    judge.write(acts[place], judgement=None)
            return Recorded(len(fresh), duplicates)
        except (IntegrityError, OperationalError):
            # Somebody was quicker, or is in the way: look again.
            sleep(PAUSE_S)
    raise Refused(
        "BATCH_COLLIDES",
        status=503,
        detail="Others are writing about the same users. Send the batch again, or without atomic.",
        retry_after=1,
    )
