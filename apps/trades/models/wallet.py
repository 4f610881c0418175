"""Crypto that leaves and arrives: address books, withdrawals, deposits."""

from decimal import Decimal

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.core.fields import EncryptedTextField
from apps.core.ids import entity_id, uuid7
from apps.core.machines import starts, transitions
from apps.core.money import total
from apps.ledger.models import Asset
from apps.trades import states
from apps.trades.models.catalogue import money
from apps.users.models import DESK


class Destination(models.TextChoices):
    SELF_HOSTED = "SELF_HOSTED", "a wallet of one's own"
    VASP = "VASP", "an exchange or custodian"


class AddressBookEntry(models.Model):
    """An address that somebody withdraws to; usable once its cool-down is over.

    `verified_at` says when control of it was shown (a signed message, a small payment back).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="addresses"
    )
    label = models.CharField(max_length=40)
    network = models.CharField(max_length=16)
    address = models.CharField(max_length=120, help_text="In its canonical spelling.")
    is_own = models.BooleanField(default=True, help_text="The beneficiary is the user.")
    destination = models.CharField(max_length=11, choices=Destination)
    vasp = models.CharField(max_length=80, blank=True)
    beneficiary = EncryptedTextField(null=True)
    added_at = models.DateTimeField()
    usable_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True, blank=True)
    verified_by = models.CharField(max_length=12, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    decision = models.UUIDField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "address book entries"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "network", "address"],
                condition=Q(removed_at=None),
                name="address_once_per_user",
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="address_is_final", fields=["user", "network", "address"])
        ]

    def __str__(self) -> str:
        return self.label


class Withdrawal(models.Model):
    """Crypto on its way out: asked for, screened, proven, approved, sent, confirmed.

    From REQUESTED on `amount` lies in the user's WITHDRAW_PENDING account under this id; it leaves
    there once, to the network or back. `fee` is the desk's part of it, so the address receives
    amount - fee. Risk holds are restrictions on `entity`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entity = models.BigIntegerField(unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="withdrawals"
    )
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    amount = money()
    fee = money()
    usd = models.DecimalField(max_digits=20, decimal_places=2)
    entry = models.ForeignKey(AddressBookEntry, on_delete=models.PROTECT, related_name="+")
    address = models.CharField(max_length=120)
    destination = models.CharField(max_length=11, choices=Destination)
    travel_rule = EncryptedTextField(null=True, help_text="IVMS101 as JSON.")
    status = models.CharField(max_length=19, choices=states.WithdrawalStatus)
    requested_at = models.DateTimeField()
    status_at = models.DateTimeField()
    # The end of the wait that the withdrawal is in: proof, cooling-off, screening.
    wait_until = models.DateTimeField(null=True)
    cool_until = models.DateTimeField(null=True)
    decision = models.UUIDField(null=True)
    proven_at = models.DateTimeField(null=True)
    screening = models.JSONField(null=True, help_text="The provider's answer, without secrets.")
    screened_at = models.DateTimeField(null=True)
    # Set once a human has to look at it, and only ever to more: above a limit it takes two.
    takes_two = models.BooleanField(default=False)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=500, blank=True, help_text="Of staff; never shown to users.")
    reject_reason = models.CharField(max_length=40, blank=True)
    tx_id = models.CharField(max_length=100, blank=True)
    confirmations = models.PositiveIntegerField(default=0)
    network_fee = money(null=True)
    sends = models.PositiveSmallIntegerField(default=0, help_text="Attempts at the custodian.")
    next_send_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(fee__gte=0, amount__gt=F("fee")), name="withdrawal_sends_something"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["BROADCAST", "CONFIRMED"]) | ~Q(tx_id=""),
                name="withdrawal_sent_has_transaction",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None)
                | Q(takes_two=False)
                | (Q(proposed_by__isnull=False) & ~Q(proposed_by=F("approved_by"))),
                name="withdrawal_approved_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["APPROVED", "PROCESSING", "BROADCAST", "CONFIRMED"])
                | Q(takes_two=False)
                | Q(approved_by__isnull=False),
                name="withdrawal_that_takes_two_has_both",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["APPROVED", "PROCESSING"])
                | Q(cool_until=None)
                | Q(status_at__gte=F("cool_until")),
                name="withdrawal_has_cooled_off",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-requested_at"], name="withdrawal_of_user"),
            models.Index(
                fields=["status", "wait_until"],
                name="withdrawal_due",
                condition=~Q(status__in=["CONFIRMED", "REJECTED", "CANCELLED", "FAILED"]),
            ),
        ]
        triggers = [
            transitions(states.WITHDRAWAL),
            starts(states.WITHDRAWAL),
            pgtrigger.ReadOnly(
                name="withdrawal_terms_are_final",
                fields=["entity", "user", "asset", "amount", "fee", "usd", "entry", "address",
                        "requested_at"],
            ),
            pgtrigger.Protect(
                name="withdrawal_takes_two_for_good",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__takes_two=True, new__takes_two=False),
            ),
            pgtrigger.Protect(name="withdrawal_stays_on_record", operation=pgtrigger.Delete),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"withdrawal {self.id}"

    def save(self, *args: object, **kwargs: object) -> None:
        """Keep the entity beside the id that it is the hash of."""
        if self.entity is None:
            self.entity = entity_id(kind="withdrawal", scope=DESK, ref=str(self.id))
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    @property
    def sent(self) -> Decimal:
        """What the address receives."""
        return total([self.amount, self.fee.copy_negate()])

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.status not in states.WITHDRAWAL.terminal

    @property
    def is_cancellable(self) -> bool:
        """Whether the person may still take it back."""
        return states.WITHDRAWAL.allows(self.status, states.WithdrawalStatus.CANCELLED)


class WithdrawalStep(models.Model):
    """One step of a withdrawal: who moved it from where to where, why, and when. Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    withdrawal = models.ForeignKey(Withdrawal, on_delete=models.PROTECT, related_name="steps")
    at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text="Nobody: the clock, the engine or the custodian.",
    )  # fmt: skip
    before = models.CharField(max_length=19, blank=True)
    after = models.CharField(max_length=19)
    reason = models.CharField(max_length=40, blank=True)

    class Meta:
        indexes = [models.Index(fields=["withdrawal", "id"], name="withdrawal_step_of")]

    def __str__(self) -> str:
        return f"{self.before} → {self.after}"

    @property
    def became(self) -> str:
        """What the withdrawal became, in words."""
        return states.WithdrawalStatus(self.after).label


class DepositAddress(models.Model):
    """Where one person's deposits of one network arrive; given out by the custodian."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    network = models.CharField(max_length=16)
    address = models.CharField(max_length=120)
    given_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "network"], name="one_deposit_address"),
            models.UniqueConstraint(fields=["network", "address"], name="deposit_address_is_ones"),
        ]
        verbose_name_plural = "deposit addresses"

    def __str__(self) -> str:
        return self.network


class Deposit(models.Model):
    """Crypto that arrived for somebody: credited once it is confirmed and screened."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="deposits"
    )
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    amount = money()
    usd = models.DecimalField(max_digits=20, decimal_places=2)
    tx_id = models.CharField(max_length=100)
    output = models.PositiveIntegerField(default=0, help_text="Of a transaction with several.")
    address = models.CharField(max_length=120)
    sender = models.CharField(max_length=120, blank=True)
    status = models.CharField(max_length=11, choices=states.DepositStatus)
    confirmations = models.PositiveIntegerField(default=0)
    detected_at = models.DateTimeField()
    status_at = models.DateTimeField()
    screening = models.JSONField(null=True)
    screened_at = models.DateTimeField(null=True)
    # Until when the screening may answer; nothing once a human has to.
    wait_until = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    note = models.CharField(max_length=500, blank=True, help_text="Of staff; never shown to users.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["asset", "tx_id", "output"], name="deposit_counted_once"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="deposit_is_something"),
        ]
        indexes = [
            models.Index(fields=["user", "-detected_at"], name="deposit_of_user"),
            models.Index(
                fields=["status"],
                name="deposit_open",
                condition=Q(status__in=["DETECTED", "QUARANTINED"]),
            ),
        ]
        triggers = [
            transitions(states.DEPOSIT),
            starts(states.DEPOSIT),
            pgtrigger.ReadOnly(
                name="deposit_is_what_arrived",
                fields=["user", "asset", "amount", "usd", "tx_id", "output", "address",
                        "detected_at"],
            ),
            pgtrigger.Protect(name="deposit_stays_on_record", operation=pgtrigger.Delete),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"deposit {self.id}"
