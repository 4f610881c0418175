"""Verbs that write ads: every edit is a revision, every quantity lies in the ledger."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.core.errors import Refused
from apps.core.money import total
from apps.ledger import services as ledger
from apps.trades import states
from apps.trades.models import Ad, AdRail, AdRevision, PriceType, Side
from apps.trades.states import AdStatus
from apps.users.models import PayoutAccount, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What an ad says; `rails` maps rail codes to the owner's own accounts (None: a buy ad)."""

    price_type: str
    price: Decimal | None = None
    premium: Decimal | None = None
    quantity: Decimal
    min_fiat: Decimal
    max_fiat: Decimal
    window_min: int
    rails: dict[str, PayoutAccount | None]
    terms: str = ""
    auto_reply: str = ""
    min_kyc: int = 0
    min_age_days: int = 0
    min_orders: int = 0
    min_completion: Decimal = Decimal(0)
    countries: list[str] = field(default_factory=list)
    newcomer_limit_usd: Decimal | None = None
    clean_rail_only: bool = False
    trusted_only: bool = False


#: What of an offer is written into the ad as it is.
COLUMNS = (
    "price_type", "price", "premium", "min_fiat", "max_fiat", "window_min", "terms", "auto_reply",
    "min_kyc", "min_age_days", "min_orders", "min_completion", "countries", "newcomer_limit_usd",
    "clean_rail_only", "trusted_only",
)  # fmt: skip


def publish(
    *,
    id: UUID,
    owner: User,
    side: Side,
    asset: str,
    fiat: str,
    offer: Offer,
    status: AdStatus,
    at: datetime,
    decision: UUID | None = None,
) -> Ad:
    """A new ad; what a sell ad offers is reserved at once (J0)."""
    ad = Ad(
        id=id,
        owner=owner,
        side=side,
        asset_id=asset,
        fiat_id=fiat,
        quantity=offer.quantity,
        remaining=offer.quantity,
        status=status,
        created_at=at,
        changed_at=at,
        decision=decision,
        **{name: getattr(offer, name) for name in COLUMNS},
    )
    ad.save(force_insert=True)
    _set_rails(ad, offer)
    _revise(ad, offer, at=at)
    if side == Side.SELL:
        ledger.reserve_for_ad(
            ad=ad.id, user=owner, asset=ad.asset, amount=offer.quantity, key="1", at=at, by=owner
        )
    return ad


def edit(
    ad: Ad, *, offer: Offer, status: AdStatus, at: datetime, decision: UUID | None = None
) -> None:
    """Say something else from now on; orders that are open keep what they were opened with.

    `offer.quantity` is what is left to trade from now on.
    """
    step(ad, status, at=at)
    change = total([offer.quantity, ad.remaining.copy_negate()])
    ad.revision += 1
    for name in COLUMNS:
        setattr(ad, name, getattr(offer, name))
    ad.quantity, ad.remaining = total([ad.quantity, change]), offer.quantity
    ad.decision = decision or ad.decision
    ad.save(update_fields=[*COLUMNS, "quantity", "remaining", "revision", "decision"])
    _set_rails(ad, offer)
    _revise(ad, offer, at=at)
    if ad.side == Side.SELL and change:
        move = ledger.reserve_for_ad if change > 0 else ledger.return_from_ad
        move(
            ad=ad.id,
            user=ad.owner,
            asset=ad.asset,
            amount=abs(change),
            key=str(ad.revision),
            at=at,
            by=ad.owner,
        )


def step(ad: Ad, to: AdStatus, *, at: datetime, suspended_for: str = "") -> None:
    """Move an ad on, from the state in hand and no other."""
    if ad.status != to and not states.AD.allows(ad.status, to):
        raise Refused(
            "AD_STATE",
            409,
            f"This ad is {AdStatus(ad.status).label}: that can't be done with it now.",
        )
    changed = Ad.objects.filter(pk=ad.pk, status=ad.status).update(
        status=to, changed_at=at, suspended_for=suspended_for
    )
    if changed != 1:
        raise Refused("STALE", 409, "The ad has changed meanwhile. Reload and look again.")
    ad.status, ad.changed_at, ad.suspended_for = to, at, suspended_for


def close(ad: Ad, *, at: datetime, by: User | None) -> None:
    """Take an ad down for good; what it still offers goes back to its owner. Orders go on."""
    left = ad.remaining
    step(ad, AdStatus.CLOSED, at=at)
    quantity = total([ad.quantity, left.copy_negate()])
    Ad.objects.filter(pk=ad.pk).update(quantity=quantity, remaining=0)
    ad.quantity, ad.remaining = quantity, Decimal(0)
    if ad.side == Side.SELL and left:
        ledger.return_from_ad(
            ad=ad.id, user=ad.owner, asset=ad.asset, amount=left, key="closed", at=at, by=by
        )


def take_out(ad: Ad, *, at_most: Decimal, key: str, at: datetime, by: User | None) -> Decimal:
    """Take from what a sell ad still offers, back to its owner's wallet; how much there was."""
    amount = min(at_most, ad.remaining)
    if ad.side != Side.SELL or amount <= 0:
        return Decimal(0)
    left = total([ad.remaining, amount.copy_negate()])
    if not left and ad.status == AdStatus.ONLINE:
        step(ad, AdStatus.SOLD_OUT, at=at)
    ad.quantity, ad.remaining = total([ad.quantity, amount.copy_negate()]), left
    ad.save(update_fields=["quantity", "remaining"])
    ledger.return_from_ad(
        ad=ad.id, user=ad.owner, asset=ad.asset, amount=amount, key=f"out:{key}", at=at, by=by
    )
    return amount


def as_said(ad: Ad, offer: Offer) -> dict[str, Any]:
    """An offer as a revision keeps it: numbers, codes and ids, without its texts."""
    said: dict[str, Any] = {}
    for name in COLUMNS:
        value = getattr(offer, name)
        if name not in ("terms", "auto_reply"):
            said[name] = f"{value:f}" if isinstance(value, Decimal) else value
    said["quantity"] = f"{offer.quantity:f}"
    said["rails"] = {rail: account and str(account.pk) for rail, account in offer.rails.items()}
    return said


def is_floating(ad: Ad) -> bool:
    """Whether its price follows the reference price."""
    return ad.price_type == PriceType.FLOATING


def _set_rails(ad: Ad, offer: Offer) -> None:
    AdRail.objects.filter(ad=ad).exclude(rail__in=offer.rails).delete()
    for rail, account in offer.rails.items():
        AdRail.objects.update_or_create(ad=ad, rail_id=rail, defaults={"account": account})


def _revise(ad: Ad, offer: Offer, *, at: datetime) -> None:
    AdRevision.objects.create(
        ad=ad, number=ad.revision, at=at, said=as_said(ad, offer), terms=offer.terms
    )
