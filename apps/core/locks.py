"""Advisory locks by entity: lock first, then count, and two deeds of one person never race."""

from django.db import connection
from django.db.transaction import TransactionManagementError

from apps.core import sql

# unnest yields in array order, so the locks are taken in the sorted order of the keys.
HOLD = "SELECT pg_advisory_xact_lock(key) FROM unnest($1::bigint[]) AS key"


def hold(*keys: int) -> None:
    """Lock all keys until the transaction ends, in one statement and in one order for everybody."""
    if not connection.in_atomic_block:
        raise TransactionManagementError("locks.hold() needs a transaction: it ends with it")
    ordered = sorted(set(keys))
    if ordered:
        sql.run(HOLD, [ordered])
