"""Questions to the ledger; none of them locks."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet, Sum

from apps.core import money, sql
from apps.ledger.models import (
    AccountKind,
    AcquisitionLock,
    Asset,
    Entry,
    EntryKind,
    Posting,
    account_id,
)
from apps.users.models import User

NOTHING = Decimal(0)

BALANCES = """
SELECT asset_id, kind, sum(balance) FROM ledger_account
WHERE user_id = $1::uuid AND balance > 0 GROUP BY asset_id, kind
"""
# The newest lines of each account by its index, then the newest of those.
STATEMENT = """
SELECT p.id, p.entry_id, e.at, e.kind, e.ref, e.reason, p.asset_id, p.amount, p.balance_after
FROM unnest($1::uuid[]) AS a(id)
CROSS JOIN LATERAL (
  SELECT id, entry_id, asset_id, amount, balance_after FROM ledger_posting
  WHERE account_id = a.id AND ($2::bigint IS NULL OR id < $2::bigint)
  ORDER BY id DESC LIMIT $3::int
) p
JOIN ledger_entry e ON e.id = p.entry_id
ORDER BY p.id DESC LIMIT $3::int
"""


@dataclass(frozen=True, slots=True)
class Balance:
    """What a person has of one asset, by what it may be used for; escrow belongs to its order."""

    asset: Asset
    available: Decimal
    withdrawable: Decimal
    reserved: Decimal
    pending: Decimal
    frozen: Decimal
    margin: Decimal
    quarantine: Decimal

    @property
    def is_some(self) -> bool:
        """Whether there is anything at all."""
        return any(
            (
                self.available,
                self.reserved,
                self.pending,
                self.frozen,
                self.margin,
                self.quarantine,
            )
        )


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a statement: what it did to AVAILABLE, and what that came to.

    `id` is where the next page goes on: `before=lines[-1].id`.
    """

    id: int
    entry: UUID
    at: datetime
    kind: EntryKind
    ref: UUID | None
    reason: str
    asset: str
    amount: Decimal
    balance: Decimal


def asset(code: str) -> Asset | None:
    """Return the active asset of this code, if there is one."""
    return Asset.objects.filter(code=code, is_active=True).first()


def balances(user: User, *, at: datetime) -> list[Balance]:
    """Return what the person has of each active asset and of any other they hold: three queries."""
    held: dict[str, dict[str, Decimal]] = {}
    for code, kind, amount in sql.run(BALANCES, [user.pk]):
        held.setdefault(code, {})[kind] = amount
    locks = _active_locks(user, at=at).values_list("asset").annotate(amount=Sum("amount"))
    withheld: dict[str, Decimal] = dict(locks)
    return [
        Balance(
            asset=one,
            available=has.get(AccountKind.AVAILABLE, NOTHING),
            withdrawable=_less(
                has.get(AccountKind.AVAILABLE, NOTHING), withheld.get(one.pk, NOTHING)
            ),
            reserved=has.get(AccountKind.AD_RESERVED, NOTHING),
            pending=has.get(AccountKind.WITHDRAW_PENDING, NOTHING),
            frozen=has.get(AccountKind.FROZEN, NOTHING),
            margin=has.get(AccountKind.MARGIN, NOTHING),
            quarantine=has.get(AccountKind.QUARANTINE, NOTHING),
        )
        for one in Asset.objects.order_by("code")
        if (has := held.get(one.pk, {})) or one.is_active
    ]


def available(user: User, asset: Asset) -> Decimal:
    """Return what stands in the person's AVAILABLE, locked or not."""
    return _balance(kind=AccountKind.AVAILABLE, user=user, ref=None, asset=asset)


def withdrawable(user: User, asset: Asset, *, at: datetime) -> Decimal:
    """Return AVAILABLE less the active T+N locks, at least zero: also what may be sold."""
    return _less(available(user, asset), locked(user, asset, at=at))


def locked(user: User, asset: Asset, *, at: datetime) -> Decimal:
    """Return the sum of the T+N locks that are active at `at`."""
    active = _active_locks(user, at=at).filter(asset=asset)
    return active.aggregate(amount=Sum("amount"))["amount"] or NOTHING


def reserved(user: User, ad: UUID, asset: Asset) -> Decimal:
    """Return what is reserved for an ad and not in escrow."""
    return _balance(kind=AccountKind.AD_RESERVED, user=user, ref=ad, asset=asset)


def in_escrow(order: UUID, asset: Asset) -> Decimal:
    """Return what is in escrow for the order: all of it, or nothing."""
    return _balance(kind=AccountKind.ESCROW, user=None, ref=order, asset=asset)


def frozen(user: User, ref: UUID, asset: Asset) -> Decimal:
    """Return what of the person's is frozen for an order or a case."""
    return _balance(kind=AccountKind.FROZEN, user=user, ref=ref, asset=asset)


def margin(user: User, asset: Asset) -> Decimal:
    """Return what of the person's lies in their merchant's margin."""
    return _balance(kind=AccountKind.MARGIN, user=user, ref=None, asset=asset)


def platform_balance(kind: AccountKind, asset: Asset) -> Decimal:
    """Return the balance of a platform account: the sum of its postings, so not for hot paths."""
    account = account_id(kind=kind, user=None, ref=None, asset=asset.pk)
    found = Posting.objects.filter(account=account).aggregate(amount=Sum("amount"))
    return found["amount"] or NOTHING


def statement(
    user: User, *, asset: Asset | None = None, before: int | None = None, limit: int = 50
) -> list[Line]:
    """Return the lines of the person's AVAILABLE, newest first, older than the line `before`."""
    codes = [asset.pk] if asset else list(Asset.objects.values_list("code", flat=True))
    accounts = [
        account_id(kind=AccountKind.AVAILABLE, user=user.pk, ref=None, asset=code) for code in codes
    ]
    return [
        Line(id, entry, at, EntryKind(kind), ref, reason, code, amount, balance)
        for id, entry, at, kind, ref, reason, code, amount, balance in sql.run(
            STATEMENT, [accounts, before, limit]
        )
    ]


def entries_of(ref: UUID) -> QuerySet[Entry]:
    """Return the entries of an order, ad, withdrawal or deposit, oldest first, with postings."""
    found = Entry.objects.filter(ref=ref).order_by("id")
    return found.select_related("by").prefetch_related("postings__account")


def terminal_of(ref: UUID) -> Entry | None:
    """Return the entry that settled an order or a deposit."""
    return Entry.objects.filter(ref=ref, is_terminal=True).first()


def last_taken(account: UUID) -> Entry | None:
    """Return the newest entry that took from an account."""
    taken = Posting.objects.filter(account=account, amount__lt=0).order_by("-id")
    found = taken.select_related("entry").first()
    return found.entry if found else None


def _active_locks(user: User, *, at: datetime) -> QuerySet[AcquisitionLock]:
    return AcquisitionLock.objects.filter(user=user, lifted_at=None, until__gt=at)


def _balance(*, kind: AccountKind, user: User | None, ref: UUID | None, asset: Asset) -> Decimal:
    rows = sql.run(
        "SELECT balance FROM ledger_account WHERE id = $1::uuid",
        [account_id(kind=kind, user=user.pk if user else None, ref=ref, asset=asset.pk)],
    )
    return rows[0][0] if rows else NOTHING


def _less(amount: Decimal, withheld: Decimal) -> Decimal:
    return max(NOTHING, money.total([amount, withheld.copy_negate()]))
