"""What people are to the desk and to each other: merchants, tallies, ratings, relations."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from apps.core.fields import EncryptedTextField
from apps.core.ids import uuid7
from apps.trades.models.catalogue import Tier
from apps.trades.models.orders import Order


class MerchantState(models.TextChoices):
    APPLIED = "APPLIED", "applied"
    ACTIVE = "ACTIVE", "merchant"
    REJECTED = "REJECTED", "not accepted"
    DEMOTED = "DEMOTED", "no longer a merchant"
    LEFT = "LEFT", "left"


class MerchantProfile(models.Model):
    """A trader who has applied to be, or is, a merchant; `tier` counts while ACTIVE.

    `applies_for` is the tier that staff have yet to decide on: a merchant who would rise stays one
    meanwhile. The margin itself lies in the person's MARGIN account, until some time after the end.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        primary_key=True,
        on_delete=models.PROTECT,
        related_name="merchant",
    )
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="+")
    applies_for = models.ForeignKey(
        Tier, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    state = models.CharField(max_length=8, choices=MerchantState)
    headline = models.CharField(max_length=160, blank=True)
    opens_at = models.TimeField(null=True, blank=True, help_text="In the merchant's time zone.")
    closes_at = models.TimeField(null=True, blank=True)
    applied_at = models.DateTimeField()
    since = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(max_length=200, blank=True)
    warned_at = models.DateTimeField(
        null=True, blank=True, help_text="Told that the tier's conditions are not kept."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="APPLIED") | Q(applies_for__isnull=False),
                name="merchant_applies_for_a_tier",
            ),
            models.CheckConstraint(
                condition=Q(opens_at=None, closes_at=None)
                | Q(opens_at__isnull=False, closes_at__isnull=False),
                name="merchant_opens_and_closes",
            ),
        ]

    def __str__(self) -> str:
        return f"merchant {self.user_id}"


class DayTally(models.Model):
    """What one person did on one UTC day, added up as orders end: thirty rows are a month.

    Written in the transaction of the order's step, so that pages cost the same however many orders
    there are.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    bought = models.PositiveIntegerField(default=0)
    sold = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(
        default=0, help_text="Ended without a release by this person's doing."
    )
    pays = models.PositiveIntegerField(default=0)
    pay_seconds = models.BigIntegerField(default=0)
    releases = models.PositiveIntegerField(default=0)
    release_seconds = models.BigIntegerField(default=0)
    usd_bought = models.DecimalField(max_digits=20, decimal_places=2, default=0)
    usd_sold = models.DecimalField(max_digits=20, decimal_places=2, default=0)
    appeals = models.PositiveIntegerField(default=0, help_text="Against this person.")
    faults = models.PositiveIntegerField(default=0, help_text="Appeals lost.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "day"], name="one_tally_a_day")]
        verbose_name_plural = "day tallies"

    def __str__(self) -> str:
        return f"{self.user_id} on {self.day}"


class PairTally(models.Model):
    """How often two people completed orders with each other; one row each way."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    other = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    orders = models.PositiveIntegerField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "other"], name="one_pair_tally")]
        indexes = [models.Index(fields=["user", "-last_at"], name="pair_tally_recent")]
        verbose_name_plural = "pair tallies"

    def __str__(self) -> str:
        return f"{self.user_id} with {self.other_id}"


class Rating(models.Model):
    """What one party of a completed order says of the other.

    `weight` discounts fresh accounts and accounts that are linked to the rated one; it is set when
    the rating is given and again when links become known.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="ratings")
    rater = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    rated = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="ratings"
    )
    is_positive = models.BooleanField()
    tags = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    comment = models.CharField(max_length=300, blank=True)
    weight = models.FloatField(default=1.0)
    at = models.DateTimeField()
    hidden_at = models.DateTimeField(null=True, blank=True, help_text="By staff.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "rater"], name="one_rating_an_order"),
            models.CheckConstraint(condition=~Q(rater=F("rated")), name="nobody_rates_themselves"),
            models.CheckConstraint(
                condition=Q(weight__gte=0, weight__lte=1), name="rating_weight_is_a_share"
            ),
        ]
        indexes = [models.Index(fields=["rated", "-id"], name="rating_of_rated")]

    def __str__(self) -> str:
        return "positive" if self.is_positive else "negative"


class RelationKind(models.TextChoices):
    TRUST = "TRUST", "trusts"
    FOLLOW = "FOLLOW", "follows"
    BLOCK = "BLOCK", "blocks"


class Relation(models.Model):
    """One person's attitude to another; BLOCK keeps their ads and orders apart."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="relations"
    )
    other = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=6, choices=RelationKind)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "other", "kind"], name="one_relation"),
            models.CheckConstraint(condition=~Q(user=F("other")), name="relation_is_to_another"),
        ]
        indexes = [models.Index(fields=["other", "kind"], name="relation_to")]

    def __str__(self) -> str:
        return self.kind


class Report(models.Model):
    """Somebody tells the desk of somebody else's conduct; staff look at it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    target = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    order = models.ForeignKey(
        Order, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    category = models.CharField(max_length=20)
    words = EncryptedTextField(null=True)
    at = models.DateTimeField()

    class Meta:
        triggers = [pgtrigger.Protect(name="report_stays_on_record", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.category
