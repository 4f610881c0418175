"""Ids: time-ordered uuid7 for rows, signed 64-bit hashes for entities."""

import os
import secrets
import threading
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from uuid import UUID

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
SEPARATOR = "\x1f"

_RANDOM_BITS = 74
_B_BITS = 62
_B_MASK = (1 << _B_BITS) - 1
# Version 7 and variant 10, at their places in a uuid whose other bits are zero.
_FIXED = (0x7 << 76) | (0b10 << 62)
# How many milliseconds stay remembered, so that a replay which returns to one keeps its order.
_REMEMBERED = 4096

_lock = threading.Lock()
_tails: OrderedDict[int, int] = OrderedDict()
_latest = 0


def uuid7(at: datetime | None = None) -> UUID:
    """A new uuid7 for this moment (or for `at`), greater than every earlier one of that ms here."""
    global _latest
    ms = _milliseconds(datetime.now(UTC) if at is None else at)
    with _lock:
        if at is None:
            # A clock that was set back must not put a new row before an older one.
            _latest = ms = max(ms, _latest)
        tail = _tails.get(ms)
        if tail is None:
            # The highest bit starts at zero: room for 2**40 more ids in this millisecond.
            tail = secrets.randbits(_RANDOM_BITS - 1)
            if len(_tails) >= _REMEMBERED:
                _tails.popitem(last=False)
        else:
            tail += 1 + secrets.randbits(32)
        _tails[ms] = tail
    return UUID(int=(ms << 80) | _FIXED | ((tail >> _B_BITS) << 64) | (tail & _B_MASK))


def uuid7_floor(at: datetime) -> UUID:
    """The smallest uuid7 of the millisecond of `at`: an inclusive lower bound for that time."""
    return UUID(int=(_milliseconds(at) << 80) | _FIXED)


def time_of(value: UUID) -> datetime:
    """The moment in a uuid7, to the millisecond; ValueError for any other version."""
    if value.version != 7:
        raise ValueError(f"{value} is not a uuid7")
    return EPOCH + (value.int >> 80) * MILLISECOND


def entity_id(*, kind: str, scope: str, ref: str) -> int:
    """The signed 64-bit id of an entity: blake2b of kind, scope and ref; never 0."""
    return _entity_id(kind, scope, ref)


@lru_cache(maxsize=65_536)
def _entity_id(kind: str, scope: str, ref: str) -> int:
    # Only the last part may hold the separator: otherwise two entities could share one text.
    if SEPARATOR in kind or SEPARATOR in scope:
        raise ValueError("kind and scope of an entity may not contain U+001F")
    text = f"{kind}{SEPARATOR}{scope}{SEPARATOR}{ref}"
    digest = blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True) or 1


def _milliseconds(at: datetime) -> int:
    if at.tzinfo is None:
        raise ValueError("a uuid7 needs a moment with a time zone")
    ms = (at - EPOCH) // MILLISECOND
    if ms < 0:
        raise ValueError("a uuid7 can't hold a moment before 1970")
    return ms


def _forget() -> None:
    """Start anew in a forked child, which would otherwise count on from its parent's ids."""
    global _lock, _latest
    _lock = threading.Lock()
    _latest = 0
    _tails.clear()


os.register_at_fork(after_in_child=_forget)
