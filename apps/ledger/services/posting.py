"""The one way into the ledger: lock the accounts in one order, then write the entry at once.

Locks are row locks on people's accounts, taken in the order of their ids by everybody, so two
entries never wait for each other. Platform accounts are never locked.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from uuid import UUID

from django.db import OperationalError

from apps.core import locks, money, sql
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.ledger import queries
from apps.ledger.models import (
    PLATFORM,
    TERMINAL,
    AccountKind,
    Asset,
    Entry,
    EntryKind,
    account_id,
)
from apps.users.models import User

#: What takes value out of our reach, and so not what T+N still holds back.
HELD_BACK = frozenset(
    {
        EntryKind.J0_RESERVE,
        EntryKind.J1_HOLD,
        EntryKind.J8_MARGIN_POST,
        EntryKind.J9_REQUEST,
    }
)
#: NUMERIC(38, 18) holds less than this.
FULL = Decimal(10) ** (money.MAX_DIGITS - money.MAX_PLACES)

OPEN = """
INSERT INTO ledger_account (id, kind, user_id, ref, asset_id, balance)
SELECT p.id, p.kind, p.user_id, p.ref, p.asset, p.balance
FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::text[], $6::numeric[])
     AS p(id, kind, user_id, ref, asset, balance)
WHERE NOT EXISTS (SELECT FROM ledger_account a WHERE a.id = p.id)
ORDER BY p.id
ON CONFLICT DO NOTHING
"""
LOCK = """
SELECT id, balance FROM ledger_account
WHERE id = ANY($1::uuid[]) AND balance IS NOT NULL
ORDER BY id FOR UPDATE
"""
WRITE = """
WITH entry AS (
  INSERT INTO ledger_entry (id, kind, ref, key, is_terminal, lines, at, by_id, reason, reverses_id)
  VALUES ($1::uuid, $2::text, $3::uuid, $4::text, $5::boolean, $6::int, $7::timestamptz,
    $8::uuid, $9::text, $10::uuid)
  ON CONFLICT DO NOTHING RETURNING id
)
INSERT INTO ledger_posting (entry_id, account_id, asset_id, amount)
SELECT entry.id, p.account, p.asset, p.amount
FROM entry, unnest($11::uuid[], $12::text[], $13::numeric[]) AS p(account, asset, amount)
ORDER BY p.account
RETURNING entry_id
"""


@dataclass(frozen=True)
class Place:
    """An account by its purpose; it need not be open yet."""

    kind: AccountKind
    asset: Asset
    user: User | None = None
    ref: UUID | None = None

    @cached_property
    def id(self) -> UUID:
        user = self.user.pk if self.user else None
        return account_id(kind=self.kind, user=user, ref=self.ref, asset=self.asset.pk)

    @property
    def is_platform(self) -> bool:
        return self.kind in PLATFORM


def available(user: User, asset: Asset) -> Place:
    """Where a person's freely usable amount of an asset stands."""
    return Place(AccountKind.AVAILABLE, asset, user)


def moves(*, source: Place, to: Iterable[tuple[Place, Decimal]]) -> list[tuple[Place, Decimal]]:
    """The postings that take from one account what others get; amounts of zero move nothing."""
    gains = [(place, amount) for place, amount in to if amount]
    if not gains or any(amount < 0 for _, amount in gains):
        raise Refused("BAD_AMOUNT", 400, "The amount must be more than zero.")
    return [(source, money.total(amount for _, amount in gains).copy_negate()), *gains]


def post(
    *,
    kind: EntryKind,
    postings: Iterable[tuple[Place, Decimal]],
    key: str,
    at: datetime,
    by: User | None,
    ref: UUID | None = None,
    reason: str = "",
    reverses: Entry | None = None,
) -> Entry:
    """Lock the accounts and write an entry; see book() for what is refused."""
    changes = list(postings)
    held = lock(place for place, _ in changes)
    return book(
        kind=kind,
        postings=changes,
        held=held,
        key=key,
        at=at,
        by=by,
        ref=ref,
        reason=reason,
        reverses=reverses,
    )


def lock(places: Iterable[Place]) -> dict[UUID, Decimal]:
    """Open and lock accounts until the transaction ends; balances of people's, by account id.

    BUSY (503) when that takes longer than the connection's lock_timeout.
    """
    chosen = sorted({place.id: place for place in places}.values(), key=lambda place: place.id)
    try:
        sql.run(
            OPEN,
            [
                [place.id for place in chosen],
                [place.kind.value for place in chosen],
                [place.user and place.user.pk for place in chosen],
                [place.ref for place in chosen],
                [place.asset.pk for place in chosen],
                [None if place.is_platform else 0 for place in chosen],
            ],
        )
        return dict(sql.run(LOCK, [[place.id for place in chosen if not place.is_platform]]))
    except OperationalError as error:
        if locks.waited_too_long(error):
            raise Refused(
                "BUSY", 503, "This money is being moved right now. Try again.", retry_after=1
            ) from error
        raise


def book(
    *,
    kind: EntryKind,
    postings: Iterable[tuple[Place, Decimal]],
    held: Mapping[UUID, Decimal],
    key: str,
    at: datetime,
    by: User | None,
    ref: UUID | None = None,
    reason: str = "",
    reverses: Entry | None = None,
) -> Entry:
    """Write an entry over accounts that lock() returned, and return it.

    Refused: INSUFFICIENT_FUNDS when an account would go below zero; ALREADY_SETTLED when the
    order or deposit has its terminal entry; ALREADY_POSTED when this very key is on record.
    """
    changes = _merged(postings)
    for place, amount in changes:
        if not place.is_platform:
            _require(place, amount, held[place.id], kind=kind, key=key, ref=ref, at=at)
    entry = Entry(
        id=uuid7(at),
        kind=kind,
        ref=ref,
        key=key,
        is_terminal=kind in TERMINAL,
        lines=len(changes),
        at=at,
        by=by,
        reason=reason,
        reverses=reverses,
    )
    written = sql.run(
        WRITE,
        [
            entry.pk,
            kind.value,
            ref,
            key,
            entry.is_terminal,
            entry.lines,
            at,
            by and by.pk,
            reason,
            reverses and reverses.pk,
            [place.id for place, _ in changes],
            [place.asset.pk for place, _ in changes],
            [amount for _, amount in changes],
        ],
    )
    if not written:
        refuse_repetition(kind=kind, key=key, ref=ref)
        raise RuntimeError(f"entry {key} was neither written nor found")
    entry._state.adding = False
    return entry


def refuse_repetition(*, kind: EntryKind, key: str, ref: UUID | None) -> None:
    """Refused when what this would settle is settled, or this key is on record: never a success."""
    settled = queries.terminal_of(ref) if ref and kind in TERMINAL else None
    if settled:
        raise Refused(
            "ALREADY_SETTLED",
            409,
            f"This was settled before: {EntryKind(settled.kind).label} ({settled.kind}) "
            f"on {_time(settled.at)}.",
        )
    posted = Entry.objects.filter(key=key).first()
    if posted:
        raise Refused(
            "ALREADY_POSTED",
            409,
            f"This was booked before: {EntryKind(posted.kind).label} ({posted.kind}) "
            f"on {_time(posted.at)}.",
        )


def _merged(postings: Iterable[tuple[Place, Decimal]]) -> list[tuple[Place, Decimal]]:
    """One posting per account, in the order of their ids; those that come to nothing fall away."""
    sums: dict[Place, Decimal] = {}
    for place, amount in postings:
        if not isinstance(amount, Decimal) or not amount.is_finite():
            raise TypeError("amounts are finite Decimals")
        if amount.copy_abs() >= FULL or place.asset.round_down(amount) != amount:
            raise Refused(
                "BAD_AMOUNT",
                400,
                f"Amounts of {place.asset} have at most {place.asset.decimals} decimals.",
            )
        sums[place] = money.total([sums.get(place, Decimal(0)), amount])
    for asset in {place.asset for place in sums}:
        if money.total(amount for place, amount in sums.items() if place.asset == asset):
            raise ValueError(f"the postings in {asset} do not sum to zero")
    changed = [(place, amount) for place, amount in sums.items() if amount]
    return sorted(changed, key=lambda change: change[0].id)


def _require(
    place: Place,
    amount: Decimal,
    balance: Decimal,
    *,
    kind: EntryKind,
    key: str,
    ref: UUID | None,
    at: datetime,
) -> None:
    after = money.total([balance, amount])
    if after >= FULL:
        raise Refused("BAD_AMOUNT", 400, "No account can hold that much.")
    if amount > 0:
        return
    usable, kept = balance, ""
    if kind in HELD_BACK and place.kind == AccountKind.AVAILABLE and place.user:
        withheld = queries.locked(place.user, place.asset, at=at)
        usable = max(Decimal(0), money.total([balance, withheld.copy_negate()]))
        kept = f" {money.short(withheld)} bought lately can't leave yet." if withheld else ""
    if usable < amount.copy_negate():
        refuse_repetition(kind=kind, key=key, ref=ref)
        where = AccountKind(place.kind).label
        raise Refused(
            "INSUFFICIENT_FUNDS",
            409,
            f"{money.short(amount.copy_negate())} {place.asset} is needed, and "
            f"{money.short(usable)} {place.asset} is there ({where}).{kept}",
        )


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
