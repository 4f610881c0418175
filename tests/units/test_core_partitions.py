"""Months come before they are needed and go when they are no longer kept."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.core import partitions, sql
from apps.core.append_only import append_only_sql
from apps.core.ids import uuid7
from apps.core.partitions import Partitioned

pytestmark = pytest.mark.django_db

NEW_YEARS_EVE = datetime(2031, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
DECEMBER, JANUARY = date(2031, 12, 1), date(2032, 1, 1)
BY_ID = Partitioned(
    table="core_by_id",
    key="uuid7",
    append_only=True,
    storage={"fillfactor": 80, "autovacuum_vacuum_insert_scale_factor": 0.05},
)
BY_TIME = Partitioned(table="core_by_time", key="timestamptz")


@pytest.fixture(autouse=True)
def two_tables(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two empty partitioned tables, alone in the registry."""
    monkeypatch.setattr(partitions, "_registered", {})
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE core_by_id (id uuid PRIMARY KEY, n int NOT NULL DEFAULT 3 CHECK (n > 0))"
            " PARTITION BY RANGE (id)"
        )
        cursor.execute(append_only_sql("core_by_id"))
        cursor.execute("CREATE TABLE core_by_time (at timestamptz) PARTITION BY RANGE (at)")
        cursor.execute("CREATE INDEX ON core_by_time (at)")
    partitions.register(BY_ID)
    partitions.register(BY_TIME)
    yield
    partitions.forget()


def add(at: datetime) -> str:
    """Write one row at that moment; the partition that took it."""
    rows = sql.run(
        "INSERT INTO core_by_id (id) VALUES ($1) RETURNING tableoid::regclass::text", [uuid7(at)]
    )
    return str(rows[0][0])


def test_each_registered_table_gets_the_month() -> None:
    partitions.ensure(NEW_YEARS_EVE)
    assert partitions.months("core_by_id") == [DECEMBER]
    assert partitions.months("core_by_time") == [DECEMBER]


def test_the_last_moment_of_a_month_and_the_first_of_the_next_part_ways() -> None:
    partitions.ensure_ahead(NEW_YEARS_EVE, months=1)
    assert add(NEW_YEARS_EVE) == "core_by_id_p203112"
    assert add(NEW_YEARS_EVE + timedelta(microseconds=1)) == "core_by_id_p203201"
    rows = sql.run(
        "INSERT INTO core_by_time VALUES ($1), ($2) RETURNING tableoid::regclass::text",
        [NEW_YEARS_EVE, NEW_YEARS_EVE + timedelta(microseconds=1)],
    )
    assert [name for (name,) in rows] == ["core_by_time_p203112", "core_by_time_p203201"]


def test_a_month_is_a_month_of_utc() -> None:
    tokyo = timezone(timedelta(hours=9))
    assert partitions.month_of(datetime(2032, 1, 1, 8, tzinfo=tokyo)) == DECEMBER
    with pytest.raises(ValueError, match="time zone"):
        partitions.month_of(datetime(2032, 1, 1))


def test_without_its_month_a_row_is_refused() -> None:
    with pytest.raises(IntegrityError, match="no partition"), transaction.atomic():
        add(NEW_YEARS_EVE)


def test_asking_twice_makes_one_partition() -> None:
    partitions.ensure(NEW_YEARS_EVE)
    partitions.forget()
    partitions.ensure(NEW_YEARS_EVE)
    assert partitions.months("core_by_id") == [DECEMBER]


def test_a_known_month_costs_no_statement() -> None:
    with transaction.atomic():
        partitions.ensure(NEW_YEARS_EVE)
    # What a committed transaction would have done, which no test can commit.
    partitions._uncommitted.clear()
    partitions.ensure(NEW_YEARS_EVE)
    with CaptureQueriesContext(connection) as captured:
        partitions.ensure(NEW_YEARS_EVE - timedelta(days=20))
    assert len(captured) == 0


def test_a_month_whose_transaction_rolled_back_is_made_again() -> None:
    with transaction.atomic():
        partitions.ensure(NEW_YEARS_EVE)
        partitions.ensure(NEW_YEARS_EVE)
        transaction.set_rollback(True)
    assert partitions.months("core_by_id") == []
    partitions.ensure(NEW_YEARS_EVE)
    assert partitions.months("core_by_id") == [DECEMBER]


def test_a_table_that_does_not_exist_yet_is_passed_over() -> None:
    partitions.register(Partitioned(table="core_not_yet", key="uuid7"))
    partitions.ensure(NEW_YEARS_EVE)
    assert partitions.months("core_not_yet") == []
    assert partitions.months("core_by_id") == [DECEMBER]


def test_a_partition_has_its_parents_guarantees_and_its_own_storage() -> None:
    partitions.ensure(NEW_YEARS_EVE)
    add(NEW_YEARS_EVE)
    with pytest.raises(IntegrityError, match="check constraint"), transaction.atomic():
        sql.run("INSERT INTO core_by_id VALUES ($1, 0)", [uuid7(NEW_YEARS_EVE)])
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        sql.run("DELETE FROM core_by_id_p203112")
    triggers = sql.run(
        "SELECT tgname::text FROM pg_trigger "
        "WHERE tgrelid = 'core_by_id_p203112'::regclass ORDER BY 1"
    )
    assert triggers == [("append_only_rows",), ("append_only_truncate",)]
    [(options,)] = sql.run(
        "SELECT reloptions FROM pg_class WHERE oid = 'core_by_id_p203112'::regclass"
    )
    assert options == ["fillfactor=80", "autovacuum_vacuum_insert_scale_factor=0.05"]


def test_making_a_month_stops_neither_readers_nor_writers() -> None:
    partitions.ensure(NEW_YEARS_EVE)
    partitions.ensure(NEW_YEARS_EVE + timedelta(days=1))
    # The table itself is locked in full here: this very transaction created it. The statements say
    # it instead: attached, not created in place, which would lock out everybody.
    partitions.forget()
    with CaptureQueriesContext(connection) as captured:
        partitions.ensure(NEW_YEARS_EVE + timedelta(days=60))
    text = " ".join(query["sql"] for query in captured)
    assert text.count("ATTACH PARTITION") == 2
    assert "PARTITION OF" not in text


def test_dropping_folds_first_and_keeps_the_other_months() -> None:
    partitions.ensure_ahead(NEW_YEARS_EVE, months=2)
    add(NEW_YEARS_EVE)
    folded: list[tuple[date, int]] = []

    def fold(month: date) -> None:
        folded.append((month, sql.run("SELECT count(*) FROM core_by_id_p203112")[0][0]))

    dropped = partitions.drop(DECEMBER, before={"core_by_id": fold})
    assert dropped == ["core_by_id_p203112", "core_by_time_p203112"]
    assert folded == [(DECEMBER, 1)]
    assert partitions.months("core_by_id") == [JANUARY, date(2032, 2, 1)]


def test_a_fold_that_fails_keeps_everything() -> None:
    partitions.ensure(NEW_YEARS_EVE)

    def fail(month: date) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        partitions.drop(DECEMBER, before={"core_by_time": fail})
    assert partitions.months("core_by_id") == [DECEMBER]


def test_one_table_may_be_kept_longer_than_another() -> None:
    partitions.ensure(NEW_YEARS_EVE)
    assert partitions.drop(DECEMBER, tables=["core_by_time"]) == ["core_by_time_p203112"]
    assert partitions.months("core_by_id") == [DECEMBER]
    with pytest.raises(ValueError, match="not registered: core_bucket"):
        partitions.drop(DECEMBER, tables=["core_bucket"])


def test_dropping_what_is_gone_drops_nothing() -> None:
    assert partitions.drop(DECEMBER) == []


def test_a_name_without_room_for_the_month_is_refused() -> None:
    with pytest.raises(ValueError, match="no room"):
        partitions.register(Partitioned(table="x" * 56, key="uuid7"))


@pytest.mark.django_db(transaction=True)
def test_the_first_two_writers_of_a_month_make_it_once() -> None:
    start, faults = threading.Barrier(2), []

    def first_writer() -> None:
        try:
            start.wait(10)
            with transaction.atomic():
                partitions.ensure(NEW_YEARS_EVE)
                add(NEW_YEARS_EVE)
        except Exception as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=first_writer) for _ in range(2)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert faults == []
        assert sql.run("SELECT count(*) FROM core_by_id_p203112") == [(2,)]
        # Committed: from now on the month is known without asking.
        with CaptureQueriesContext(connection) as captured:
            partitions.ensure(NEW_YEARS_EVE)
        assert len(captured) == 0
    finally:
        sql.run("DROP TABLE core_by_id, core_by_time", prepare=False)
