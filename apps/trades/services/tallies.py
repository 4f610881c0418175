"""Running totals of what people did: added to as orders end, so that no page counts orders."""

import json
from datetime import UTC, datetime

from apps.core import sql
from apps.trades.models import Order
from apps.users.models import User

# One row per person and day, locked in the order of the people.
ADD = """
INSERT INTO trades_daytally AS t (user_id, day, bought, sold, failed, pays, pay_seconds, releases,
  release_seconds, usd_bought, usd_sold, appeals, faults)
SELECT user_id, $2::date, bought, sold, failed, pays, pay_seconds, releases, release_seconds,
  usd_bought, usd_sold, appeals, faults
FROM jsonb_to_recordset($1::jsonb) AS r(user_id uuid, bought int, sold int, failed int, pays int,
  pay_seconds bigint, releases int, release_seconds bigint, usd_bought numeric, usd_sold numeric,
  appeals int, faults int)
ORDER BY user_id
ON CONFLICT (user_id, day) DO UPDATE SET
  bought = t.bought + excluded.bought, sold = t.sold + excluded.sold,
  failed = t.failed + excluded.failed, pays = t.pays + excluded.pays,
  pay_seconds = t.pay_seconds + excluded.pay_seconds, releases = t.releases + excluded.releases,
  release_seconds = t.release_seconds + excluded.release_seconds,
  usd_bought = t.usd_bought + excluded.usd_bought, usd_sold = t.usd_sold + excluded.usd_sold,
  appeals = t.appeals + excluded.appeals, faults = t.faults + excluded.faults
"""
PAIR = """
INSERT INTO trades_pairtally AS t (user_id, other_id, orders, first_at, last_at)
SELECT a, b, 1, $3::timestamptz, $3::timestamptz
FROM (VALUES ($1::uuid, $2::uuid), ($2::uuid, $1::uuid)) AS p(a, b) ORDER BY a
ON CONFLICT (user_id, other_id) DO UPDATE SET orders = t.orders + 1, last_at = excluded.last_at
"""
NOTHING = {
    "bought": 0, "sold": 0, "failed": 0, "pays": 0, "pay_seconds": 0, "releases": 0,
    "release_seconds": 0, "usd_bought": "0", "usd_sold": "0", "appeals": 0, "faults": 0,
}  # fmt: skip


def completed(order: Order, *, at: datetime) -> None:
    """Both parties have completed an order, with how long each took."""
    paid, released = order.paid_at, order.released_at
    buyer = {"user_id": str(order.buyer_id), "bought": 1, "usd_bought": str(order.usd)}
    seller = {"user_id": str(order.seller_id), "sold": 1, "usd_sold": str(order.usd)}
    if paid:
        buyer |= {"pays": 1, "pay_seconds": _seconds(order.created_at, paid)}
    if paid and released:
        seller |= {"releases": 1, "release_seconds": _seconds(paid, released)}
    _add([buyer, seller], at)
    sql.run(PAIR, [order.buyer_id, order.seller_id, at])


def failed(order: Order, *, at_fault: User | None, at: datetime) -> None:
    """An order ended without a release; it counts against whoever let it fail."""
    if at_fault is not None:
        _add([{"user_id": str(at_fault.pk), "failed": 1}], at)


def appealed(*, against: User, at: datetime) -> None:
    """Somebody appealed against this person."""
    _add([{"user_id": str(against.pk), "appeals": 1}], at)


def found_at_fault(*, user: User, at: datetime) -> None:
    """An appeal was decided against this person."""
    _add([{"user_id": str(user.pk), "faults": 1}], at)


def _add(rows: list[dict[str, object]], at: datetime) -> None:
    sql.run(ADD, [json.dumps([NOTHING | row for row in rows]), at.astimezone(UTC).date()])


def _seconds(one: datetime, two: datetime) -> int:
    return max(0, round((two - one).total_seconds()))
