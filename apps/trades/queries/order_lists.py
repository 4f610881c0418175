"""A person's orders, newest first: two walks along the indexes of both sides, merged."""

from dataclasses import dataclass
from uuid import UUID

from apps.core import sql
from apps.trades.models import LIVE, Order
from apps.users.models import User

SIZE = 25
OPEN, ENDED, APPEALED = "open", "ended", "appealed"
BUYING, SELLING = "buying", "selling"
ENDS = ("COMPLETED", "CANCELLED", "EXPIRED", "REJECTED")

# $1 person, $2 statuses, $3 order after which to go on, $4 how many.
WALK = """
(SELECT id, created_at FROM trades_order
 WHERE {side}_id = $1::uuid AND status = ANY($2::varchar[])
   AND ($3::uuid IS NULL OR (created_at, id) <
        (SELECT o.created_at, o.id FROM trades_order o WHERE o.id = $3::uuid))
 ORDER BY created_at DESC, id DESC LIMIT $4::int)
"""
BOTH = (
    f"SELECT id FROM ({WALK.format(side='buyer')} UNION ALL {WALK.format(side='seller')}) AS merged"
    " ORDER BY created_at DESC, id DESC LIMIT $4::int"
)
ONE = {
    BUYING: f"SELECT id FROM {WALK.format(side='buyer')} AS one",
    SELLING: f"SELECT id FROM {WALK.format(side='seller')} AS one",
}
STATUSES = {OPEN: LIVE, ENDED: ENDS, APPEALED: ("APPEALED",)}


@dataclass(frozen=True, slots=True)
class OrderPage:
    """Orders of a page, and after which one the next page goes on (None: that was all)."""

    orders: list[Order]
    next: UUID | None


def orders_page(
    actor: User, *, state: str = "", side: str = "", after: UUID | None = None, size: int = SIZE
) -> OrderPage:
    """A page of this person's orders; `state` OPEN, ENDED or APPEALED, `side` BUYING or SELLING."""
    statuses = list(STATUSES.get(state, (*LIVE, *ENDS)))
    ids = [row[0] for row in sql.run(ONE.get(side, BOTH), [actor.pk, statuses, after, size + 1])]
    rows = Order.objects.filter(pk__in=ids[:size]).select_related(
        "buyer", "seller", "asset", "fiat", "rail"
    )
    orders = sorted(rows, key=lambda order: ids.index(order.pk))
    return OrderPage(orders=orders, next=ids[size - 1] if len(ids) > size else None)
