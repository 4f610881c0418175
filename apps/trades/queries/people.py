"""What the desk knows of how somebody trades, from running totals."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q

from apps.core import sql
from apps.trades.models import (
    Appeal,
    AppealReason,
    Fault,
    MerchantProfile,
    MerchantState,
    Relation,
    RelationKind,
    Tier,
)
from apps.users.models import PayoutAccount, User

MONTH = timedelta(days=30)
#: More partners than this are not told apart: a hub's pages cost what everybody's cost.
MOST_PARTNERS = 1_000
EVERYBODY = "EVERYBODY"
#: Appeals that speak against the account from which was paid.
REPORTED = (
    AppealReason.THIRD_PARTY_PAYMENT,
    AppealReason.BANK_FROZEN,
    AppealReason.CHARGEBACK_OR_RECALL,
)

TALLIES = """
SELECT w.id,
  coalesce(sum(bought + sold), 0)::bigint, coalesce(sum(bought), 0)::bigint,
  coalesce(sum(failed), 0)::bigint,
  coalesce(sum(bought + sold) FILTER (WHERE day > $2::date), 0)::bigint,
  coalesce(sum(failed) FILTER (WHERE day > $2::date), 0)::bigint,
  coalesce(sum(pays) FILTER (WHERE day > $2::date), 0)::bigint,
  coalesce(sum(pay_seconds) FILTER (WHERE day > $2::date), 0)::bigint,
  coalesce(sum(releases) FILTER (WHERE day > $2::date), 0)::bigint,
  coalesce(sum(release_seconds) FILTER (WHERE day > $2::date), 0)::bigint,
  coalesce(sum(usd_bought + usd_sold), 0),
  coalesce(sum(usd_bought + usd_sold) FILTER (WHERE day > $2::date), 0),
  coalesce(sum(appeals) FILTER (WHERE day > $2::date), 0)::bigint,
  coalesce(sum(faults) FILTER (WHERE day > $2::date), 0)::bigint,
  min(day), (SELECT count(*) FROM (SELECT 1 FROM trades_pairtally p WHERE p.user_id = w.id
             LIMIT $3::int) AS partners)
FROM unnest($1::uuid[]) AS w(id) LEFT JOIN trades_daytally t ON t.user_id = w.id
GROUP BY w.id
"""


@dataclass(frozen=True, slots=True)
class Record:
    """How somebody has traded: ever, and in the last thirty days."""

    orders: int = 0
    bought: int = 0
    failed: int = 0
    orders_30d: int = 0
    failed_30d: int = 0
    pays_30d: int = 0
    pay_seconds_30d: int = 0
    releases_30d: int = 0
    release_seconds_30d: int = 0
    usd: Decimal = Decimal(0)
    usd_30d: Decimal = Decimal(0)
    appeals_30d: int = 0
    faults_30d: int = 0
    first_day: date | None = None
    partners: int = 0

    @property
    def completion_30d(self) -> float | None:
        """Completed of all that ended by this person's doing or completed; None without orders."""
        ended = self.orders_30d + self.failed_30d
        return self.orders_30d / ended if ended else None

    @property
    def pay_seconds(self) -> float | None:
        """Mean time to pay, of thirty days."""
        return self.pay_seconds_30d / self.pays_30d if self.pays_30d else None

    @property
    def release_seconds(self) -> float | None:
        """Mean time to release, of thirty days."""
        return self.release_seconds_30d / self.releases_30d if self.releases_30d else None

    @property
    def appeal_rate_30d(self) -> float | None:
        """Appeals against this person per completed order, of thirty days."""
        return self.appeals_30d / self.orders_30d if self.orders_30d else None


NOTHING = Record()


def records(users: list[UUID], *, at: datetime) -> dict[UUID, Record]:
    """The record of each of these people, in one query."""
    month = (at - MONTH).astimezone(UTC).date()
    rows = sql.run(TALLIES, [users, month, MOST_PARTNERS])
    return {row[0]: Record(*row[1:]) for row in rows}


def record(user: User, *, at: datetime) -> Record:
    """The record of one person."""
    return records([user.pk], at=at).get(user.pk, NOTHING)


def merchant(user: User) -> MerchantProfile | None:
    """The profile of somebody who is a merchant now."""
    active = MerchantProfile.objects.filter(user=user, state=MerchantState.ACTIVE)
    return active.select_related("tier", "user").first()


def tier_of(user: User) -> Tier:
    """The tier that counts for this person: a merchant's, or everybody's."""
    return tier_as(merchant(user))


def tier_as(profile: MerchantProfile | None) -> Tier:
    """The tier of somebody with this profile."""
    return profile.tier if profile else Tier.objects.get(code=EVERYBODY)


def is_open(profile: MerchantProfile | None, *, at: datetime) -> bool:
    """Whether somebody trades at this hour of theirs; always, where no hours are named.

    Hours may go over midnight. `profile.user` is loaded with it.
    """
    if profile is None or profile.opens_at is None or profile.closes_at is None:
        return True
    now = at.astimezone(zone(profile.user.timezone)).time()
    opens, closes = profile.opens_at, profile.closes_at
    if opens <= closes:
        return opens <= now < closes or opens == closes
    return now >= opens or now < closes


def zone(name: str) -> tzinfo:
    """A time zone by its name; UTC for what is none."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError):
        return UTC


def blocked(one: User, other: User) -> bool:
    """Whether one of the two keeps the other away."""
    either = Q(user=one, other=other) | Q(user=other, other=one)
    return Relation.objects.filter(either, kind=RelationKind.BLOCK).exists()


def reports_on(account: PayoutAccount) -> int:
    """How often a payment from this account was reported: taken back, frozen, not theirs."""
    return Appeal.objects.filter(
        order__payer_account__number_index=account.number_index,
        reason__in=REPORTED,
        fault__in=["", Fault.BUYER, Fault.BOTH],
    ).count()
