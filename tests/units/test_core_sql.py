"""One text is one prepared statement with one generic plan, whatever its parameters are."""

import math
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from apps.core import sql

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 1, 12, 0, 0, 123_456, tzinfo=UTC)
SOME_ID = UUID("018f0000-0000-7000-8000-000000000001")


def prepared(text: str) -> list[tuple[int, int]]:
    return [
        (generic, custom)
        for generic, custom in sql.run(
            "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement = $1",
            [text],
            prepare=False,
        )
    ]


def test_a_statement_is_prepared_once_and_planned_generically() -> None:
    text = "SELECT g FROM generate_series(1, 10) g WHERE g = $1::int /* generic */"
    for n in range(8):
        sql.run(text, [n])
    assert prepared(text) == [(8, 0)]


def test_small_large_and_missing_values_share_one_prepared_statement() -> None:
    text = "SELECT $1::bigint, $2::numeric, $3::timestamptz /* shared */"
    for number in (1, 70_000, 7_000_000_000, None):
        for amount in (Decimal("0.01"), Decimal("9" * 20), None):
            for at in (NOON, None):
                assert sql.run(text, [number, amount, at]) == [(number, amount, at)]
    assert len(prepared(text)) == 1


@pytest.mark.parametrize(
    ("cast", "value"),
    [
        ("bigint", -(2**63)),
        ("smallint", 7),
        ("numeric", Decimal("-12345678901234567890.123456789012345678")),
        ("float8", 0.1),
        ("boolean", False),
        ("uuid", SOME_ID),
        ("timestamptz", NOON),
        ("date", date(2026, 3, 1)),
        ("text", "it's 100 % \\ “ok” $1 %s"),
        ("bytea", bytes(range(256))),
        ("bigint[]", [1, -(2**63), 2**63 - 1]),
        ("bigint[]", []),
        ("bigint[]", [1, None]),
        ("float8[]", [0.1, 1e300]),
        ("boolean[]", [True, False]),
        ("text[]", ["a,b", 'say "hi"', "", "NULL", None]),
        ("uuid[]", [SOME_ID]),
        ("timestamptz[]", [NOON]),
        ("numeric[]", [Decimal("1.50"), Decimal("2")]),
        ("bigint[]", [[1, 2], [3, 4]]),
    ],
)
def test_values_arrive_and_return_as_they_were(cast: str, value: object) -> None:
    [(back,)] = sql.run(f"SELECT $1::{cast}", [value])
    assert back == value
    assert type(back) is type(value)


def test_json_is_sent_as_text_and_returns_as_values() -> None:
    assert sql.run("SELECT $1::jsonb", ['{"a": [1, null]}']) == [({"a": [1, None]},)]


def test_a_vector_of_reals_travels_with_its_missing_values() -> None:
    vector = [0.5, math.nan, -1.0, math.inf]
    [(back,)] = sql.run("SELECT $1::real[]", [sql.Reals(vector)])
    assert [str(number) for number in back] == ["0.5", "None", "-1.0", "inf"]
    assert sql.run("SELECT $1::real[]", [sql.Reals([])]) == [([],)]


def test_a_parameter_may_be_used_more_than_once() -> None:
    assert sql.run("SELECT $1::int + $1, $2 || '%' || $2", [2, "a"]) == [(4, "a%a")]


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(DataError, match="time zone"):
        sql.run("SELECT $1::timestamptz", [datetime(2026, 1, 1)])


def test_it_runs_in_djangos_transaction() -> None:
    sql.run("CREATE TEMPORARY TABLE core_seen (n int) ON COMMIT DROP")
    with transaction.atomic():
        sql.run("INSERT INTO core_seen VALUES ($1)", [1])
        transaction.set_rollback(True)
    assert sql.run("SELECT count(*) FROM core_seen") == [(0,)]
    assert sql.run("INSERT INTO core_seen VALUES ($1)", [2]) == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT n FROM core_seen")
        assert cursor.fetchall() == [(2,)]


def test_statements_count_where_tests_count(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(2):
        sql.run("SELECT 1")
        sql.run("SELECT $1::int", [2])
    with CaptureQueriesContext(connection) as captured:
        sql.run("SELECT $1::int /* seen */", [3])
    assert [query["sql"] for query in captured] == ["SELECT $1::int /* seen */"]


def test_wrappers_of_django_see_each_statement() -> None:
    def refuse(execute: Callable[..., Any], text: str, *rest: Any) -> Any:
        raise PermissionError(text)

    with connection.execute_wrapper(refuse), pytest.raises(PermissionError, match="SELECT 1"):
        sql.run("SELECT 1")


def test_errors_are_djangos_and_break_the_transaction_as_any_other() -> None:
    sql.run("CREATE TEMPORARY TABLE core_once (n int UNIQUE) ON COMMIT DROP")
    sql.run("INSERT INTO core_once VALUES (1)")
    with transaction.atomic():
        with pytest.raises(IntegrityError), transaction.atomic():
            sql.run("INSERT INTO core_once VALUES (1)")
        assert sql.run("SELECT n FROM core_once") == [(1,)]
        transaction.set_rollback(True)
        with pytest.raises(TransactionManagementError):
            sql.run("SELECT 1")
        transaction.set_rollback(False)


def test_it_prepares_even_where_django_was_told_not_to() -> None:
    raw = connection.connection
    before = raw.prepare_threshold
    raw.prepare_threshold = None
    try:
        text = "SELECT $1::int /* threshold */"
        sql.run(text, [1])
        assert len(prepared(text)) == 1
    finally:
        raw.prepare_threshold = before
