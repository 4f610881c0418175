"""Advisory locks by entity: lock first, then count, and two deeds of one person never race."""

from django.db import OperationalError, connection
from django.db.transaction import TransactionManagementError
from psycopg.errors import LockNotAvailable

from apps.core import sql
from apps.core.errors import Refused

# unnest yields in array order, so the locks are taken in the sorted order of the keys.
HOLD = "SELECT pg_advisory_xact_lock(key) FROM unnest($1::bigint[]) AS key"


def hold(*keys: int) -> None:
    """Lock all keys until the transaction ends, in one statement and in one order for everybody.

    BUSY (503) when that takes longer than the connection's lock_timeout.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("locks.hold() needs a transaction: it ends with it")
    ordered = sorted(set(keys))
    if not ordered:
        return
    try:
        sql.run(HOLD, [ordered])
    except OperationalError as error:
        if waited_too_long(error):
            raise Refused(
                "BUSY", 503, "Another request of yours is still running. Try again.", retry_after=1
            ) from error
        raise


def waited_too_long(error: OperationalError) -> bool:
    """Whether a statement was given up because somebody else held a lock for too long."""
    return isinstance(error.__cause__, LockNotAvailable)
