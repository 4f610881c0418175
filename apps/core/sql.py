"""The hot path's door to PostgreSQL: prepared statements on Django's own transaction.

Django binds parameters on the client, so the server parses and plans every statement anew. Here
they are bound on the server, under `$1`, `$2` … and each text is prepared once per connection.

Every parameter travels without a type, and the server takes the type from the statement: write
`$1::bigint` wherever the context leaves it open. Were the driver to name types (it would call 7 a
smallint, 7 000 000 000 a bigint, None nothing), one text would become many prepared statements.
"""

import logging
import struct
import time
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection
from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap, Dumper, PyFormat
from psycopg.pq import Format
from psycopg.types.array import ListDumper
from psycopg.types.bool import BoolDumper
from psycopg.types.datetime import DateDumper
from psycopg.types.numeric import DecimalDumper, FloatDumper, Int8Dumper
from psycopg.types.string import BytesBinaryDumper, StrDumperUnknown
from psycopg.types.uuid import UUIDDumper

UNTYPED = 0
# Only statements that ask for it are prepared; Django's None would forbid even those.
ON_REQUEST_ONLY = 1_000_000_000
# A binary float4[] without dimensions.
EMPTY_REALS = struct.pack("!iiI", 0, 0, 700)
HEADER_OF_REALS = struct.Struct("!iiIii").pack
PACK_REAL = struct.Struct("!if").pack
NULL = struct.pack("!i", -1)

logger = logging.getLogger("django.db.backends")


def run(sql: str, params: Sequence[Any] = (), *, prepare: bool = True) -> list[tuple[Any, ...]]:
    """Run one statement with `$n` placeholders on Django's connection and return its rows."""
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    raw = connection.connection
    if raw.prepare_threshold is None:
        raw.prepare_threshold = ON_REQUEST_ONLY
    cursor = _Cursor(raw)
    execute: Callable[..., list[tuple[Any, ...]]] = partial(_execute, cursor, prepare)
    for wrapper in reversed(connection.execute_wrappers):
        execute = partial(wrapper, execute)
    context = {"connection": connection, "cursor": cursor}
    if not connection.queries_logged:
        return execute(sql, params, False, context)
    started = time.monotonic()
    try:
        return execute(sql, params, False, context)
    finally:
        took = time.monotonic() - started
        connection.queries_log.append({"sql": sql, "time": f"{took:.3f}"})
        logger.debug("(%.3f) %s", took, sql, extra={"duration": took, "sql": sql})


class Reals:
    """Numbers bound for a `real[]`, NaN as NULL, packed in binary: much faster than a list."""

    __slots__ = ("values",)

    def __init__(self, values: Sequence[float]) -> None:
        self.values = values


def _execute(
    cursor: "_Cursor",
    prepare: bool,
    sql: str,
    params: Sequence[Any],
    many: bool,
    context: dict[str, Any],
) -> list[tuple[Any, ...]]:
    with connection.wrap_database_errors:
        cursor.execute(sql, params, prepare=prepare, binary=True)
        return cursor.fetchall() if cursor.description is not None else []


class _Int(Int8Dumper):
    oid = UNTYPED


class _Float(FloatDumper):
    oid = UNTYPED


class _Decimal(DecimalDumper):
    oid = UNTYPED


class _Bool(BoolDumper):
    oid = UNTYPED


class _Uuid(UUIDDumper):
    oid = UNTYPED


class _Bytes(BytesBinaryDumper):
    oid = UNTYPED


class _Date(DateDumper):
    oid = UNTYPED


class _Moment(Dumper):
    oid = UNTYPED

    def dump(self, obj: datetime) -> Buffer:
        if obj.tzinfo is None:
            raise psycopg.DataError("a moment needs a time zone")
        return str(obj).encode()


class _List(ListDumper):
    oid = UNTYPED

    def get_key(self, obj: list[Any], format: PyFormat) -> type:
        return self.cls

    def upgrade(self, obj: list[Any], format: PyFormat) -> "_List":
        return self

    def dump(self, obj: list[Any]) -> Buffer | None:
        # Numbers need no quotes: for them the general way costs ten times as much.
        kinds = set(map(type, obj))
        if kinds == {int} or kinds == {float}:
            return f"{{{','.join(map(repr, obj))}}}".encode()
        return super().dump(obj)


class _Reals(Dumper):
    format = Format.BINARY
    oid = UNTYPED

    def dump(self, obj: Reals) -> Buffer:
        if not obj.values:
            return EMPTY_REALS
        # Array header: dimensions, has-nulls, element type float4, length, lower bound; then each
        # element with its length in front. Unknown is NULL, which takes a bit instead of 4 bytes.
        cells = [NULL if x != x else PACK_REAL(4, x) for x in obj.values]
        return HEADER_OF_REALS(1, 1, 700, len(cells), 1) + b"".join(cells)


def _adapters() -> AdaptersMap:
    adapters = AdaptersMap(psycopg.adapters)
    adapters.register_dumper(str, StrDumperUnknown)
    for kind, dumper in (
        (int, _Int),
        (float, _Float),
        (Decimal, _Decimal),
        (bool, _Bool),
        (UUID, _Uuid),
        (bytes, _Bytes),
        (date, _Date),
        (datetime, _Moment),
        (list, _List),
        (Reals, _Reals),
    ):
        adapters.register_dumper(kind, dumper)
    return adapters


ADAPTERS = _adapters()


class _Cursor(psycopg.RawCursor[tuple[Any, ...]]):
    __slots__ = ()

    @property
    def adapters(self) -> AdaptersMap:
        return ADAPTERS
