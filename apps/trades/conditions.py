"""Whom an ad takes as a partner: every condition that somebody does not meet, in plain words."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from apps.trades.models import Ad
from apps.trades.queries.people import Record
from apps.users.models import PayoutAccount, User

CLEAN_AGE = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """Somebody who would take an ad, as far as its conditions look."""

    user: User
    record: Record
    knows_owner: bool
    is_trusted: bool
    payer: PayoutAccount | None = None
    payer_reports: int = 0


def unmet(ad: Ad, partner: Partner, *, usd: Decimal | None, at: datetime) -> list[str]:
    """Codes of the conditions that this person does not meet; `usd` None: any amount."""
    who, record = partner.user, partner.record
    missing = []
    if who.kyc_level < ad.min_kyc:
        missing.append("MIN_KYC")
    if at - who.date_joined < timedelta(days=ad.min_age_days):
        missing.append("MIN_AGE")
    if record.orders < ad.min_orders:
        missing.append("MIN_ORDERS")
    completion = record.completion_30d
    if ad.min_completion and (completion is None or completion < ad.min_completion):
        missing.append("MIN_COMPLETION")
    if ad.countries and who.kyc_country not in ad.countries:
        missing.append("COUNTRY")
    if ad.trusted_only and not partner.is_trusted:
        missing.append("TRUSTED_ONLY")
    limit = ad.newcomer_limit_usd
    if limit is not None and usd is not None and not partner.knows_owner and usd > limit:
        missing.append("NEWCOMER_LIMIT")
    if ad.clean_rail_only and ad.side == "SELL" and usd is not None:
        known = partner.payer and partner.payer.first_used_at
        if known is None or at - known < CLEAN_AGE or partner.payer_reports:
            missing.append("CLEAN_RAIL")
    return missing


SENTENCES = {
    "MIN_KYC": "This offer asks for a higher verification level.",
    "MIN_AGE": "This offer is for older accounts.",
    "MIN_ORDERS": "This offer asks for more completed orders.",
    "MIN_COMPLETION": "This offer asks for a higher completion rate.",
    "COUNTRY": "This offer is for other countries.",
    "TRUSTED_ONLY": "This offer is for people whom the advertiser trusts.",
    "NEWCOMER_LIMIT": "For a first order this advertiser asks for a smaller amount.",
    "CLEAN_RAIL": "This offer asks for a payment account that has been used here for 30 days.",
}
