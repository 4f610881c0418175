"""What is forbidden: to whom, until when, why, and what lifts it."""

from django.conf import settings
from django.db import models

from apps.core.ids import uuid7
from apps.events.models import Entity


class Ability(models.TextChoices):
    ALL = "all", "everything"
    LOGIN = "login", "sign in"
    POST_AD = "post_ad", "post ads"
    TAKE_BUY = "take_buy", "buy"
    TAKE_SELL = "take_sell", "sell"
    RELEASE = "release", "release crypto"
    PROCEED = "proceed", "go on with this order"
    WITHDRAW = "withdraw", "withdraw"
    ADD_ACCOUNT = "add_account", "add payment accounts"
    ADD_ADDRESS = "add_address", "add addresses"


class Kind(models.TextChoices):
    WARN = "WARN", "warning"
    CAP = "CAP", "capped amount"
    STEP_UP = "STEP_UP", "face check first"
    HOLD = "HOLD", "waits for a human"
    DENY = "DENY", "forbidden"


class LiftedBy(models.TextChoices):
    TIME = "TIME", "ends by itself"
    FACE = "FACE", "a passed face check"
    STAFF = "STAFF", "a decision by staff"


class Restriction(models.Model):
    """One thing that one subject may not do freely, until when, why, and what lifts it.

    The subject is an entity: a person, a device, a payment account, an address, an order, a
    withdrawal. Written by the
    engine's carry-out and by staff; lifted by staff, by a passed face check or by the clock. Rows
    are never deleted: `lifted_at` ends them.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.ForeignKey(
        Entity, on_delete=models.PROTECT, db_constraint=False, related_name="restrictions"
    )
    ability = models.CharField(max_length=12, choices=Ability)
    kind = models.CharField(max_length=8, choices=Kind)
    cap_usd = models.DecimalField(max_digits=20, decimal_places=2, null=True, blank=True)
    lifts_by = models.CharField(max_length=6, choices=LiftedBy, default=LiftedBy.STAFF)
    until = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=40)
    user_sentence = models.CharField(max_length=300)
    cause = models.UUIDField(null=True, blank=True, help_text="The decision that imposed it.")
    step = models.CharField(max_length=20, blank=True, help_text="Its step on the penalty ladder.")
    imposed_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_for = models.CharField(max_length=200, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "ability", "kind"],
                condition=models.Q(lifted_at=None),
                name="one_live_restriction",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="CAP", cap_usd__isnull=False)
                | (~models.Q(kind="CAP") & models.Q(cap_usd__isnull=True)),
                name="cap_has_amount",
            ),
            models.CheckConstraint(
                condition=~models.Q(lifts_by="TIME") | models.Q(until__isnull=False),
                name="time_has_an_end",
            ),
        ]
        indexes = [
            models.Index(
                fields=["until"], name="restriction_due", condition=models.Q(lifted_at=None)
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.ability}"
