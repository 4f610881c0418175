"""What the desk's own backend is told so that it can wake people's phones: ids, codes and counts.

Never a text, a name, an address or anything that the engine thinks: a push travels through the
servers of whoever made the phone.
"""

from typing import Any
from uuid import UUID

from apps.core import sql
from apps.events.models import Entity, Event

#: Lines that each party of an order has not read, the desk's own among them.
UNREAD = """
SELECT p.id, (
  SELECT count(*) FROM trades_message m
  WHERE m.order_id = o.id AND m.sender_id IS DISTINCT FROM p.id AND m.seq > coalesce((
    SELECT r.seq FROM trades_readmark r WHERE r.order_id = o.id AND r.reader_id = p.id), 0)
)
FROM trades_order o CROSS JOIN LATERAL (VALUES (o.buyer_id), (o.seller_id)) AS p(id)
WHERE o.id = $1::uuid
"""


def words_of(event: Event) -> dict[str, Any]:
    """An event of the desk's own people: whom it is about, which order, how much is unread."""
    order = event.data.get("order")
    people = [event.user_id, event.counterparty_id]
    found = Entity.objects.in_bulk([id for id in people if id is not None])
    user, counterparty = (found[id].ref if id in found else None for id in people)
    unread = sql.run(UNREAD, [UUID(order)]) if order else []
    return {
        "event_id": str(event.pk),
        "order": order,
        "user": user,
        "counterparty": counterparty,
        "unread": {str(id): count for id, count in unread},
    }
