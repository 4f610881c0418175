"""Value that moves: accounts, and entries whose postings sum to zero.

What these tables promise is kept by the database: see migration 0002_guarantees.
"""

from decimal import ROUND_DOWN, Decimal
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.core import money
from apps.core.ids import uuid7


def amount_field(**options: Any) -> "models.DecimalField[Any, Any]":
    """A column for amounts of an asset: NUMERIC(38, 18)."""
    return models.DecimalField(
        max_digits=money.MAX_DIGITS, decimal_places=money.MAX_PLACES, **options
    )


class AddressFormat(models.TextChoices):
    BTC = "BTC", "Bitcoin"
    EVM = "EVM", "Ethereum and its kin"
    TRON = "TRON", "TRON"


class Asset(models.Model):
    """What is traded: a coin on one network, so that USDT on two networks is two assets.

    Written by assets.seed() from fixtures/desk/assets.json. `decimals` says how fine the network
    counts: no amount in the ledger is finer.
    """

    code = models.CharField(max_length=16, primary_key=True)
    symbol = models.CharField(max_length=12)
    network = models.CharField(max_length=20)
    decimals = models.PositiveSmallIntegerField()
    confirmations = models.PositiveSmallIntegerField(help_text="Blocks until a deposit is final.")
    withdrawal_fee = amount_field()
    withdrawal_min = amount_field()
    address_format = models.CharField(max_length=4, choices=AddressFormat)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(decimals__lte=money.MAX_PLACES), name="asset_decimals_fit"
            ),
            models.CheckConstraint(
                condition=Q(withdrawal_fee__gte=0, withdrawal_min__gt=0),
                name="asset_fees_are_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    def round_down(self, amount: Decimal) -> Decimal:
        """The amount without what is finer than the network counts: how fees are rounded."""
        unit = Decimal(1).scaleb(-self.decimals)
        return amount.quantize(unit, rounding=ROUND_DOWN, context=money.EXACT)


class AccountKind(models.TextChoices):
    AVAILABLE = "AVAILABLE", "available"
    AD_RESERVED = "AD_RESERVED", "reserved for an ad"
    ESCROW = "ESCROW", "escrow of an order"
    WITHDRAW_PENDING = "WITHDRAW_PENDING", "on its way out"
    FROZEN = "FROZEN", "frozen"
    MARGIN = "MARGIN", "merchant's margin"
    QUARANTINE = "QUARANTINE", "deposit that is not screened yet"
    FEE = "FEE", "fees earned"
    HOT_WALLET = "HOT_WALLET", "coins in our wallet"
    NETWORK_FEE = "NETWORK_FEE", "network fees"
    LOSS_RESERVE = "LOSS_RESERVE", "reserve against losses"
    LE_CUSTODY = "LE_CUSTODY", "seized for the authorities"


#: One of each per asset, shared by everybody; every other account holds what we owe to people.
PLATFORM = (
    AccountKind.FEE,
    AccountKind.HOT_WALLET,
    AccountKind.NETWORK_FEE,
    AccountKind.LOSS_RESERVE,
    AccountKind.LE_CUSTODY,
)
#: One of each per person and asset.
OF_USER = (AccountKind.AVAILABLE, AccountKind.MARGIN)
#: One per person, asset and ad, withdrawal, order or case, deposit.
OF_USER_AND_REF = (
    AccountKind.AD_RESERVED,
    AccountKind.WITHDRAW_PENDING,
    AccountKind.FROZEN,
    AccountKind.QUARANTINE,
)


ACCOUNTS = UUID("6f1d0c5e-9a43-5c0b-8a57-1e2d7b4f9c30")


def account_id(*, kind: str, user: UUID | None, ref: UUID | None, asset: str) -> UUID:
    """The id of the account for this purpose, whether it is open yet or not."""
    return uuid5(ACCOUNTS, f"{kind}/{user or ''}/{ref or ''}/{asset}")


class Account(models.Model):
    """Where amounts of one asset stand, for one purpose; its id is account_id() of that.

    Opened by the first entry that needs it. `balance` follows the postings by trigger, never goes
    below zero, and nothing else may change it. Platform accounts have none: every release would
    wait for the row of FEE; their balance is the sum of their postings.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    kind = models.CharField(max_length=16, choices=AccountKind)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="ledger_accounts",
        db_index=False,
    )
    ref = models.UUIDField(null=True, blank=True, help_text="The ad, order, withdrawal, …")
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+", db_index=False)
    balance = amount_field(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "kind", "ref", "asset"],
                name="account_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(kind__in=PLATFORM, user=None, ref=None, balance=None)
                | (
                    Q(balance__isnull=False)
                    & (
                        Q(kind=AccountKind.ESCROW, user=None, ref__isnull=False)
                        | Q(kind__in=OF_USER, user__isnull=False, ref=None)
                        | Q(kind__in=OF_USER_AND_REF, user__isnull=False, ref__isnull=False)
                    )
                ),
                name="account_is_somebodys",
            ),
            models.CheckConstraint(condition=Q(balance__gte=0), name="account_never_below_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.asset_id}"


class EntryKind(models.TextChoices):
    J0_RESERVE = "J0_RESERVE", "reserved for an ad"
    J0_UNRESERVE = "J0_UNRESERVE", "back from an ad"
    J1_HOLD = "J1_HOLD", "into escrow"
    J2_RELEASE = "J2_RELEASE", "escrow released"
    J3_RETURN = "J3_RETURN", "escrow returned"
    J4_SPLIT = "J4_SPLIT", "escrow split"
    J5_FREEZE = "J5_FREEZE", "frozen"
    J5_UNFREEZE = "J5_UNFREEZE", "unfrozen"
    J6_SEIZE = "J6_SEIZE", "seized"
    J7_RECOVER_HOLD = "J7_RECOVER_HOLD", "held for recovery"
    J7_RECOVER = "J7_RECOVER", "recovered"
    J7_RECOVER_RETURN = "J7_RECOVER_RETURN", "recovery given up"
    J8_MARGIN_POST = "J8_MARGIN_POST", "margin posted"
    J8_MARGIN_RETURN = "J8_MARGIN_RETURN", "margin returned"
    J8_SLASH = "J8_SLASH", "margin slashed"
    J9_REQUEST = "J9_REQUEST", "withdrawal requested"
    J9_BROADCAST = "J9_BROADCAST", "withdrawal sent"
    J9_RETURN = "J9_RETURN", "withdrawal returned"
    DEPOSIT = "DEPOSIT", "deposit arrived"
    DEPOSIT_CLEAR = "DEPOSIT_CLEAR", "deposit cleared"
    DEPOSIT_RETURN = "DEPOSIT_RETURN", "deposit sent back"
    CORRECTION = "CORRECTION", "correction"


#: Of these, an order or deposit has at most one.
TERMINAL = (
    EntryKind.J2_RELEASE,
    EntryKind.J3_RETURN,
    EntryKind.J4_SPLIT,
    EntryKind.DEPOSIT_CLEAR,
    EntryKind.DEPOSIT_RETURN,
)


class Entry(models.Model):
    """One movement of value, for ever: two or more postings that sum to zero in every asset.

    Written by services.post(), together with its postings. `key` lets no deed be booked twice;
    `lines` says how many postings there are, so that none can be added later. A mistake is
    answered by an entry that `reverses` it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=18, choices=EntryKind)
    ref = models.UUIDField(null=True, blank=True, help_text="The order, ad, withdrawal, deposit.")
    key = models.CharField(max_length=120, unique=True)
    is_terminal = models.BooleanField()
    lines = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    reason = models.CharField(max_length=40, blank=True)
    reverses = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="reversed_by"
    )

    class Meta:
        verbose_name_plural = "entries"
        constraints = [
            models.UniqueConstraint(
                fields=["ref"], condition=Q(is_terminal=True), name="entry_settles_once"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=TERMINAL, is_terminal=True, ref__isnull=False)
                | (~Q(kind__in=TERMINAL) & Q(is_terminal=False)),
                name="entry_terminal_by_kind",
            ),
            models.CheckConstraint(
                condition=Q(kind=EntryKind.CORRECTION, reverses__isnull=False)
                | (~Q(kind=EntryKind.CORRECTION) & Q(reverses=None)),
                name="entry_correction_reverses",
            ),
            models.CheckConstraint(condition=Q(lines__gte=2), name="entry_has_two_sides"),
        ]
        indexes = [models.Index(fields=["ref", "id"], name="entry_of_ref")]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class Posting(models.Model):
    """One account's part of an entry: positive is a credit, by which a person's balance grows.

    HOT_WALLET is the other side of what we owe: a deposit debits it, so minus its balance is what
    should lie in the wallet. `balance_after` is set by trigger; platform accounts have none.
    """

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="postings")
    # The database's foreign key is (account, asset): a posting in another asset fits no account.
    account = models.ForeignKey(
        Account,
        on_delete=models.PROTECT,
        related_name="postings",
        db_constraint=False,
        db_index=False,
    )
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+", db_index=False)
    amount = amount_field()
    balance_after = amount_field(null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "account"], name="posting_once_per_account"),
            models.CheckConstraint(condition=~Q(amount=0), name="posting_moves_something"),
        ]
        indexes = [models.Index(fields=["account", "id"], name="posting_of_account")]

    def __str__(self) -> str:
        return f"{money.plain(self.amount)} {self.asset_id}"


class AcquisitionLock(models.Model):
    """T+N: so much of what was bought may not leave AVAILABLE until then; no posting.

    Written by services.lock_acquired() with the release of the order, ended by lift_locks().
    Withdrawable is AVAILABLE less all active locks, at least zero.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="acquisition_locks",
        db_index=False,
    )
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+", db_index=False)
    amount = amount_field()
    until = models.DateTimeField()
    order = models.UUIDField(unique=True)
    at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="lock_of_something"),
            models.CheckConstraint(condition=Q(until__gt=F("at")), name="lock_has_a_time"),
        ]
        indexes = [
            models.Index(
                fields=["user", "asset", "until"],
                name="lock_of_user",
                condition=Q(lifted_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"{money.plain(self.amount)} {self.asset_id} until {self.until:%Y-%m-%d %H:%M}"
