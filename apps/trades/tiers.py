"""What a tier asks of somebody, and how far they are: every condition in plain words."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from apps.trades.models import Tier
from apps.trades.queries.people import Record
from apps.users.models import User


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that a tier asks for: `needed` and `has` are in the unit of the code."""

    code: str
    needed: Decimal
    has: Decimal | None
    sentence: str

    @property
    def is_met(self) -> bool:
        """Whether the person is there already."""
        return self.has is not None and self.has >= self.needed


def conditions(tier: Tier, *, user: User, record: Record, at: datetime) -> list[Condition]:
    """What the tier asks for, met or not; the margin is asked for at the application."""
    completion = record.completion_30d
    asked: list[tuple[str, Decimal | int, Decimal | int | None, str]] = [
        ("KYC", tier.min_kyc, user.kyc_level, f"a verification of level {tier.min_kyc}"),
        (
            "AGE",
            tier.min_age_days,
            (at - user.date_joined).days,
            f"an account that is {tier.min_age_days} days old",
        ),
        ("ORDERS", tier.min_orders, record.orders, f"{tier.min_orders} completed orders"),
        (
            "COMPLETION",
            tier.min_completion,
            None if completion is None else round(Decimal(completion), 4),
            f"{tier.min_completion * 100:.0f} % of your orders of 30 days completed",
        ),
        (
            "PARTNERS",
            tier.min_partners,
            record.partners,
            f"orders with {tier.min_partners} different people",
        ),
    ]
    return [
        Condition(code, Decimal(needed), None if has is None else Decimal(has), sentence)
        for code, needed, has, sentence in asked
        if needed
    ]
