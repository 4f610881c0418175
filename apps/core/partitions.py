"""Months as partitions: created before they are needed, dropped when retention says so.

An app registers its partitioned tables in AppConfig.ready(). A table's migration declares
`PARTITION BY RANGE (id)` (uuid7) or by a timestamptz; its partitions are made here, in UTC months.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Literal

from django.db import connection, transaction

from apps.core import sql
from apps.core.append_only import truncate_refused_sql
from apps.core.ids import entity_id, uuid7_floor
from apps.core.locks import hold

LOCK = entity_id(kind="lock", scope="core", ref="partitions")
# Dropping waits for readers and makes writers wait behind it: better to try again later.
DROP_LOCK_TIMEOUT = "5s"
MAX_NAME = 63
SUFFIX = re.compile(r"_p(\d{4})(\d{2})$")

# Reads pg_class itself: to_regclass(partition) alone would remember, from before the lock was
# taken, that there was none.
MISSING = """
SELECT name
FROM unnest($1::text[]) AS name
JOIN pg_class parent ON parent.oid = to_regclass(quote_ident(name))
WHERE NOT EXISTS (
    SELECT FROM pg_class child
    WHERE child.relname = name || $2::text AND child.relnamespace = parent.relnamespace
)
ORDER BY name
"""
TRANSACTION = "SELECT pg_current_xact_id_if_assigned()::text"
PARTITIONS = """
SELECT child.relname::text
FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
WHERE inhparent = to_regclass(quote_ident($1::text))
ORDER BY 1
"""


@dataclass(frozen=True, kw_only=True)
class Partitioned:
    """A table partitioned by month, on a uuid7 or on a timestamptz."""

    table: str
    key: Literal["uuid7", "timestamptz"]
    append_only: bool = False
    # Storage parameters of each partition, such as {"fillfactor": 80}.
    storage: Mapping[str, str | int | float] = field(default_factory=dict)


_registered: dict[str, Partitioned] = {}
# (database, month) whose partitions are all there, and those made by a transaction still open.
_known: set[tuple[str, date]] = set()
_uncommitted: dict[tuple[str, date], str] = {}


def register(partitioned: Partitioned) -> None:
    """Take a table into the care of this module."""
    if len(partitioned.table) + len("_p000000") > MAX_NAME:
        raise ValueError(f"{partitioned.table} leaves no room for the month in a partition's name")
    _registered[partitioned.table] = partitioned
    forget()


def registered() -> tuple[Partitioned, ...]:
    """Every table in this module's care."""
    return tuple(_registered.values())


def forget() -> None:
    """Forget which months are known: needed after tables were created or dropped elsewhere."""
    _known.clear()
    _uncommitted.clear()


def ensure(at: datetime) -> None:
    """Make sure that every registered table has the partition for the month of `at`.

    Free once the month is known to this process. To be called before entity locks are taken:
    the first writer of a month waits for a lock that every other first writer wants.
    """
    month = month_of(at)
    known = (connection.settings_dict["NAME"], month)
    if known in _known or not _registered:
        return
    with transaction.atomic():
        missing = _missing(month)
        if not missing:
            # What our own open transaction made is visible, but gone again if it rolls back.
            maker = _uncommitted.get(known)
            if maker is None or maker != sql.run(TRANSACTION)[0][0]:
                _known.add(known)
            return
        hold(LOCK)
        for table in _missing(month):
            _create(_registered[table], month)
        _uncommitted[known] = sql.run(TRANSACTION)[0][0]
        transaction.on_commit(lambda: _committed(known))


def ensure_ahead(at: datetime, months: int = 2) -> None:
    """Make sure of the partitions for the month of `at` and the `months` after it."""
    month = month_of(at)
    for _ in range(months + 1):
        ensure(_start(month))
        month = next_month(month)


def months(table: str) -> list[date]:
    """The months that the table has partitions for, oldest first, each as its first day."""
    found = (SUFFIX.search(name) for (name,) in sql.run(PARTITIONS, [table]))
    return sorted(date(int(match[1]), int(match[2]), 1) for match in found if match)


def drop(
    month: date,
    *,
    before: Mapping[str, Callable[[date], None]] | None = None,
    tables: Collection[str] | None = None,
) -> list[str]:
    """Drop the month's partition of each registered table (or of `tables`); names of the dropped.

    `before[table](month)` runs first, in the same transaction: the place to fold what features
    still need. If one fails, nothing is dropped.
    """
    if tables is not None and (unknown := set(tables) - set(_registered)):
        raise ValueError(f"not registered: {', '.join(sorted(unknown))}")
    dropped = []
    with transaction.atomic():
        hold(LOCK)
        due = [t for t in _registered if (tables is None or t in tables) and month in months(t)]
        for table in due:
            if before and table in before:
                before[table](month)
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{DROP_LOCK_TIMEOUT}'")
            for table in due:
                name = partition_name(table, month)
                cursor.execute(f"DROP TABLE {connection.ops.quote_name(name)}")
                dropped.append(name)
            cursor.execute("SET LOCAL lock_timeout TO DEFAULT")
        transaction.on_commit(forget)
    return dropped


def month_of(at: datetime) -> date:
    """The first day of the UTC month of a moment."""
    if at.tzinfo is None:
        raise ValueError("a month needs a moment with a time zone")
    utc = at.astimezone(UTC)
    return date(utc.year, utc.month, 1)


def next_month(month: date) -> date:
    """The first day of the month after."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def partition_name(table: str, month: date) -> str:
    """The name of a table's partition for a month."""
    return f"{table}_p{month:%Y%m}"


def _missing(month: date) -> list[str]:
    return [name for (name,) in sql.run(MISSING, [list(_registered), partition_name("", month)])]


def _create(partitioned: Partitioned, month: date) -> None:
    quote = connection.ops.quote_name
    parent = quote(partitioned.table)
    name = partition_name(partitioned.table, month)
    options = ", ".join(f"{key} = {value}" for key, value in partitioned.storage.items())
    with connection.cursor() as cursor:
        # Created apart and attached: unlike PARTITION OF, that stops neither readers nor writers.
        cursor.execute(
            f"CREATE TABLE {quote(name)} (LIKE {parent} INCLUDING ALL EXCLUDING IDENTITY)"
            + (f" WITH ({options})" if options else "")
        )
        lower, upper = _bound(partitioned, month), _bound(partitioned, next_month(month))
        cursor.execute(
            f"ALTER TABLE {parent} ATTACH PARTITION {quote(name)} "
            f"FOR VALUES FROM ('{lower}') TO ('{upper}')"
        )
        if partitioned.append_only:
            cursor.execute(truncate_refused_sql(name))


def _bound(partitioned: Partitioned, month: date) -> str:
    start = _start(month)
    return str(uuid7_floor(start)) if partitioned.key == "uuid7" else start.isoformat()


def _start(month: date) -> datetime:
    return datetime(month.year, month.month, 1, tzinfo=UTC)


def _committed(known: tuple[str, date]) -> None:
    _uncommitted.pop(known, None)
    _known.add(known)
