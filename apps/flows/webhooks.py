"""Webhooks: who is told of which events, and what is owed to them.

What is owed is read off the event log by transaction: a subscriber's cursor says up to which
transaction its deliveries exist, and moves in the transaction that adds them. Transactions that are
still open lie above the cursor whatever their number, so none is skipped and none is read twice.
"""

import base64
import secrets
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.core import idempotency, locks, partitions, sql
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.events import log
from apps.events.act import Act, Party
from apps.events.models import Delivery, Entity, Subscriber
from apps.flows import outbound
from apps.flows.chat import MESSAGE_SENT
from apps.flows.faces import RETRIED as FACE_RETRIED
from apps.risk.vocabulary import KINDS
from apps.users.models import Client

EVERYTHING = "*"
TEST = "webhook.test"
#: What a subscriber may ask for. What staff do among themselves is not told.
TOLD_KINDS = (
    *sorted(KINDS),
    "decision.reviewed",
    "restriction.imposed",
    "restriction.lifted",
)
#: What the desk's own backend may ask for (pushes.py), and nobody else is told.
PUSHED_KINDS = (
    MESSAGE_SENT,
    FACE_RETRIED,
    *sorted(kind for kind in KINDS if kind.startswith(("order.", "face."))),
)
MOST_SUBSCRIBERS = 10
SECRET_BYTES = 24
SECRET_PREFIX = "whsec_"
STEP = 1000

XMIN = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
# $1 client, $2 kinds, $3 from, $4 upto, $5 how many
NEWS = """
SELECT id, xid FROM events_event
WHERE client_id = $1::bigint AND xid >= $3::bigint AND xid < $4::bigint AND kind = ANY($2::text[])
ORDER BY xid, id LIMIT $5::int
"""
# The desk's own people act for no client.
NEWS_OF_DESK = NEWS.replace(
    "client_id = $1::bigint", "client_id IS NULL AND $1::bigint IS NOT NULL"
)
OWE = """
INSERT INTO events_delivery (id, event_id, subscriber_id, status, attempts, next_at, last_error)
SELECT o.id, o.event, $3::uuid, 'PENDING', 0, $4::timestamptz, ''
FROM unnest($1::uuid[], $2::uuid[]) AS o(id, event)
ON CONFLICT (event_id, subscriber_id) DO NOTHING
RETURNING id
"""


def subscribe(
    *, client: Party, url: str, kinds: Iterable[str], at: datetime, request_id: str | None = None
) -> tuple[Subscriber, str]:
    """Tell this URL of the client's events of these kinds from now on; and its signing secret."""
    outbound.check(url)
    wanted = sorted(set(kinds))
    # By its name: it has no entity before its first event.
    known = PUSHED_KINDS if _is_desks(client.ref) else TOLD_KINDS
    if not wanted or set(wanted) - {*known, EVERYTHING}:
        sentence = "Choose from the list of kinds in the API's document, or *."
        raise Refused(
            "VALIDATION_FAILED", 422, "Some fields need attention.", {"kinds": [sentence]}
        )
    secret = secrets.token_bytes(SECRET_BYTES)
    partitions.ensure(at)
    with transaction.atomic(durable=True):
        idempotency.claim()
        locks.hold(client.id)
        if Subscriber.objects.filter(client=client.id).count() >= MOST_SUBSCRIBERS:
            raise Refused(
                "TOO_MANY_WEBHOOKS", 409, f"There are {MOST_SUBSCRIBERS} already. Delete one first."
            )
        subscriber = Subscriber.objects.create(
            id=uuid7(at),
            client_id=client.id,
            url=url,
            kinds=wanted,
            secret=secret,
            created_at=at,
            cursor_xid=sql.run(XMIN)[0][0],
        )
        _log("webhook.added", subscriber, client, at, request_id)
    return subscriber, SECRET_PREFIX + base64.b64encode(secret).decode()


def unsubscribe(*, subscriber: Subscriber, at: datetime, request_id: str | None = None) -> None:
    """Tell this URL nothing any more, and forget what was sent to it."""
    partitions.ensure(at)
    with transaction.atomic(durable=True):
        client = _party(subscriber)
        if Subscriber.objects.filter(pk=subscriber.pk).delete()[0]:
            _log("webhook.removed", subscriber, client, at, request_id)


def send_test(*, subscriber: Subscriber, at: datetime, request_id: str | None = None) -> Delivery:
    """Owe this URL an event that means nothing, whatever kinds it asked for."""
    if subscriber.disabled_at is not None:
        raise Refused("WEBHOOK_DISABLED", 409, "It answered 410 Gone. Delete it and add it anew.")
    partitions.ensure(at)
    with transaction.atomic(durable=True):
        idempotency.claim()
        event = _log(TEST, subscriber, _party(subscriber), at, request_id)
        return Delivery.objects.create(
            id=uuid7(at), event_id=event, subscriber=subscriber, next_at=at
        )


def owe(*, at: datetime) -> int:
    """Add what every live subscriber is owed by now; how many deliveries."""
    live = Subscriber.objects.filter(disabled_at=None).order_by("id")
    return sum(_owe(id, at) for id in live.values_list("id", flat=True))


def _owe(id: UUID, at: datetime) -> int:
    added, more = 0, True
    while more:
        with transaction.atomic():
            subscriber = (
                Subscriber.objects.select_for_update(skip_locked=True)
                .filter(pk=id, disabled_at=None)
                .first()
            )
            if subscriber is None:
                return added
            upto: int = sql.run(XMIN)[0][0]
            events, upto, more = _news(subscriber, upto)
            if events:
                ids = [uuid7(at) for _ in events]
                added += len(sql.run(OWE, [ids, events, id, at]))
            Subscriber.objects.filter(pk=id, cursor_xid__lt=upto).update(cursor_xid=upto)
    return added


def _news(subscriber: Subscriber, upto: int) -> tuple[list[UUID], int, bool]:
    """The next events, the cursor after them, and whether there is more: whole transactions."""
    client, start = subscriber.client_id, subscriber.cursor_xid
    own = is_desk(client)
    # Asked anew each time: who is the desk's backend no longer is told nothing more of the desk.
    news, known = (NEWS_OF_DESK, PUSHED_KINDS) if own else (NEWS, TOLD_KINDS)
    wanted = known if EVERYTHING in subscriber.kinds else subscriber.kinds
    kinds = [kind for kind in wanted if kind in known]
    rows = sql.run(news, [client, kinds, start, upto, STEP + 1])
    if len(rows) <= STEP:
        return [id for id, _ in rows], upto, False
    cut = rows[-1][1]
    if cut == rows[0][1]:
        # One transaction of more events than a step: all of them, then.
        rows = sql.run(news, [client, kinds, cut, cut + 1, None])
        return [id for id, _ in rows], cut + 1, True
    return [id for id, xid in rows if xid < cut], cut, True


def is_desk(client: int) -> bool:
    """Whether this entity is the desk's own backend."""
    slug = Entity.objects.filter(pk=client).values_list("ref", flat=True).first()
    return _is_desks(slug)


def _is_desks(slug: str | None) -> bool:
    return Client.objects.filter(slug=slug, is_desk=True, is_active=True).exists()


def disable(*, subscriber: Subscriber, at: datetime) -> None:
    """Tell this URL nothing more: it has answered that it is gone for good."""
    partitions.ensure(at)
    with transaction.atomic():
        changed = Subscriber.objects.filter(pk=subscriber.pk, disabled_at=None).update(
            disabled_at=at
        )
        if changed:
            _log("webhook.disabled", subscriber, _party(subscriber), at, None)


def _party(subscriber: Subscriber) -> Party:
    entity = Entity.objects.get(pk=subscriber.client_id)
    return Party(entity.kind, entity.scope, entity.ref)


def _log(
    kind: str, subscriber: Subscriber, client: Party, at: datetime, request_id: str | None
) -> UUID:
    act = Act(
        id=uuid7(at),
        at=at,
        kind=kind,
        scope=client.ref,
        client=client,
        actor=client,
        data={"subscriber": str(subscriber.pk)},
        request_id=request_id,
    )
    log.add(act)
    return act.id
