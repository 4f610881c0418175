"""Lock first, then count: in one statement, in one order, until the transaction ends."""

import threading
from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from apps.core import locks, sql
from apps.core.errors import Refused

pytestmark = pytest.mark.django_db

A, B, C = -(2**62) - 5, 7, 2**62 + 5


@pytest.fixture
def other() -> Iterator[psycopg.Connection]:
    """Another session of the same database."""
    params = connection.get_connection_params()
    with psycopg.connect(
        dbname=connection.settings_dict["NAME"],
        **{name: params[name] for name in ("host", "port", "user", "password") if name in params},
    ) as session:
        yield session


def is_free(session: psycopg.Connection, key: int) -> bool:
    row = session.execute("SELECT pg_try_advisory_xact_lock(%s)", [key]).fetchone()
    session.rollback()
    assert row is not None
    return bool(row[0])


def test_all_keys_are_locked_by_one_statement() -> None:
    with CaptureQueriesContext(connection) as captured:
        locks.hold(B, A, C, B)
    assert len(captured) == 1
    held = sql.run(
        "SELECT classid::bigint, objid::bigint FROM pg_locks "
        "WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
    )
    assert {(high << 32) + low for high, low in held} == {key % 2**64 for key in (A, B, C)}


def test_keys_are_taken_in_sorted_order(other: psycopg.Connection) -> None:
    # Whoever holds the middle key sees the first one taken and the last one still free.
    other.execute("SELECT pg_advisory_xact_lock(%s)", [B])
    taken = threading.Event()

    def take() -> None:
        with transaction.atomic():
            sql.run("SET LOCAL lock_timeout = '10s'")
            locks.hold(C, B, A)
        taken.set()

    def run() -> None:
        try:
            take()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        for _ in range(200):
            row = other.execute("SELECT pg_try_advisory_lock(%s)", [A]).fetchone()
            if row == (False,):
                break
            other.execute("SELECT pg_advisory_unlock(%s)", [A])
            threading.Event().wait(0.02)
        else:
            pytest.fail("the first key was never taken")
        assert other.execute("SELECT pg_try_advisory_lock(%s)", [C]).fetchone() == (True,)
        other.execute("SELECT pg_advisory_unlock(%s)", [C])
    finally:
        other.rollback()
        thread.join()
    assert taken.is_set()


def test_keys_are_free_again_when_the_transaction_ends(other: psycopg.Connection) -> None:
    with transaction.atomic():
        locks.hold(A)
        assert not is_free(other, A)
        transaction.set_rollback(True)
    assert is_free(other, A)


def test_no_keys_are_no_statement() -> None:
    with CaptureQueriesContext(connection) as captured:
        locks.hold()
    assert len(captured) == 0


@pytest.mark.django_db(transaction=True)
def test_a_lock_without_a_transaction_is_refused() -> None:
    with pytest.raises(TransactionManagementError, match="transaction"):
        locks.hold(A)


def test_whoever_waits_too_long_is_asked_to_try_again(other: psycopg.Connection) -> None:
    other.execute("SELECT pg_advisory_xact_lock(%s)", [A])
    sql.run("SET LOCAL lock_timeout = '50ms'", prepare=False)
    with pytest.raises(Refused) as caught, transaction.atomic():
        locks.hold(A)
    assert (caught.value.code, caught.value.status, caught.value.retry_after) == ("BUSY", 503, 1)
