"""What is withheld from a person: frozen, seized, recovered for a victim, margin (J5 to J8)."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from apps.core.errors import Refused
from apps.ledger.models import AccountKind, Asset, Entry, EntryKind
from apps.ledger.services.posting import Place, available, book, lock, moves, post
from apps.users.models import User


def freeze(
    *,
    user: User,
    ref: UUID,
    asset: Asset,
    amount: Decimal,
    key: str,
    at: datetime,
    by: User | None,
    reason: str = "",
) -> Entry:
    """J5: AVAILABLE → FROZEN(order or case); T+N locks do not matter. `key` is new each time."""
    return post(
        kind=EntryKind.J5_FREEZE,
        postings=moves(source=available(user, asset), to=[(_frozen(user, ref, asset), amount)]),
        key=f"J5_FREEZE:{ref}:{key}",
        ref=ref,
        at=at,
        by=by,
        reason=reason,
    )


def unfreeze(
    *,
    user: User,
    ref: UUID,
    asset: Asset,
    amount: Decimal,
    key: str,
    at: datetime,
    by: User | None,
    reason: str = "",
) -> Entry:
    """J5 back: FROZEN(order or case) → AVAILABLE. `key` is new each time."""
    return post(
        kind=EntryKind.J5_UNFREEZE,
        postings=moves(source=_frozen(user, ref, asset), to=[(available(user, asset), amount)]),
        key=f"J5_UNFREEZE:{ref}:{key}",
        ref=ref,
        at=at,
        by=by,
        reason=reason,
    )


def seize(
    *,
    user: User,
    ref: UUID,
    asset: Asset,
    amount: Decimal,
    key: str,
    at: datetime,
    by: User | None,
    reason: str,
) -> Entry:
    """J6: FROZEN(order or case) → LE_CUSTODY. `key` is the document; two people approve before."""
    custody = Place(AccountKind.LE_CUSTODY, asset)
    return post(
        kind=EntryKind.J6_SEIZE,
        postings=moves(source=_frozen(user, ref, asset), to=[(custody, amount)]),
        key=f"J6:{ref}:{key}",
        ref=ref,
        at=at,
        by=by,
        reason=reason,
    )


def recover_hold(
    *,
    order: UUID,
    user: User,
    asset: Asset,
    amount: Decimal,
    at: datetime,
    by: User | None,
    key: str = "1",
    reason: str = "",
) -> Entry:
    """J7: the counterparty's AVAILABLE → FROZEN(order), `amount` or as much as is still there.

    INSUFFICIENT_FUNDS (409) when nothing is. A second hold, when more arrived, has a new `key`.
    """
    source, target = available(user, asset), _frozen(user, order, asset)
    held = lock([source, target])
    # With nothing there, the full amount is asked for: refused with a sentence that says so.
    amount = min(amount, held[source.id]) or amount
    return book(
        kind=EntryKind.J7_RECOVER_HOLD,
        postings=moves(source=source, to=[(target, amount)]),
        held=held,
        key=f"J7_HOLD:{order}:{key}",
        ref=order,
        at=at,
        by=by,
        reason=reason,
    )


def recover(
    *,
    order: UUID,
    user: User,
    victim: User,
    asset: Asset,
    amount: Decimal,
    at: datetime,
    by: User | None,
    key: str = "1",
    reason: str = "",
) -> Entry:
    """J7: the counterparty's FROZEN(order) → the victim's AVAILABLE."""
    if user == victim:
        raise Refused("SAME_PERSON", 409, "Nobody recovers money from themselves.")
    return post(
        kind=EntryKind.J7_RECOVER,
        postings=moves(source=_frozen(user, order, asset), to=[(available(victim, asset), amount)]),
        key=f"J7:{order}:{key}",
        ref=order,
        at=at,
        by=by,
        reason=reason,
    )


def recover_return(
    *,
    order: UUID,
    user: User,
    asset: Asset,
    amount: Decimal,
    at: datetime,
    by: User | None,
    key: str = "1",
    reason: str = "",
) -> Entry:
    """J7 given up: the counterparty's FROZEN(order) → their AVAILABLE."""
    return post(
        kind=EntryKind.J7_RECOVER_RETURN,
        postings=moves(source=_frozen(user, order, asset), to=[(available(user, asset), amount)]),
        key=f"J7_RETURN:{order}:{key}",
        ref=order,
        at=at,
        by=by,
        reason=reason,
    )


def post_margin(
    *,
    user: User,
    asset: Asset,
    amount: Decimal,
    key: str,
    at: datetime,
    by: User | None,
    reason: str = "",
) -> Entry:
    """J8: a merchant's AVAILABLE → MARGIN; not what T+N holds back. `key` is new each time."""
    return post(
        kind=EntryKind.J8_MARGIN_POST,
        postings=moves(source=available(user, asset), to=[(_margin(user, asset), amount)]),
        key=f"J8_POST:{user.pk}:{key}",
        at=at,
        by=by,
        reason=reason,
    )


def return_margin(
    *,
    user: User,
    asset: Asset,
    amount: Decimal,
    key: str,
    at: datetime,
    by: User | None,
    reason: str = "",
) -> Entry:
    """J8 back: MARGIN → AVAILABLE. `key` is new each time."""
    return post(
        kind=EntryKind.J8_MARGIN_RETURN,
        postings=moves(source=_margin(user, asset), to=[(available(user, asset), amount)]),
        key=f"J8_RETURN:{user.pk}:{key}",
        at=at,
        by=by,
        reason=reason,
    )


def slash_margin(
    *,
    user: User,
    victim: User | None,
    asset: Asset,
    amount: Decimal,
    key: str,
    at: datetime,
    by: User | None,
    ref: UUID | None = None,
    reason: str = "",
) -> Entry:
    """J8: MARGIN → the victim's AVAILABLE, or LOSS_RESERVE; `ref` is the order or case."""
    if user == victim:
        raise Refused("SAME_PERSON", 409, "A merchant is not paid from their own margin.")
    target = available(victim, asset) if victim else Place(AccountKind.LOSS_RESERVE, asset)
    return post(
        kind=EntryKind.J8_SLASH,
        postings=moves(source=_margin(user, asset), to=[(target, amount)]),
        key=f"J8_SLASH:{user.pk}:{key}",
        ref=ref,
        at=at,
        by=by,
        reason=reason,
    )


def _frozen(user: User, ref: UUID, asset: Asset) -> Place:
    return Place(AccountKind.FROZEN, asset, user, ref)


def _margin(user: User, asset: Asset) -> Place:
    return Place(AccountKind.MARGIN, asset, user)
