"""What the clock asks of merchants: to keep what their tier promised, or to be one no more."""

from datetime import datetime, timedelta

import structlog

from apps.flows import flow, merchants, own_acts
from apps.flows.desk_sweeps import each
from apps.ledger import queries as balances
from apps.trades.models import MerchantProfile, MerchantState
from apps.trades.queries import people
from apps.trades.services.talk import notify

log = structlog.get_logger(__name__)
#: Fewer orders than this say nothing of somebody's completion.
LEAST_ORDERS = 10
#: Between the warning and the end.
GRACE = timedelta(days=7)
BATCH = 200


def review_merchants(*, at: datetime) -> int:
    """Warn merchants who fall short of their tier, end those who go on; how many of both."""
    moved, last = 0, None
    while True:
        rows = MerchantProfile.objects.filter(state=MerchantState.ACTIVE)
        rows = rows.filter(pk__gt=last) if last else rows
        batch = list(rows.select_related("user").order_by("pk")[:BATCH])
        if not batch:
            return moved
        moved += each(batch, lambda profile: review(profile=profile, at=at))
        last = batch[-1].pk


@flow.deed
def review(*, profile: MerchantProfile, at: datetime) -> bool:
    """Look at one merchant: warned, ended, or taken out of the warning; False when all is well."""
    with flow.transaction(profile.user, at=at):
        profile = (
            MerchantProfile.objects.select_for_update(of=("self",))
            .select_related("user", "tier__margin_asset")
            .get(pk=profile.pk)
        )
        if profile.state != MerchantState.ACTIVE:
            return False
        why = falls_short(profile, at=at)
        if why is None:
            if profile.warned_at is None:
                return False
            _warned(profile, None)
        elif profile.warned_at is None:
            _warned(profile, at)
            until = (at + GRACE).isoformat()
            notify(profile.user, "MERCHANT_WARNED", at=at, why=why, until=until)
        elif at - profile.warned_at < GRACE:
            return False
        else:
            merchants.end(profile, MerchantState.DEMOTED, reason=why, at=at, by=None)
            own_acts.note("merchant.demoted", by=None, of=profile.user, at=at, why=why)
            notify(profile.user, "MERCHANT_DEMOTED", at=at, why=why)
    return True


def falls_short(profile: MerchantProfile, *, at: datetime) -> str | None:
    """COMPLETION or MARGIN: what of the tier somebody does not keep; None when nothing."""
    tier, record = profile.tier, people.record(profile.user, at=at)
    completion, ended = record.completion_30d, record.orders_30d + record.failed_30d
    if completion is not None and ended >= LEAST_ORDERS and completion < tier.min_completion:
        return "COMPLETION"
    if balances.margin(profile.user, tier.margin_asset) < tier.margin_amount:
        return "MARGIN"
    return None


def _warned(profile: MerchantProfile, at: datetime | None) -> None:
    profile.warned_at = at
    profile.save(update_fields=["warned_at"])
