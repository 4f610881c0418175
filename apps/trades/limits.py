"""How much somebody may trade at once and a day, and why: by tier, rail and age of the account.

The shares by age are Bisq's (account-age limits): payments that can be charged back are dangerous
from buyers whose account nobody knows, so it stays small until it has aged after its first
completed order. Every limit carries a code, for the person to see which one binds.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from apps.trades.models import Rail, Reversal, Tier
from apps.users.models import PayoutAccount

#: What an unknown account may pay on a rail that can be charged back, in USD (Bisq: 0.01 BTC).
SMALL_USD = Decimal(500)
#: Share of the rail's limit by age in days: below the first, below the second, from then on.
YOUNG, GROWN = 30, 60
#: Of somebody whose identity was checked at this level, in USD per order (3: no own limit).
KYC_LIMITS = {0: Decimal(0), 1: Decimal(5_000), 2: Decimal(50_000)}
#: And in all, in USD: beyond it the person shows more of who they are.
KYC_TOTALS = {1: Decimal(5_000)}
#: T+N: days for which bought crypto stays on the desk, by the band of the order's risk.
LOCK_DAYS_BY_BAND = (0, 1, 3, 7, 7)
NEW_BUYER_DAYS = 30


@dataclass(frozen=True, slots=True)
class Limit:
    """One bound on an order in USD; `code` names it, `grows_at` says when it rises by itself."""

    code: str
    usd: Decimal
    grows_at: datetime | None = None


def of_order(
    *, tier: Tier, kyc_level: int, rail: Rail, payer: PayoutAccount | None, buys: bool, at: datetime
) -> list[Limit]:
    """Every bound on one order of this person, the tightest first."""
    limits = [
        Limit("TIER_ORDER", tier.order_limit_usd),
        Limit("RAIL", rail.limit_usd),
        of_account(rail=rail, account=payer, buys=buys, at=at),
    ]
    if kyc_level in KYC_LIMITS:
        limits.append(Limit("KYC", KYC_LIMITS[kyc_level]))
    return sorted(limits, key=lambda limit: limit.usd)


def of_account(*, rail: Rail, account: PayoutAccount | None, buys: bool, at: datetime) -> Limit:
    """What the age of a payment account allows on its rail."""
    known = account and (account.first_used_at if rail.is_reversible else account.added_at)
    age = at - known if known else timedelta(0)
    young, grown = timedelta(days=YOUNG), timedelta(days=GROWN)
    if age >= grown:
        return Limit("ACCOUNT_AGE", rail.limit_usd)
    half = rail.limit_usd / 2
    if age >= young:
        return Limit("ACCOUNT_AGE", half, known + grown if known else None)
    grows = known + young if known else None
    if rail.is_reversible and buys:
        return Limit("ACCOUNT_AGE", min(SMALL_USD, rail.limit_usd), grows)
    return Limit("ACCOUNT_AGE", rail.limit_usd / 4, grows)


def lock_days(*, band: int, buyer_since: datetime, rail: Rail, at: datetime) -> int:
    """T+N of a completed order: a floor on what may be withdrawn, never a freeze."""
    days = LOCK_DAYS_BY_BAND[min(band, len(LOCK_DAYS_BY_BAND) - 1)]
    if at - buyer_since < timedelta(days=NEW_BUYER_DAYS):
        days = max(days, 1)
    if rail.reversal == Reversal.CHARGEBACK:
        days = max(days, 1)
    return days
