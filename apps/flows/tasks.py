"""What workers run: wrappers of flows, with the clock read here."""

import time
from typing import Any
from uuid import UUID

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded

from apps.core import clock
from apps.flows import (
    ad_suspension,
    catalogue,
    custody,
    deliveries,
    desk_sweeps,
    face_judging,
    face_sweeps,
    list_sweeps,
    merchant_standing,
    notices_mail,
    ratings,
    sweeps,
    watch_lists,
    webhooks,
    withdrawal_sweeps,
)
from apps.restrictions import services as restrictions
from apps.users import services as users

# Of one subscriber so many deliveries are under way at once, and so many go in one task.
LANES, IN_A_ROW = 2, 100
LONGEST_S, EXPIRES_S = 60.0, 60.0


@shared_task
def seal_events(**_: Any) -> int:
    """Seal the events that are final by now."""
    return sweeps.seal_events(at=clock.now())


@shared_task
def keep_house(**_: Any) -> list[str]:
    """Make partitions ahead, drop what retention ends."""
    return sweeps.keep_house(at=clock.now())


@shared_task
def rescore_users(**_: Any) -> int:
    """Let noteworthy standings decay, or rise where a ban came near."""
    return sweeps.rescore_users(at=clock.now())


@shared_task
def lift_due_restrictions(**_: Any) -> int:
    """End the restrictions whose time is up."""
    return restrictions.lift_due(at=clock.now())


@shared_task
def expire_orders(**_: Any) -> int:
    """End the orders that were not paid in time; remind the buyers of those that are nearly so."""
    at = clock.now()
    return desk_sweeps.expire_orders(at=at) + desk_sweeps.remind_buyers(at=at)


@shared_task
def resume_waiting(**_: Any) -> int:
    """Let orders and ads go on that staff or a proof have cleared."""
    return desk_sweeps.resume_waiting(at=clock.now())


@shared_task
def suspend_ads(**_: Any) -> int:
    """Take the ads of restricted people off the market, and give them back."""
    return ad_suspension.suspend_ads(at=clock.now())


@shared_task
def read_prices(**_: Any) -> int:
    """Take over what the source of reference prices says."""
    return catalogue.read_source(at=clock.now())


@shared_task
def review_merchants(**_: Any) -> int:
    """Warn merchants who fall short of their tier, end those who go on."""
    return merchant_standing.review_merchants(at=clock.now())


@shared_task
def weigh_ratings(**_: Any) -> int:
    """Give ratings the weight that is known now."""
    return ratings.weigh_again(at=clock.now())


@shared_task
def move_appeals(**_: Any) -> int:
    """Appeal what was paid and not released for a day; move appeals on whose phase is over."""
    at = clock.now()
    return desk_sweeps.escalate_paid(at=at) + desk_sweeps.advance_appeals(at=at)


@shared_task
def resume_withdrawals(**_: Any) -> int:
    """Let withdrawals go on whose waits are over, and have sent what is approved."""
    moved = withdrawal_sweeps.resume(at=clock.now())
    for id in custody.due(at=clock.now()):
        custody_work.apply_async(kwargs={"id": str(id)}, expires=EXPIRES_S)
    return moved


@shared_task(soft_time_limit=90, time_limit=120)
def custody_work(*, id: str, **_: Any) -> bool:
    """Send one withdrawal, or ask what became of it."""
    return custody.work(id=UUID(id), at=clock.now())


@shared_task(soft_time_limit=240, time_limit=300)
def custody_look(**_: Any) -> int:
    """Take in what arrived on the sandbox's chain, and ask providers about what waits for them."""
    at = clock.now()
    return withdrawal_sweeps.receive(at=at) + withdrawal_sweeps.screen(at=at)


@shared_task(soft_time_limit=60, time_limit=90)
def face_judge(*, id: str, **_: Any) -> bool:
    """Judge a finished face check."""
    return face_judging.judge(id=UUID(id), at=clock.now()) is not None


@shared_task
def expire_faces(**_: Any) -> int:
    """End late face checks, send those to a worker again that none has judged."""
    for challenge in face_sweeps.lost(at=clock.now()):
        face_judge.apply_async(kwargs={"id": str(challenge.pk)}, expires=EXPIRES_S)
    face_sweeps.followed(at=clock.now())
    return face_sweeps.expire(at=clock.now())


@shared_task
def delete_face_pictures(**_: Any) -> int:
    """Delete the pictures of face checks whose time is over."""
    return face_sweeps.delete_due(at=clock.now())


@shared_task
def fetch_watch_lists(**_: Any) -> int:
    """Load the watch-lists that the settings name from their keepers."""
    return watch_lists.fetch(at=clock.now())


@shared_task(soft_time_limit=240, time_limit=300)
def screen_everybody(**_: Any) -> int:
    """Compare people with the watch-lists that changed."""
    return list_sweeps.sweep(at=clock.now())


@shared_task
def mail_notices(**_: Any) -> int:
    """Mail the notices that matter and that nobody has read."""
    return notices_mail.send(at=clock.now())


@shared_task
def forget_unseen_devices(**_: Any) -> int:
    """Forget the devices that came once and were never seen with anybody."""
    return sweeps.forget_unseen_devices(at=clock.now())


@shared_task
def clear_sessions(**_: Any) -> int:
    """Delete the sessions that are over."""
    return users.clear_sessions(at=clock.now())


@shared_task
def dispatch_webhooks(**_: Any) -> int:
    """Add what webhooks owe by now, and have what is due sent."""
    owed = webhooks.owe(at=clock.now())
    for subscriber in deliveries.due(at=clock.now()):
        for _lane in range(LANES):
            deliver_webhooks.apply_async(kwargs={"subscriber": str(subscriber)}, expires=EXPIRES_S)
    return owed


@shared_task
def forget_deliveries(**_: Any) -> int:
    """Forget the deliveries of webhooks that are older than their log is kept."""
    return deliveries.sweep(at=clock.now())


@shared_task(soft_time_limit=90, time_limit=120)
def deliver_webhooks(*, subscriber: str, **_: Any) -> int:
    """Send what a subscriber is owed, one after the other, until one fails; how many arrived."""
    arrived, until = 0, time.monotonic() + LONGEST_S
    while arrived < IN_A_ROW and time.monotonic() < until:
        delivery = deliveries.take(subscriber=UUID(subscriber), at=clock.now())
        if delivery is None:
            return arrived
        try:
            sent = deliveries.deliver(delivery=delivery, at=clock.now())
        except SoftTimeLimitExceeded:
            deliveries.failed(delivery=delivery, error="took too long", at=clock.now())
            return arrived
        if sent is not None and not sent.accepted:
            return arrived
        arrived += 1
    return arrived
