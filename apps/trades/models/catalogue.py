"""What is traded against what, over which rails, at which prices: data that staff keep."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.core.money import MAX_DIGITS, MAX_PLACES
from apps.ledger.models import Asset


def money(**options: object) -> models.DecimalField:
    """A column for an amount or a price: NUMERIC(38,18)."""
    return models.DecimalField(max_digits=MAX_DIGITS, decimal_places=MAX_PLACES, **options)  # type: ignore[arg-type]


class Fiat(models.Model):
    """A currency that people pay each other in outside of the desk."""

    code = models.CharField(max_length=3, primary_key=True, help_text="ISO 4217.")
    name = models.CharField(max_length=40)
    symbol = models.CharField(max_length=4, blank=True)
    decimals = models.PositiveSmallIntegerField(default=2)
    is_active = models.BooleanField(default=True)

    class Meta:
        verbose_name = "fiat currency"
        verbose_name_plural = "fiat currencies"

    def __str__(self) -> str:
        return self.code


class Speed(models.TextChoices):
    INSTANT = "INSTANT", "minutes"
    SLOW = "SLOW", "hours to days"


class Reversal(models.TextChoices):
    """How a payment that arrived can be taken back."""

    NONE = "NONE", "final"
    RECALL = "RECALL", "recalled through the bank"
    CHARGEBACK = "CHARGEBACK", "charged back"


class Rail(models.Model):
    """A way in which money moves between two people: its speed, and how it can be reversed.

    Kept by staff. `PayoutAccount.rail` holds the code.
    """

    code = models.CharField(max_length=32, primary_key=True)
    name = models.CharField(max_length=60)
    fiats = ArrayField(models.CharField(max_length=3), help_text="Empty: every currency.")
    country = models.CharField(max_length=2, blank=True, help_text="Empty: many countries.")
    speed = models.CharField(max_length=8, choices=Speed)
    settles_min = models.PositiveIntegerField(help_text="Minutes until money usually arrives.")
    reversal = models.CharField(max_length=10, choices=Reversal)
    reversal_days = models.PositiveSmallIntegerField(default=0)
    names_payer = models.BooleanField(help_text="The payee sees who paid.")
    longest_window_min = models.PositiveIntegerField(default=60)
    limit_usd = models.DecimalField(max_digits=20, decimal_places=2, help_text="Of one order.")
    appeal_after_min = models.PositiveIntegerField(
        default=10, help_text="After 'paid', the buyer may appeal."
    )
    number_label = models.CharField(max_length=40, default="Account number")
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name

    @property
    def is_reversible(self) -> bool:
        """Whether a payment can be charged back."""
        return self.reversal == Reversal.CHARGEBACK


class ReferencePrice(models.Model):
    """What one unit of an asset is worth in a currency, as the desk's price source says."""

    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    fiat = models.ForeignKey(Fiat, on_delete=models.PROTECT, related_name="+")
    price = money()
    source = models.CharField(max_length=40)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["asset", "fiat"], name="one_reference_price"),
            models.CheckConstraint(condition=models.Q(price__gt=0), name="price_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.asset_id}/{self.fiat_id}"


class Tier(models.Model):
    """What a trader of this standing may do, what it takes and what it costs; kept by staff."""

    code = models.CharField(max_length=12, primary_key=True)
    name = models.CharField(max_length=40)
    rank = models.PositiveSmallIntegerField(unique=True)
    max_open_orders = models.PositiveSmallIntegerField()
    max_ads = models.PositiveSmallIntegerField()
    order_limit_usd = models.DecimalField(max_digits=20, decimal_places=2)
    day_limit_usd = models.DecimalField(max_digits=20, decimal_places=2)
    margin_asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    margin_amount = money(default=0)
    maker_fee = models.DecimalField(max_digits=6, decimal_places=5, help_text="Share of the trade.")
    taker_fee = models.DecimalField(max_digits=6, decimal_places=5)
    min_kyc = models.PositiveSmallIntegerField(default=0)
    min_age_days = models.PositiveSmallIntegerField(default=0)
    min_orders = models.PositiveIntegerField(default=0)
    min_completion = models.DecimalField(max_digits=4, decimal_places=3, default=0)
    min_partners = models.PositiveIntegerField(default=0)
    may_advertise = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(maker_fee__gte=0, maker_fee__lt=1)
                & models.Q(taker_fee__gte=0, taker_fee__lt=1),
                name="tier_fees_are_shares",
            )
        ]

    def __str__(self) -> str:
        return self.name
