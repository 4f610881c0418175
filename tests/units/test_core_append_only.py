"""History stays as it was written, whoever asks and however."""

import pytest
from django.db import IntegrityError, connection, transaction

from apps.core.append_only import append_only_sql, reverse_append_only_sql

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def history() -> None:
    """A table with one row of history."""
    run("CREATE TABLE core_history (n int)")
    run(append_only_sql("core_history"))
    run("INSERT INTO core_history VALUES (1)")


def run(text: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(text)


def rows() -> list[tuple[int]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT n FROM core_history ORDER BY n")
        return cursor.fetchall()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE core_history SET n = 2",
        "DELETE FROM core_history",
        "INSERT INTO core_history VALUES (2); DELETE FROM core_history WHERE n = 2",
        "MERGE INTO core_history h USING (VALUES (1)) v(n) ON h.n = v.n WHEN MATCHED THEN DELETE",
    ],
)
def test_no_row_is_changed_or_removed(change: str) -> None:
    with pytest.raises(IntegrityError, match=r"core_history is append-only: (UPDATE|DELETE)"):
        run(change)
    assert rows() == [(1,)]


def test_new_rows_are_welcome() -> None:
    run("INSERT INTO core_history VALUES (2)")
    assert rows() == [(1,), (2,)]


def test_a_test_database_may_empty_its_tables() -> None:
    run("TRUNCATE core_history")
    assert rows() == []


def test_any_other_database_refuses_that_too() -> None:
    # The same trigger function, in a database that believes to have another name.
    run("CREATE SCHEMA elsewhere")
    run(
        "CREATE FUNCTION elsewhere.current_database() RETURNS name LANGUAGE sql "
        "AS $$ SELECT 'otcrisk'::name $$"
    )
    run("ALTER FUNCTION core_refuse_change() SET search_path = elsewhere, pg_catalog, public")
    with pytest.raises(IntegrityError, match="core_history is append-only: TRUNCATE"):
        run("TRUNCATE core_history")
    assert rows() == [(1,)]


def test_the_migration_can_be_taken_back() -> None:
    run(reverse_append_only_sql("core_history"))
    run("UPDATE core_history SET n = 2")
    assert rows() == [(2,)]
