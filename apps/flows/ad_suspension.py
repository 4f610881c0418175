"""Ads of people who may not advertise any more: off the market, until they may.

Whoever is denied ads (or everything) has their ads suspended by the clock, whoever denied it and
how; once nothing denies it any more they are paused, for their owner to resume. Orders are never
touched.
"""

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet, UUIDField
from django.db.models.functions import Cast

from apps.flows import ads as ads_flow
from apps.flows import flow
from apps.flows.desk_sweeps import BATCH, each
from apps.restrictions.models import Ability, Kind, Restriction
from apps.trades.models import Ad
from apps.trades.services import ads
from apps.trades.services.talk import notify
from apps.trades.states import AdStatus
from apps.users.models import DESK

#: Why an ad is suspended: its owner is restricted. RISK is the ad's own.
RESTRICTED = "RESTRICTED"


def suspend_ads(*, at: datetime) -> int:
    """Suspend the ads of restricted owners, and pause those whose owners are free again."""
    rows = Ad.objects.select_related("owner").order_by("changed_at")
    denied = _denied(at=at)
    to_suspend = rows.filter(status__in=ads_flow.LIVE, owner__in=denied)[:BATCH]
    to_free = rows.filter(status=AdStatus.SUSPENDED, suspended_for=RESTRICTED).exclude(
        owner__in=denied
    )[:BATCH]
    return each(to_suspend, lambda ad: _suspend(ad=ad, at=at)) + each(
        to_free, lambda ad: _free(ad=ad, at=at)
    )


@flow.deed
def _suspend(*, ad: Ad, at: datetime) -> bool:
    with flow.transaction(ad.owner, at=at):
        ad = ads_flow.locked(ad)
        if ad.status not in ads_flow.LIVE or not _is_denied(ad, at=at):
            return False
        ads.step(ad, AdStatus.SUSPENDED, at=at, suspended_for=RESTRICTED)
        notify(ad.owner, "AD_SUSPENDED", at=at, ad=str(ad.pk))
    return True


@flow.deed
def _free(*, ad: Ad, at: datetime) -> bool:
    with flow.transaction(ad.owner, at=at):
        ad = ads_flow.locked(ad)
        if ad.status != AdStatus.SUSPENDED or _is_denied(ad, at=at):
            return False
        ads.step(ad, AdStatus.PAUSED, at=at)
        notify(ad.owner, "AD_FREED", at=at, ad=str(ad.pk))
    return True


def _is_denied(ad: Ad, *, at: datetime) -> bool:
    return _denied(at=at).filter(owner=ad.owner_id).exists()


def _denied(*, at: datetime) -> QuerySet[Any, Any]:
    """Ids of the desk's own people who may not advertise."""
    return (
        Restriction.objects.filter(
            Q(until=None) | Q(until__gt=at),
            kind=Kind.DENY,
            ability__in=[Ability.ALL, Ability.POST_AD],
            lifted_at=None,
            subject__kind="user",
            subject__scope=DESK,
        )
        .annotate(owner=Cast("subject__ref", UUIDField()))
        .values("owner")
    )
