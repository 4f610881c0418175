"""What bounds a person's trading now: how much, why, until when; the facts of trading's half.

Restrictions come from above: apps.flows.own_limits puts both together.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Q, Sum

from apps.core.money import short
from apps.ledger.models import AcquisitionLock
from apps.trades import limits
from apps.trades.models import LIVE, AddressBookEntry, DayTally, Order, Rail, Tier
from apps.trades.queries import orders, people
from apps.users.models import PayoutAccount, User

DAY = timedelta(hours=24)
NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """One bound: a stable code, what it is about, how much, how much is left, why, until when.

    `usd` and `left` are USD, or units of `asset` where one is named; `count` bounds a number.
    `until` is when it ends or grows by itself. `about` names a rail, an ability, an address.
    """

    code: str
    why: str
    about: str = ""
    usd: Decimal | None = None
    left: Decimal | None = None
    count: int | None = None
    count_left: int | None = None
    asset: str = ""
    amount: Decimal | None = None
    until: datetime | None = None


def bounds_of(user: User, *, at: datetime) -> list[Bound]:
    """Every bound that follows from standing, age and past deeds: at most ten queries."""
    tier = people.tier_of(user)
    return [
        *_of_tier(user, tier, at=at),
        *_of_kyc(user),
        *_of_rails(user, tier, at=at),
        *_cooling(user, at=at),
        *_locked(user, at=at),
    ]


def lifetime_usd(user: User) -> Decimal:
    """USD of everything that this person completed or has open, on either side."""
    done = DayTally.objects.filter(user=user).aggregate(
        bought=Sum("usd_bought"), sold=Sum("usd_sold")
    )
    open_ = Order.objects.filter(Q(buyer=user) | Q(seller=user), status__in=LIVE)
    return sum(
        (value or NOTHING for value in (*done.values(), open_.aggregate(usd=Sum("usd"))["usd"])),
        NOTHING,
    )


def left_of_life(user: User) -> Decimal | None:
    """USD that somebody may still trade at their verification level; None without such a cap."""
    cap = limits.KYC_TOTALS.get(user.kyc_level)
    return None if cap is None else max(NOTHING, cap - lifetime_usd(user))


def _of_tier(user: User, tier: Tier, *, at: datetime) -> list[Bound]:
    spent = orders.usd_of_day(user, at=at)
    open_ = orders.open_taken(user)
    whose = f"It is the limit of your tier ({tier.name})."
    return [
        Bound(code="TIER_ORDER", usd=tier.order_limit_usd, why=f"For one order. {whose}"),
        Bound(
            code="DAY",
            usd=tier.day_limit_usd,
            left=max(NOTHING, tier.day_limit_usd - spent),
            why=f"In 24 hours, for orders that you take. {whose}",
        ),
        Bound(
            code="OPEN_ORDERS",
            count=tier.max_open_orders,
            count_left=max(0, tier.max_open_orders - open_),
            why=f"Orders that you took and that are not over. {whose}",
        ),
        Bound(code="ADS", count=tier.max_ads, why=f"Ads at a time. {whose}"),
    ]


def _of_kyc(user: User) -> list[Bound]:
    found = []
    if (order := limits.KYC_LIMITS.get(user.kyc_level)) is not None:
        why = (
            "Verify your identity to trade."
            if not order
            else f"For one order at verification level {user.kyc_level}. A higher one raises it."
        )
        found.append(Bound(code="KYC", usd=order, why=why))
    if (cap := limits.KYC_TOTALS.get(user.kyc_level)) is not None:
        found.append(
            Bound(
                code="KYC_TOTAL",
                usd=cap,
                left=left_of_life(user),
                why=f"In all, at verification level {user.kyc_level}. A higher one ends it.",
            )
        )
    return found


def _of_rails(user: User, tier: Tier, *, at: datetime) -> list[Bound]:
    """The tightest bound on buying over each of the person's own payment accounts."""
    accounts = list(PayoutAccount.objects.filter(user=user, removed_at=None).order_by("added_at"))
    rails = Rail.objects.in_bulk({account.rail for account in accounts})
    found = []
    for account in accounts:
        rail = rails.get(account.rail)
        if rail is None:
            continue
        tightest = limits.of_account(rail=rail, account=account, buys=True, at=at)
        young = tightest.usd < rail.limit_usd
        found.append(
            Bound(
                code="ACCOUNT_AGE" if young else "RAIL",
                about=f"{rail.code}:{account.pk}",
                usd=min(tightest.usd, tier.order_limit_usd),
                until=tightest.grows_at,
                why=f"For one purchase with this {rail.name} account."
                + (
                    " It grows with the age of the account."
                    if tightest.grows_at
                    else " It grows once your first order with the account is completed."
                    if young
                    else ""
                ),
            )
        )
    return found


def _cooling(user: User, *, at: datetime) -> list[Bound]:
    entries = AddressBookEntry.objects.filter(user=user, removed_at=None, usable_at__gt=at)
    return [
        Bound(
            code="NEW_ADDRESS",
            about=str(entry.pk),
            until=entry.usable_at,
            why=f"The address “{entry.label}” is new: nothing is sent there until then.",
        )
        for entry in entries.order_by("usable_at")
    ]


def _locked(user: User, *, at: datetime) -> list[Bound]:
    held = AcquisitionLock.objects.filter(user=user, lifted_at=None, until__gt=at)
    return [
        Bound(
            code="T_PLUS_N",
            about=str(lock.order),
            asset=lock.asset_id,
            amount=lock.amount,
            until=lock.until,
            why=f"{short(lock.amount)} {lock.asset_id} that you bought stay on the desk until "
            "then: time for a payment to be taken back.",
        )
        for lock in held.order_by("until")
    ]
