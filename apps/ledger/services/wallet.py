"""Value that comes from a network or leaves for one: deposits and withdrawals (J9)."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from apps.core import money
from apps.core.errors import Refused
from apps.ledger import queries
from apps.ledger.models import AccountKind, Asset, Entry, EntryKind
from apps.ledger.services.posting import Place, available, book, lock, moves, post
from apps.users.models import User


def deposit(
    *,
    deposit: UUID,
    user: User,
    asset: Asset,
    amount: Decimal,
    at: datetime,
    by: User | None,
    reason: str = "",
) -> Entry:
    """A final deposit: HOT_WALLET → QUARANTINE(deposit), until it is screened."""
    return post(
        kind=EntryKind.DEPOSIT,
        postings=moves(source=_wallet(asset), to=[(_quarantine(deposit, user, asset), amount)]),
        key=f"DEPOSIT:{deposit}",
        ref=deposit,
        at=at,
        by=by,
        reason=reason,
    )


def clear_deposit(
    *,
    deposit: UUID,
    user: User,
    asset: Asset,
    amount: Decimal,
    at: datetime,
    by: User | None,
    reason: str = "",
) -> Entry:
    """A deposit passed screening: QUARANTINE(deposit) → AVAILABLE, all of it."""
    return _empty(
        EntryKind.DEPOSIT_CLEAR,
        _quarantine(deposit, user, asset),
        to=[(available(user, asset), amount)],
        at=at,
        by=by,
        reason=reason,
    )


def return_deposit(
    *,
    deposit: UUID,
    user: User,
    asset: Asset,
    amount: Decimal,
    at: datetime,
    by: User | None,
    reason: str = "",
) -> Entry:
    """A deposit was sent back to where it came from: QUARANTINE(deposit) → HOT_WALLET."""
    return _empty(
        EntryKind.DEPOSIT_RETURN,
        _quarantine(deposit, user, asset),
        to=[(_wallet(asset), amount)],
        at=at,
        by=by,
        reason=reason,
    )


def request_withdrawal(
    *,
    withdrawal: UUID,
    user: User,
    asset: Asset,
    amount: Decimal,
    at: datetime,
    by: User | None,
    reason: str = "",
) -> Entry:
    """J9: AVAILABLE → WITHDRAW_PENDING(withdrawal), with the fee; not what T+N holds back."""
    return post(
        kind=EntryKind.J9_REQUEST,
        postings=moves(
            source=available(user, asset), to=[(_pending(withdrawal, user, asset), amount)]
        ),
        key=f"J9_REQUEST:{withdrawal}",
        ref=withdrawal,
        at=at,
        by=by,
        reason=reason,
    )


def broadcast_withdrawal(
    *,
    withdrawal: UUID,
    user: User,
    asset: Asset,
    amount: Decimal,
    network_fee: Decimal,
    at: datetime,
    by: User | None,
    reason: str = "",
) -> Entry:
    """J9 sent: all of WITHDRAW_PENDING → NETWORK_FEE gets `network_fee`, HOT_WALLET the rest.

    `amount` is what was requested, so with the fee; the person receives it less the fee.
    """
    if not 0 <= network_fee < amount:
        raise Refused("BAD_AMOUNT", 400, "The network fee must be less than the amount.")
    sent = money.total([amount, network_fee.copy_negate()])
    return _empty(
        EntryKind.J9_BROADCAST,
        _pending(withdrawal, user, asset),
        to=[(_wallet(asset), sent), (Place(AccountKind.NETWORK_FEE, asset), network_fee)],
        at=at,
        by=by,
        reason=reason,
    )


def return_withdrawal(
    *,
    withdrawal: UUID,
    user: User,
    asset: Asset,
    amount: Decimal,
    at: datetime,
    by: User | None,
    reason: str = "",
) -> Entry:
    """J9 rejected, cancelled or failed: all of WITHDRAW_PENDING → AVAILABLE.

    What was sent and never confirmed is put back with correct() of its broadcast first.
    """
    return _empty(
        EntryKind.J9_RETURN,
        _pending(withdrawal, user, asset),
        to=[(available(user, asset), amount)],
        at=at,
        by=by,
        reason=reason,
    )


def _empty(
    kind: EntryKind,
    source: Place,
    *,
    to: Iterable[tuple[Place, Decimal]],
    at: datetime,
    by: User | None,
    reason: str,
) -> Entry:
    """Take all from the account of one deposit or withdrawal, or say what took it before."""
    changes = moves(source=source, to=to)
    held = lock(place for place, _ in changes)
    there, asked = held[source.id], changes[0][1].copy_negate()
    if not there and (last := queries.last_taken(source.id)):
        raise Refused(
            "ALREADY_SETTLED",
            409,
            f"This was settled before: {EntryKind(last.kind).label} ({last.kind}).",
        )
    if there and there != asked:
        raise Refused(
            "AMOUNT_MISMATCH",
            409,
            f"{money.short(there)} {source.asset} is held for this, not {money.short(asked)}.",
        )
    return book(
        kind=kind,
        postings=changes,
        held=held,
        key=f"{kind}:{source.ref}",
        ref=source.ref,
        at=at,
        by=by,
        reason=reason,
    )


def _wallet(asset: Asset) -> Place:
    return Place(AccountKind.HOT_WALLET, asset)


def _pending(withdrawal: UUID, user: User, asset: Asset) -> Place:
    return Place(AccountKind.WITHDRAW_PENDING, asset, user, withdrawal)


def _quarantine(deposit: UUID, user: User, asset: Asset) -> Place:
    return Place(AccountKind.QUARANTINE, asset, user, deposit)
