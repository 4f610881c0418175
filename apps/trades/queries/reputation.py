"""How somebody stands with others: ratings that are weighed, metrics, and days for charts.

Every answer costs the same number of queries, and looks at a bounded number of rows: of ratings at
the newest thousand, of followers at the first thousand.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet

from apps.core import sql
from apps.trades.models import DayTally, MerchantProfile, Rating, RelationKind
from apps.trades.queries import people
from apps.trades.queries.people import Record
from apps.users.models import User

NEWEST_RATINGS = 1_000
MOST_COUNTED = 1_000
LONGEST_SERIES = 90

RATINGS = """
SELECT w.id, count(r.weight)::bigint, count(*) FILTER (WHERE r.is_positive)::bigint,
  coalesce(sum(r.weight), 0)::float, coalesce(sum(r.weight) FILTER (WHERE r.is_positive), 0)::float
FROM unnest($1::uuid[]) AS w(id)
LEFT JOIN LATERAL (
  SELECT is_positive, weight FROM trades_rating t
  WHERE t.rated_id = w.id AND t.hidden_at IS NULL ORDER BY t.id DESC LIMIT $2::int
) r ON true
GROUP BY w.id
"""
# How many trust and follow somebody, and what the viewer is to them.
RELATIONS = """
SELECT
  (SELECT count(*) FROM (SELECT 1 FROM trades_relation
    WHERE other_id = $1::uuid AND kind = 'TRUST' LIMIT $3::int) t),
  (SELECT count(*) FROM (SELECT 1 FROM trades_relation
    WHERE other_id = $1::uuid AND kind = 'FOLLOW' LIMIT $3::int) f),
  ARRAY(SELECT kind FROM trades_relation WHERE user_id = $2::uuid AND other_id = $1::uuid
    ORDER BY kind),
  coalesce((SELECT orders FROM trades_pairtally
    WHERE user_id = $2::uuid AND other_id = $1::uuid), 0)
"""


@dataclass(frozen=True, slots=True)
class Praise:
    """Somebody's newest ratings: how many, how many of them positive, and what they weigh."""

    count: int = 0
    positive: int = 0
    weight: float = 0.0
    positive_weight: float = 0.0

    @property
    def share(self) -> float | None:
        """Positive share by weight; None while nothing that counts was said."""
        return self.positive_weight / self.weight if self.weight else None


UNRATED = Praise()


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What others may know of a person before they deal with them."""

    user: User
    merchant: MerchantProfile | None
    is_open: bool
    record: Record
    praise: Praise
    account_days: int
    trading_days: int | None
    trusted_by: int
    followed_by: int
    # What the viewer is to this person: codes of RelationKind, and their orders together.
    relations: tuple[str, ...]
    orders_together: int

    @property
    def sold(self) -> int:
        """Sales ever completed."""
        return self.record.orders - self.record.bought

    @property
    def appeal_loss_30d(self) -> float | None:
        """Appeals lost per appeal against this person, of thirty days."""
        against = self.record.appeals_30d
        return min(1.0, self.record.faults_30d / against) if against else None

    @property
    def is_trusted(self) -> bool:
        """Whether the viewer trusts this person."""
        return RelationKind.TRUST in self.relations

    @property
    def is_blocked(self) -> bool:
        """Whether the viewer keeps this person away."""
        return RelationKind.BLOCK in self.relations


@dataclass(frozen=True, slots=True)
class Day:
    """One UTC day of somebody's trading, for a chart."""

    day: date
    bought: int = 0
    sold: int = 0
    failed: int = 0
    usd: Decimal = Decimal(0)
    pay_seconds: float | None = None
    release_seconds: float | None = None

    @property
    def completion(self) -> float | None:
        """Completed of what ended by this person's doing or completed; None on a quiet day."""
        done = self.bought + self.sold
        return done / (done + self.failed) if done + self.failed else None


def praise_of(users: Sequence[UUID]) -> dict[UUID, Praise]:
    """The ratings of each of these people, in one query."""
    return {row[0]: Praise(*row[1:]) for row in sql.run(RATINGS, [list(users), NEWEST_RATINGS])}


def profile(user: User, *, viewer: User | None, at: datetime) -> Profile:
    """What somebody's page says, as this viewer sees it: four queries."""
    merchant = people.merchant(user)
    record = people.record(user, at=at)
    praise = praise_of([user.pk]).get(user.pk, UNRATED)
    who = viewer.pk if viewer else None
    ((trusted, followed, relations, together),) = sql.run(RELATIONS, [user.pk, who, MOST_COUNTED])
    today = at.astimezone(UTC).date()
    return Profile(
        user=user,
        merchant=merchant,
        is_open=people.is_open(merchant, at=at),
        record=record,
        praise=praise,
        account_days=(at - user.date_joined).days,
        trading_days=(today - record.first_day).days if record.first_day else None,
        trusted_by=trusted,
        followed_by=followed,
        relations=tuple(relations),
        orders_together=together,
    )


def series(user: User, *, days: int, at: datetime) -> list[Day]:
    """The last days of somebody's trading, oldest first, without gaps; at most ninety."""
    today = at.astimezone(UTC).date()
    first = today - timedelta(days=min(days, LONGEST_SERIES) - 1)
    known = {
        row.day: Day(
            row.day,
            row.bought,
            row.sold,
            row.failed,
            row.usd_bought + row.usd_sold,
            row.pay_seconds / row.pays if row.pays else None,
            row.release_seconds / row.releases if row.releases else None,
        )
        for row in DayTally.objects.filter(user=user, day__gte=first, day__lte=today)
    }
    span = (first + timedelta(days=past) for past in range((today - first).days + 1))
    return [known.get(day, Day(day)) for day in span]


def ratings_of(user: User) -> QuerySet[Rating]:
    """What was said of somebody and is not hidden, newest first."""
    return Rating.objects.filter(rated=user, hidden_at=None).select_related("rater").order_by("-id")


def rated_by(user: User, order: UUID) -> Rating | None:
    """What this party said of an order."""
    return Rating.objects.filter(order=order, rater=user).first()
