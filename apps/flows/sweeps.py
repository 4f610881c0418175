"""What the clock does: seal, make room, forget what is old, let scores decay."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction

from apps.core import idempotency, partitions, throttle
from apps.core.ids import uuid7
from apps.devices import services as devices
from apps.events import seals
from apps.risk import live
from apps.risk.models import Policy, PolicyStatus, Proximity, Standing, StandingMove
from apps.risk.standing import decayed
from apps.risk.velocity import retention

log = structlog.get_logger(__name__)

#: Whoever opens the sign-in page leaves a device behind; most of them never come back.
UNSEEN_FOR = timedelta(days=30)
#: Floor under the standing of somebody so many strong links away from a ban.
FLOOR_BY_HOPS = {0: 900, 1: 300, 2: 150}


def seal_events(*, at: datetime) -> int:
    """Close the batch of events that are final by now; return how many it holds."""
    made = seals.seal(at=at)
    return made.count if made else 0


def keep_house(*, at: datetime) -> list[str]:
    """Make the partitions ahead, drop the history that is due, forget stale keys and buckets."""
    partitions.ensure_ahead(at)
    dropped = []
    for month in retention.due(at=at, keep_days=settings.RETENTION_DAYS):
        dropped += retention.retire(month, at=at)
        log.info("history.retired", month=str(month))
    idempotency.sweep(at=at, kept=timedelta(days=1))
    throttle.sweep(at=at)
    return dropped


def forget_unseen_devices(*, at: datetime, batch: int = 1_000) -> int:
    """Delete the devices that nobody signed in with in UNSEEN_FOR; how many."""
    before, count = at - UNSEEN_FOR, 0
    while dropped := devices.drop_unseen(before=before, limit=batch):
        count += dropped
    return count


def rescore_users(*, at: datetime, limit: int = 5_000) -> int:
    """Bring noteworthy standings to the present; return how many moved by a point or more.

    Between acts a standing decays by itself; what no act tells (a ban nearby) sets its floor.
    """
    policy = Policy.objects.filter(status=PolicyStatus.LIVE).first()
    if policy is None:
        return 0
    half_life = live.compiled(policy.pk).settings.standing.half_life_hours
    moved = 0
    for batch in _batches(at, limit):
        hops = dict(Proximity.objects.filter(entity__in=batch).values_list("entity", "hops"))
        with transaction.atomic():
            for standing in Standing.objects.select_for_update().filter(pk__in=sorted(batch)):
                moved += _rescore(standing, hops.get(standing.pk), half_life, at)
    return moved


def _rescore(standing: Standing, hops: int | None, half_life: float, at: datetime) -> int:
    if standing.at > at:
        return 0
    floor = FLOOR_BY_HOPS.get(hops, 0) if hops is not None else 0
    now = decayed(
        value=standing.value,
        floor=standing.floor,
        since_s=(at - standing.at).total_seconds(),
        half_life_hours=half_life,
    )
    after = max(now, float(floor))
    if abs(after - standing.value) < 1 and floor == standing.floor:
        return 0
    StandingMove.objects.create(
        id=uuid7(at),
        user_id=standing.pk,
        at=at,
        value=after,
        moved=after - standing.value,
        reason="BAN_NEARBY" if after > now else "DECAY",
    )
    Standing.objects.filter(pk=standing.pk).update(
        value=after, at=at, floor=floor, band=min(4, int(after // 200))
    )
    return 1


def _batches(at: datetime, limit: int) -> Iterator[list[int]]:
    """Yield the users to look at: those with a noteworthy score, and those newly near a ban."""
    high = Standing.objects.filter(band__gt=0, at__lt=at - timedelta(hours=6))
    near = Standing.objects.filter(
        pk__in=Proximity.objects.filter(hops__lte=2).values("entity"), floor=0
    )
    wanted = list(high.order_by("-band").values_list("pk", flat=True)[:limit])
    wanted += list(near.values_list("pk", flat=True)[:limit])
    unique = list(dict.fromkeys(wanted))
    for start in range(0, len(unique), 500):
        yield unique[start : start + 500]
