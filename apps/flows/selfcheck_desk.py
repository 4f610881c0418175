"""What must find nothing on the desk: orders, money, appeals, ads, steps, transcripts, tallies."""

from collections.abc import Callable, Iterator
from typing import Any

from apps.core import sql
from apps.trades.models import Message
from apps.trades.services.talk import digest_of

#: How many of the newest rows are recounted where recounting all would take too long.
SAMPLE = 500

# What an order's end must have posted; an order that was REJECTED at once held nothing.
ENDS = """
WITH settled AS (
  SELECT ref, min(kind) AS kind FROM ledger_entry WHERE is_terminal GROUP BY ref
)
SELECT o.id, o.status, coalesce(s.kind, 'nothing') FROM trades_order o
LEFT JOIN settled s ON s.ref = o.id
WHERE CASE o.status
  WHEN 'COMPLETED' THEN s.kind IS NULL OR s.kind NOT IN ('J2_RELEASE', 'J4_SPLIT')
  WHEN 'CANCELLED' THEN s.kind IS DISTINCT FROM 'J3_RETURN'
  WHEN 'EXPIRED' THEN s.kind IS DISTINCT FROM 'J3_RETURN'
  WHEN 'REJECTED' THEN s.kind IS DISTINCT FROM (
    SELECT 'J3_RETURN' FROM ledger_entry e WHERE e.ref = o.id AND e.kind = 'J1_HOLD')
  ELSE s.kind IS NOT NULL END
LIMIT 100
"""
ESCROWS = """
SELECT coalesce(o.id, a.ref), coalesce(o.status, 'not there'), coalesce(a.balance, 0),
  CASE WHEN o.ended_at IS NULL THEN coalesce(o.amount + o.seller_fee, 0) ELSE 0 END
FROM trades_order o
FULL JOIN (SELECT * FROM ledger_account WHERE kind = 'ESCROW') a
  ON a.ref = o.id AND a.asset_id = o.asset_id
WHERE coalesce(a.balance, 0) <>
  CASE WHEN o.ended_at IS NULL THEN coalesce(o.amount + o.seller_fee, 0) ELSE 0 END
LIMIT 100
"""
RESERVES = """
SELECT coalesce(a.id, r.ref), coalesce(a.remaining, 0), coalesce(r.balance, 0)
FROM (SELECT * FROM trades_ad WHERE side = 'SELL') a
FULL JOIN (SELECT * FROM ledger_account WHERE kind = 'AD_RESERVED') r
  ON r.ref = a.id AND r.user_id = a.owner_id AND r.asset_id = a.asset_id
WHERE coalesce(a.remaining, 0) <> coalesce(r.balance, 0)
LIMIT 100
"""
# What an order draws: the seller's fee too where the ad sells.
QUANTITIES = """
SELECT a.id, a.quantity, a.remaining, o.open, a.executed, o.done FROM trades_ad a
CROSS JOIN LATERAL (
  SELECT coalesce(sum(draw) FILTER (WHERE ended_at IS NULL), 0) AS open,
    coalesce(sum(draw) FILTER (WHERE status = 'COMPLETED'), 0) AS done
  FROM (SELECT status, ended_at,
          amount + CASE WHEN maker_id = seller_id THEN seller_fee ELSE 0 END AS draw
        FROM trades_order WHERE ad_id = a.id) AS d
) o
WHERE a.quantity <> a.remaining + o.open + a.executed OR a.executed <> o.done
LIMIT 100
"""
# A chain from nowhere to where the order is: every state is left as often as it is entered, but for
# the last one. That needs no order among steps, whose times come from several machines.
STEPS = """
SELECT o.id, o.status, count(s.id) FROM trades_order o
LEFT JOIN trades_orderstep s ON s.order_id = o.id
GROUP BY o.id HAVING count(*) FILTER (WHERE s.before = '') <> 1
  OR count(*) FILTER (WHERE s.after = o.status) - count(*) FILTER (WHERE s.before = o.status) <> 1
LIMIT 100
"""
BETWEEN = """
SELECT order_id, state FROM (
  SELECT order_id, after AS state, 1 AS n FROM trades_orderstep
  UNION ALL SELECT order_id, before, -1 FROM trades_orderstep
  UNION ALL SELECT id, status, -1 FROM trades_order
  UNION ALL SELECT id, '', 1 FROM trades_order
) AS moves GROUP BY order_id, state HAVING sum(n) <> 0 LIMIT 100
"""
LINES = """
SELECT order_id, count(*), max(seq) FROM trades_message
GROUP BY order_id HAVING count(*) <> max(seq) LIMIT 100
"""
TALLIES = """
WITH days AS (
  SELECT * FROM trades_daytally ORDER BY day DESC, user_id LIMIT $1::int
)
SELECT d.user_id, d.day, d.bought, d.sold, d.usd_bought, d.usd_sold,
  r.bought, r.sold, r.usd_bought, r.usd_sold
FROM days d CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE buyer_id = d.user_id) AS bought,
    count(*) FILTER (WHERE seller_id = d.user_id) AS sold,
    coalesce(sum(usd) FILTER (WHERE buyer_id = d.user_id), 0) AS usd_bought,
    coalesce(sum(usd) FILTER (WHERE seller_id = d.user_id), 0) AS usd_sold
  FROM trades_order WHERE d.user_id IN (buyer_id, seller_id) AND released_at IS NOT NULL
    AND (released_at AT TIME ZONE 'UTC')::date = d.day
) r
WHERE (d.bought, d.sold, d.usd_bought, d.usd_sold) IS DISTINCT FROM
  (r.bought::int, r.sold::int, r.usd_bought, r.usd_sold)
LIMIT 100
"""
UNTALLIED = """
SELECT o.id FROM (
  SELECT * FROM trades_order WHERE released_at IS NOT NULL ORDER BY id DESC LIMIT $1::int
) o
WHERE NOT EXISTS (SELECT FROM trades_daytally WHERE user_id = o.buyer_id AND bought > 0
        AND day = (o.released_at AT TIME ZONE 'UTC')::date)
   OR NOT EXISTS (SELECT FROM trades_daytally WHERE user_id = o.seller_id AND sold > 0
        AND day = (o.released_at AT TIME ZONE 'UTC')::date)
LIMIT 100
"""
PAIRS = """
WITH pairs AS (
  SELECT * FROM trades_pairtally ORDER BY last_at DESC LIMIT $1::int
)
SELECT p.user_id, p.other_id, p.orders, r.orders FROM pairs p CROSS JOIN LATERAL (
  SELECT count(*) AS orders FROM trades_order WHERE released_at IS NOT NULL
    AND ((buyer_id = p.user_id AND seller_id = p.other_id)
      OR (seller_id = p.user_id AND buyer_id = p.other_id))
) r
WHERE p.orders <> r.orders LIMIT 100
"""
UNHEARD = """
SELECT o.id FROM trades_order o
WHERE o.status = 'APPEALED' AND NOT EXISTS (
  SELECT FROM trades_appeal a WHERE a.order_id = o.id AND a.state NOT IN ('CLOSED', 'WITHDRAWN'))
LIMIT 100
"""
OVERTAKEN = """
SELECT a.id, o.status FROM trades_appeal a JOIN trades_order o ON o.id = a.order_id
WHERE a.kind = 'LIVE' AND a.carried_out_at IS NULL AND a.state NOT IN ('CLOSED', 'WITHDRAWN')
  AND o.status NOT IN ('APPEALED', 'RELEASING')
LIMIT 100
"""


def orders_settled() -> Iterator[str]:
    """Every order that ended was settled as its state says, and no other was."""
    yield from _rows("order {0} is {1} and was settled by {2}", ENDS)


def escrow_of_orders() -> Iterator[str]:
    """A live order has all of its crypto in escrow, and nothing else lies there."""
    yield from _rows("order {0} ({1}) has {2} in escrow, and should have {3}", ESCROWS)


def ads_reserved() -> Iterator[str]:
    """What a sell ad still offers lies reserved for it, and nothing else does."""
    yield from _rows("ad {0} offers {1} and has {2} reserved", RESERVES)


def ad_quantities() -> Iterator[str]:
    """What an ad still offers, what is in open orders and what was traded are its quantity."""
    yield from _rows(
        "ad {0} of {1}: {2} left, {3} in orders, {4} traded, orders say {5}", QUANTITIES
    )


def order_steps() -> Iterator[str]:
    """The steps of an order lead from nowhere to where it is, without a gap."""
    yield from _rows("order {0} is {1}, which its {2} steps don't lead to", STEPS)
    yield from _rows("order {0} enters {1} and leaves it unevenly often", BETWEEN)


def transcripts() -> Iterator[str]:
    """No line of a chat is missing, and each of a sample carries the digest of the one before."""
    yield from _rows("chat of order {0} has {1} lines and counts {2}", LINES)
    newest = Message.objects.order_by("-id").values_list("order", flat=True)[:SAMPLE]
    lines = Message.objects.filter(order__in=set(newest)).select_related("attachment", "sender")
    order, before = None, ""
    for line in lines.defer("attachment__content").order_by("order", "seq").iterator():
        if line.order_id != order:
            order, before = line.order_id, str(line.order_id)
        # What a person wrote is gone once they were erased; its digest holds the chain together.
        erased = line.sender and line.sender.erased_at and line.body is None
        if not erased and line.digest != digest_of(line, before=before):
            yield f"line {line.seq} of the chat of order {order} is not as it was written"
        before = line.digest


def tallies_recount() -> Iterator[str]:
    """The running totals of a sample of people, days and pairs equal a recount of their orders."""
    yield from _rows(
        "{0} on {1}: tally {2}, {3}, {4}, {5}; orders {6}, {7}, {8}, {9}", TALLIES, SAMPLE
    )
    yield from _rows("order {0} was completed and not counted", UNTALLIED, SAMPLE)
    yield from _rows("{0} with {1}: tally {2}, orders {3}", PAIRS, SAMPLE)


def appeals_of_orders() -> Iterator[str]:
    """An order in appeal has one that is open; one that waits to be settled has such an order."""
    yield from _rows("order {0} is in appeal, and nobody is to decide about it", UNHEARD)
    yield from _rows("appeal {0} waits to be settled, and its order is {1}", OVERTAKEN)


CHECKS: tuple[Callable[[], Iterator[str]], ...] = (
    orders_settled,
    escrow_of_orders,
    ads_reserved,
    ad_quantities,
    order_steps,
    transcripts,
    tallies_recount,
    appeals_of_orders,
)


def _rows(sentence: str, query: str, *params: Any) -> Iterator[str]:
    for row in sql.run(query, params):
        yield sentence.format(*row)
