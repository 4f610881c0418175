"""Sending what webhooks owe: signed, retried for three days, and noted each time.

A receiver that does not answer delays itself alone: it is left in peace for a while, and few of its
deliveries are under way at once.
"""

import json
from datetime import datetime, timedelta
from random import uniform
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.db.models import Exists, F, OuterRef
from standardwebhooks import Webhook

from apps.core import sql
from apps.core.ids import time_of, uuid7_floor
from apps.events.models import Delivery, DeliveryStatus, Event, Subscriber
from apps.flows import outbound, pushes, webhooks
from apps.flows.decisions import recall
from apps.flows.outbound import Sent
from apps.flows.public_event import moment, roles_of, words_of
from apps.risk.models import Decision, Maker

# A worker that died leaves its delivery to the next round after this.
LEASE = timedelta(minutes=2)
FIRST_WAIT_S, FACTOR, LONGEST_WAIT_S, JITTER = 10.0, 3.0, 12 * 3600.0, 0.2
GIVE_UP_AFTER = timedelta(days=3)
PAUSE_S = 30
GONE, BUSY = 410, 429
KEPT = timedelta(days=30)
SWEEP_BATCH = 10_000

TAKE = """
UPDATE events_delivery SET next_at = $3::timestamptz
WHERE id = (
  SELECT id FROM events_delivery
  WHERE subscriber_id = $1::uuid AND status = 'PENDING' AND next_at <= $2::timestamptz
  ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING id
"""
SWEEP = """
DELETE FROM events_delivery WHERE id IN (
  SELECT id FROM events_delivery WHERE id < $1::uuid ORDER BY id LIMIT $2::int
) RETURNING 1
"""


def due(*, at: datetime) -> list[UUID]:
    """The subscribers to which something is to be sent now."""
    owed = Delivery.objects.filter(
        subscriber=OuterRef("pk"), status=DeliveryStatus.PENDING, next_at__lte=at
    )
    found = Subscriber.objects.filter(Exists(owed), disabled_at=None).order_by("id")
    return [id for id in found.values_list("id", flat=True) if not cache.get(_pause(id))]


def take(*, subscriber: UUID, at: datetime) -> UUID | None:
    """Take the next delivery that is due; whoever takes it sends it."""
    rows = sql.run(TAKE, [subscriber, at, at + LEASE])
    return rows[0][0] if rows else None


def deliver(*, delivery: UUID, at: datetime) -> Sent | None:
    """Send one delivery and note how it went; None when it is no longer owed."""
    one = (
        Delivery.objects.select_related("subscriber")
        .filter(pk=delivery, status=DeliveryStatus.PENDING, subscriber__disabled_at=None)
        .first()
    )
    if one is None:
        return None
    event = Event.objects.filter(pk=one.event_id).first()
    if event is None:
        # Retention was quicker than the receiver.
        failed(delivery=delivery, error="the event is no longer kept", at=at, final=True)
        return None
    body = json.dumps(payload(event), separators=(",", ":"))
    signature = Webhook(bytes(one.subscriber.secret)).sign(str(one.pk), at, body)
    sent = outbound.post(
        one.subscriber.url,
        body=body.encode(),
        headers={
            "Content-Type": "application/json",
            "User-Agent": "otcrisk-webhooks/1",
            "webhook-id": str(one.pk),
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": signature,
        },
    )
    if sent.accepted:
        _note(one, at, sent, status=DeliveryStatus.DELIVERED, next_at=None)
    elif sent.status == GONE:
        _note(one, at, sent, status=DeliveryStatus.FAILED, next_at=None)
        webhooks.disable(subscriber=one.subscriber, at=at)
    else:
        _fail(one, at, sent)
        if sent.status is None or sent.status >= 500 or sent.status == BUSY:
            cache.set(_pause(one.subscriber_id), True, PAUSE_S)
    return sent


def failed(*, delivery: UUID, error: str, at: datetime, final: bool = False) -> None:
    """Note that a delivery could not be sent: it is tried again later, unless `final`."""
    one = Delivery.objects.filter(pk=delivery, status=DeliveryStatus.PENDING).first()
    if one is not None:
        _fail(one, at, Sent(None, error), final=final)


def sweep(*, at: datetime) -> int:
    """Forget deliveries that are older than the log is kept; how many."""
    swept, until = 0, uuid7_floor(at - KEPT)
    while count := len(sql.run(SWEEP, [until, SWEEP_BATCH])):
        swept += count
    return swept


def payload(event: Event) -> dict[str, Any]:
    """What is sent of an event: itself, and the engine's decision of it where there is one.

    Of the desk's own people no more than wakes a phone.
    """
    if event.client_id is None:
        return {"type": event.kind, "timestamp": moment(event.at), "data": pushes.words_of(event)}
    data = words_of(event)
    decision = Decision.objects.filter(pk=event.pk, maker=Maker.ENGINE).first()
    if decision is not None:
        answer = recall(decision, roles=roles_of(event))
        data["decision"] = {
            "decision_id": str(answer.id),
            "outcome": answer.outcome,
            "score": answer.score,
            "band": answer.band,
            "reasons": [{"code": why.code, "share": why.share} for why in answer.reasons],
            "user_message": answer.user_message,
            "degraded": answer.degraded,
        }
    return {"type": event.kind, "timestamp": moment(event.at), "data": data}


def wait_s(attempts: int) -> float:
    """How long to wait after so many failed attempts: longer each time, and never in step."""
    wait = min(FIRST_WAIT_S * FACTOR ** (attempts - 1), LONGEST_WAIT_S)
    return wait * uniform(1 - JITTER, 1 + JITTER)


def _fail(one: Delivery, at: datetime, sent: Sent, *, final: bool = False) -> None:
    next_at = at + timedelta(seconds=wait_s(one.attempts + 1))
    if final or next_at > time_of(one.pk) + GIVE_UP_AFTER:
        _note(one, at, sent, status=DeliveryStatus.FAILED, next_at=None)
    else:
        _note(one, at, sent, status=DeliveryStatus.PENDING, next_at=next_at)


def _note(
    one: Delivery, at: datetime, sent: Sent, *, status: str, next_at: datetime | None
) -> None:
    Delivery.objects.filter(pk=one.pk, status=DeliveryStatus.PENDING).update(
        status=status,
        attempts=F("attempts") + 1,
        next_at=next_at,
        last_at=at,
        last_status=sent.status,
        last_error=sent.error[:200],
    )


def _pause(subscriber: UUID) -> str:
    return f"webhook-pause:{subscriber}"
