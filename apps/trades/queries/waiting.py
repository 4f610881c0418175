"""What waits for somebody: open orders and unread notices, counted in one statement."""

from dataclasses import dataclass

from apps.core import sql
from apps.trades.models import LIVE
from apps.users.models import User

#: More than this are not told apart.
MOST = 100

COUNT = """
SELECT
  (SELECT count(*) FROM (
     SELECT 1 FROM trades_order WHERE buyer_id = $1::uuid AND status = ANY($2::varchar[])
     UNION ALL
     SELECT 1 FROM trades_order WHERE seller_id = $1::uuid AND status = ANY($2::varchar[])
     LIMIT $3::int) AS live),
  (SELECT count(*) FROM (
     SELECT 1 FROM trades_notice WHERE user_id = $1::uuid AND read_at IS NULL
     LIMIT $3::int) AS unread)
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Counts up to MOST."""

    orders: int = 0
    notices: int = 0


NOTHING = Waiting()


def of(user: User) -> Waiting:
    """Count what waits for this person."""
    [(orders, notices)] = sql.run(COUNT, [user.pk, list(LIVE), MOST])
    return Waiting(orders=orders, notices=notices)
