"""Questions: which client calls with this key, who is staff without a role."""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.core import clock
from apps.users import keys
from apps.users.models import ApiKey, User
from apps.users.roles import Role

# A key that ended elsewhere is honoured here for at most this long.
REMEMBERED_SECONDS = 5.0
REMEMBERED_KEYS = 4096


@dataclass(frozen=True, slots=True)
class AuthenticatedClient:
    """The integrator that called, and what its key may do."""

    client_id: int
    slug: str
    entity_id: int
    scopes: frozenset[str]
    key_id: UUID

    def may(self, scope: str) -> bool:
        """Whether the key has this scope."""
        return scope in self.scopes


@dataclass(frozen=True, slots=True)
class _Remembered:
    """What the database said about a prefix (None: nobody has it), and until when that counts."""

    digest: bytes | None
    client: AuthenticatedClient | None
    expires_at: datetime | None
    last_used_on: date | None
    until: float


_remembered: OrderedDict[str, _Remembered] = OrderedDict()
_lock = threading.Lock()


def client_for_key(plaintext: str, *, at: datetime | None = None) -> AuthenticatedClient | None:
    """Whose key this is; None unless it is well-formed, right, live and of an active client.

    Asks the database at most once in five seconds per prefix and process, for right and wrong
    keys alike; the digest is compared on every call, in constant time.
    """
    prefix = keys.prefix_of(plaintext)
    if prefix is None:
        return None
    known = _recall(prefix)
    fresh = known is None
    if known is None:
        known = _ask(prefix)
    if not keys.matches(plaintext, known.digest):
        return None
    at = at or clock.now()
    if known.client is None or (known.expires_at is not None and known.expires_at <= at):
        return None
    if fresh:
        _note_use(known, at)
    return known.client


def forget_key(*, prefix: str | None = None) -> None:
    """Ask the database again at the next call, for one prefix or for all."""
    with _lock:
        if prefix is None:
            _remembered.clear()
        else:
            _remembered.pop(prefix, None)


def staff_without_role() -> QuerySet[User]:
    """Staff whom no role makes staff: an empty set, unless somebody edited the table by hand."""
    return User.objects.filter(is_staff=True, is_superuser=False).exclude(
        Q(groups__name__in=Role.values)
    )


def _recall(prefix: str) -> _Remembered | None:
    with _lock:
        known = _remembered.get(prefix)
        return known if known is not None and known.until > time.monotonic() else None


def _ask(prefix: str) -> _Remembered:
    # The time is taken before the question: an answer never counts for longer than it should.
    until = time.monotonic() + REMEMBERED_SECONDS
    key = ApiKey.objects.select_related("client").filter(prefix=prefix).first()
    live = key is not None and key.revoked_at is None and key.client.is_active
    known = _Remembered(
        digest=bytes(key.digest) if key is not None else None,
        client=AuthenticatedClient(
            client_id=key.client_id,
            slug=key.client.slug,
            entity_id=key.client.entity_id,
            scopes=frozenset(key.scopes),
            key_id=key.id,
        )
        if key is not None and live
        else None,
        expires_at=key.expires_at if key is not None else None,
        last_used_on=key.last_used_on if key is not None else None,
        until=until,
    )
    with _lock:
        _remembered[prefix] = known
        _remembered.move_to_end(prefix)
        # Whoever tries many prefixes pushes out the oldest answers, never the process's memory.
        while len(_remembered) > REMEMBERED_KEYS:
            _remembered.popitem(last=False)
    return known


def _note_use(known: _Remembered, at: datetime) -> None:
    today = at.astimezone(UTC).date()
    if known.client is None or (known.last_used_on is not None and known.last_used_on >= today):
        return
    ApiKey.objects.filter(
        Q(last_used_on=None) | Q(last_used_on__lt=today), pk=known.client.key_id
    ).update(last_used_on=today)
