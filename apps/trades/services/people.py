"""Verbs that write what people are to the desk and to each other: merchants, margins, relations."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.core.money import short, total
from apps.ledger import queries as balances
from apps.ledger import services as ledger
from apps.ledger.models import Asset, Entry
from apps.trades.models import (
    MerchantProfile,
    MerchantState,
    Order,
    Relation,
    RelationKind,
    Report,
    Tier,
)
from apps.users.models import User

MOST_RELATIONS = 1_000
NOTHING = Decimal(0)


def fill_margin(user: User, tier: Tier, *, at: datetime, by: User | None) -> Decimal:
    """Post what a tier's margin still lacks (J8); the amount that was posted."""
    asset = tier.margin_asset
    lacks = total([tier.margin_amount, balances.margin(user, asset).copy_negate()])
    if lacks <= 0:
        return NOTHING
    try:
        ledger.post_margin(user=user, asset=asset, amount=lacks, key=str(uuid7(at)), at=at, by=by)
    except Refused as refused:
        if refused.code not in ("INSUFFICIENT_FUNDS", "LOCKED"):
            raise
        raise Refused(
            "MARGIN_MISSING",
            409,
            f"The margin of this tier is {short(tier.margin_amount)} {asset.symbol}: "
            f"{short(lacks)} more have to be free in your wallet. Deposit them first.",
        ) from refused
    return lacks


def return_margin(
    user: User, asset: Asset, *, keep: Decimal, at: datetime, by: User | None
) -> Decimal:
    """Give back what the margin holds above `keep` (J8 back); the amount."""
    above = total([balances.margin(user, asset), keep.copy_negate()])
    if above <= 0:
        return NOTHING
    ledger.return_margin(user=user, asset=asset, amount=above, key=str(uuid7(at)), at=at, by=by)
    return above


def slash_margin(
    *,
    merchant: User,
    victim: User | None,
    asset: Asset,
    amount: Decimal,
    ref: UUID,
    key: str,
    at: datetime,
    by: User | None,
    reason: str = "",
) -> Entry | None:
    """Make a victim whole from a merchant's margin, as far as it goes; None where there is none.

    `ref` is the appeal or order, `key` is new each time; without a victim the desk gets it.
    """
    held = min(amount, balances.margin(merchant, asset))
    if held <= 0:
        return None
    return ledger.slash_margin(
        user=merchant,
        victim=victim,
        asset=asset,
        amount=held,
        key=f"{ref}:{key}",
        ref=ref,
        at=at,
        by=by,
        reason=reason,
    )


def end_merchant(
    profile: MerchantProfile, state: MerchantState, *, reason: str, at: datetime, by: User | None
) -> None:
    """Somebody is no merchant any more; the margin stays until its waiting time is over."""
    profile.state, profile.ended_at, profile.reason = state, at, reason[:200]
    profile.applies_for, profile.warned_at, profile.decided_by = None, None, by
    profile.save(
        update_fields=["state", "ended_at", "reason", "applies_for", "warned_at", "decided_by"]
    )


def set_relation(user: User, other: User, kind: RelationKind, *, on: bool, at: datetime) -> bool:
    """Trust, follow or block somebody, or no longer; whether that changed anything."""
    mine = Relation.objects.filter(user=user, kind=kind)
    if not on:
        return mine.filter(other=other).delete()[0] > 0
    if mine.filter(other=other).exists():
        return False
    if mine.count() >= MOST_RELATIONS:
        raise Refused("TOO_MANY_RELATIONS", 409, "This list is full. Take somebody off it first.")
    Relation.objects.create(user=user, other=other, kind=kind, at=at)
    return True


def report(
    *,
    reporter: User,
    target: User,
    order: Order | None,
    category: str,
    words: str | None,
    at: datetime,
) -> Report:
    """Keep what somebody tells of somebody else's conduct."""
    row = Report(
        id=uuid7(at),
        reporter=reporter,
        target=target,
        order=order,
        category=category,
        words=words,
        at=at,
    )
    row.save(force_insert=True)
    return row
