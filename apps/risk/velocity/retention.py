"""Retention: a month of history is dropped, what features still need of it is folded first.

The last point of each head inside the month becomes the head's base: what a window asks of a
dropped tail. Events, decisions and points of the month go together; heads, edges and seals stay.
"""

from datetime import UTC, date, datetime

from django.db import connection

from apps.core import partitions
from apps.core.partitions import months, partition_name
from apps.events.models import Retirement

#: Windows reach 90 days back: history younger than this is never dropped.
SHORTEST_DAYS = 125

_FOLD = """
UPDATE risk_head h SET base_n = p.n, base_cents = p.cents, base_squares = p.squares
FROM (
  SELECT DISTINCT ON (entity, stream) entity, stream, n, cents, squares FROM {partition}
  ORDER BY entity, stream, at DESC, n DESC
) p
WHERE h.entity = p.entity AND h.stream = p.stream AND p.n > h.base_n
"""


def due(*, at: datetime, keep_days: int) -> list[date]:
    """Return the months of which no day is younger than `keep_days`, oldest first."""
    keep = max(keep_days, SHORTEST_DAYS)
    found: set[date] = set()
    for table in partitions.registered():
        found.update(months(table.table))
    return sorted(
        month
        for month in found
        if (at - datetime.combine(partitions.next_month(month), datetime.min.time(), UTC)).days
        >= keep
    )


def retire(month: date, *, at: datetime) -> list[str]:
    """Fold and drop one month of events, decisions and points; return the tables dropped."""

    def fold(of: date) -> None:
        with connection.cursor() as cursor:
            name = connection.ops.quote_name(partition_name("risk_point", of))
            cursor.execute(_FOLD.format(partition=name))
        _note("risk_point", of, at)

    def note(table: str) -> object:
        return lambda of: _note(table, of, at)

    before = {t.table: note(t.table) for t in partitions.registered()} | {"risk_point": fold}
    return partitions.drop(month, before=before)  # type: ignore[arg-type]


def _note(table: str, month: date, at: datetime) -> None:
    with connection.cursor() as cursor:
        name = connection.ops.quote_name(partition_name(table, month))
        cursor.execute(f"SELECT count(*) FROM {name}")
        rows = cursor.fetchone()[0]
    Retirement.objects.get_or_create(
        table=table, month=month, defaults={"rows": rows, "retired_at": at}
    )
