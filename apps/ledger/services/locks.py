"""T+N (L1): what was bought stays for a while; no posting, a floor under AVAILABLE."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.ledger.models import AcquisitionLock, Asset
from apps.ledger.services.posting import available, lock
from apps.users.models import User


def lock_acquired(
    *,
    user: User,
    asset: Asset,
    amount: Decimal,
    until: datetime,
    order: UUID,
    at: datetime,
    by: User | None = None,
) -> AcquisitionLock:
    """Hold back what an order brought until then; in the transaction that releases its escrow.

    ALREADY_LOCKED (409) when the order has its lock.
    """
    # Whoever withdraws at this moment waits for this row, and then sees the lock.
    lock([available(user, asset)])
    row, is_new = AcquisitionLock.objects.get_or_create(
        order=order,
        defaults={
            "id": uuid7(at),
            "user": user,
            "asset": asset,
            "amount": amount,
            "until": until,
            "at": at,
        },
    )
    if not is_new:
        raise Refused("ALREADY_LOCKED", 409, "What this order brought is held back already.")
    return row


def lift_locks(
    *,
    user: User,
    at: datetime,
    by: User | None = None,
    asset: Asset | None = None,
    order: UUID | None = None,
) -> int:
    """End the person's active locks, or those of one asset or order, before their time; how many.

    Locks whose time is up end by themselves.
    """
    active = AcquisitionLock.objects.filter(user=user, lifted_at=None, until__gt=at)
    if asset:
        active = active.filter(asset=asset)
    if order:
        active = active.filter(order=order)
    return active.update(lifted_at=at)
