"""An order's value: reserved for an ad, held in escrow, settled once (J0 to J4)."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from apps.core import money
from apps.core.errors import Refused
from apps.ledger.models import AccountKind, Asset, Entry, EntryKind
from apps.ledger.services.posting import (
    Place,
    available,
    book,
    lock,
    moves,
    post,
    refuse_repetition,
)
from apps.users.models import User

NOTHING = Decimal(0)


def reserve_for_ad(
    *,
    ad: UUID,
    user: User,
    asset: Asset,
    amount: Decimal,
    key: str,
    at: datetime,
    by: User | None,
    reason: str = "",
) -> Entry:
    """J0: AVAILABLE → AD_RESERVED(ad); not what T+N holds back. `key` is new for each change."""
    return post(
        kind=EntryKind.J0_RESERVE,
        postings=moves(source=available(user, asset), to=[(_of_ad(ad, user, asset), amount)]),
        key=f"J0_RESERVE:{ad}:{key}",
        ref=ad,
        at=at,
        by=by,
        reason=reason,
    )


def return_from_ad(
    *,
    ad: UUID,
    user: User,
    asset: Asset,
    amount: Decimal,
    key: str,
    at: datetime,
    by: User | None,
    reason: str = "",
) -> Entry:
    """J0 back: AD_RESERVED(ad) → AVAILABLE. `key` is new for each change."""
    return post(
        kind=EntryKind.J0_UNRESERVE,
        postings=moves(source=_of_ad(ad, user, asset), to=[(available(user, asset), amount)]),
        key=f"J0_UNRESERVE:{ad}:{key}",
        ref=ad,
        at=at,
        by=by,
        reason=reason,
    )


def hold_escrow(
    *,
    order: UUID,
    seller: User,
    asset: Asset,
    amount: Decimal,
    from_ad: UUID | None,
    at: datetime,
    by: User | None,
    reason: str = "",
) -> Entry:
    """J1: AD_RESERVED(ad), or AVAILABLE without an ad, → ESCROW(order); with the seller's fee."""
    source = _of_ad(from_ad, seller, asset) if from_ad else available(seller, asset)
    return post(
        kind=EntryKind.J1_HOLD,
        postings=moves(source=source, to=[(_of_order(order, asset), amount)]),
        key=f"J1:{order}",
        ref=order,
        at=at,
        by=by,
        reason=reason,
    )


def release_escrow(
    *,
    order: UUID,
    buyer: User,
    asset: Asset,
    fee: Decimal,
    at: datetime,
    by: User | None,
    reason: str = "",
) -> Entry:
    """J2: all of ESCROW(order) → FEE gets `fee` (both sides' fees), the buyer's AVAILABLE the rest.

    ALREADY_SETTLED (409) says which entry settled the order before.
    """

    def shares(held: Decimal) -> list[tuple[Place, Decimal]]:
        if not NOTHING <= fee < held:
            raise Refused("BAD_AMOUNT", 400, "The fee must be less than what is in escrow.")
        rest = money.total([held, fee.copy_negate()])
        return [(available(buyer, asset), rest), (_fees(asset), fee)]

    return _settle(
        EntryKind.J2_RELEASE,
        order=order,
        asset=asset,
        places=[available(buyer, asset), _fees(asset)],
        shares=shares,
        at=at,
        by=by,
        reason=reason,
    )


def return_escrow(
    *,
    order: UUID,
    seller: User,
    asset: Asset,
    to_ad: UUID | None,
    at: datetime,
    by: User | None,
    reason: str = "",
) -> Entry:
    """J3: all of ESCROW(order) → AD_RESERVED(ad) if the ad is still online, else AVAILABLE.

    ALREADY_SETTLED (409) says which entry settled the order before.
    """
    target = _of_ad(to_ad, seller, asset) if to_ad else available(seller, asset)
    return _settle(
        EntryKind.J3_RETURN,
        order=order,
        asset=asset,
        places=[target],
        shares=lambda held: [(target, held)],
        at=at,
        by=by,
        reason=reason,
    )


def split_escrow(
    *,
    order: UUID,
    asset: Asset,
    seller: User,
    seller_amount: Decimal,
    buyer: User,
    buyer_amount: Decimal,
    fee: Decimal,
    at: datetime,
    by: User | None,
    reason: str = "",
) -> Entry:
    """J4: ESCROW(order) → seller, buyer and FEE; refused unless the three sum to the escrow.

    ALREADY_SETTLED (409) says which entry settled the order before.
    """
    parts = [
        (available(seller, asset), seller_amount),
        (available(buyer, asset), buyer_amount),
        (_fees(asset), fee),
    ]

    def shares(held: Decimal) -> list[tuple[Place, Decimal]]:
        if money.total(amount for _, amount in parts) != held:
            raise Refused(
                "SPLIT_NOT_EXACT",
                409,
                f"{money.short(held)} {asset} is in escrow: "
                "the two parts and the fee must sum to that.",
            )
        return parts

    return _settle(
        EntryKind.J4_SPLIT,
        order=order,
        asset=asset,
        places=[place for place, _ in parts],
        shares=shares,
        at=at,
        by=by,
        reason=reason,
    )


def _settle(
    kind: EntryKind,
    *,
    order: UUID,
    asset: Asset,
    places: Iterable[Place],
    shares: Callable[[Decimal], Iterable[tuple[Place, Decimal]]],
    at: datetime,
    by: User | None,
    reason: str,
) -> Entry:
    escrow = _of_order(order, asset)
    held: Mapping[UUID, Decimal] = lock([escrow, *places])
    key = f"{kind}:{order}"
    if not held[escrow.id]:
        refuse_repetition(kind=kind, key=key, ref=order)
        raise Refused("NOTHING_IN_ESCROW", 409, f"There is no {asset} in escrow for this order.")
    return book(
        kind=kind,
        postings=moves(source=escrow, to=shares(held[escrow.id])),
        held=held,
        key=key,
        ref=order,
        at=at,
        by=by,
        reason=reason,
    )


def _of_ad(ad: UUID, user: User, asset: Asset) -> Place:
    return Place(AccountKind.AD_RESERVED, asset, user, ad)


def _of_order(order: UUID, asset: Asset) -> Place:
    return Place(AccountKind.ESCROW, asset, ref=order)


def _fees(asset: Asset) -> Place:
    return Place(AccountKind.FEE, asset)
