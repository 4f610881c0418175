"""Offers to buy or sell, and every version of what they said."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from apps.core.ids import uuid7
from apps.core.machines import starts, transitions
from apps.ledger.models import Asset
from apps.trades import states
from apps.trades.models.catalogue import Fiat, Rail, money
from apps.users.models import PayoutAccount


class Side(models.TextChoices):
    """What the advertiser does with crypto."""

    BUY = "BUY", "buys"
    SELL = "SELL", "sells"


class PriceType(models.TextChoices):
    FIXED = "FIXED", "fixed"
    FLOATING = "FLOATING", "follows the reference price"


class Ad(models.Model):
    """An offer of one trader to everybody, as it stands now; AdRevision has its past.

    Written by its owner through flows.ads, by orders (quantities) and by staff (suspension). A sell
    ad's `remaining` lies in the owner's AD_RESERVED account. `remaining` + what is in open orders
    + `executed` = `quantity`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="ads"
    )
    side = models.CharField(max_length=4, choices=Side)
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    fiat = models.ForeignKey(Fiat, on_delete=models.PROTECT, related_name="+")
    price_type = models.CharField(max_length=8, choices=PriceType)
    price = money(null=True, blank=True, help_text="Fixed: fiat per unit.")
    premium = models.DecimalField(
        max_digits=6, decimal_places=4, null=True, blank=True, help_text="Floating: 0.01 is +1 %."
    )
    quantity = money()
    remaining = money()
    executed = money(default=0)
    min_fiat = money()
    max_fiat = money()
    window_min = models.PositiveSmallIntegerField(help_text="Minutes to pay.")
    terms = models.CharField(max_length=900, blank=True)
    auto_reply = models.CharField(max_length=500, blank=True)
    status = models.CharField(max_length=14, choices=states.AdStatus)
    revision = models.PositiveIntegerField(default=1)

    # Who may take it.
    min_kyc = models.PositiveSmallIntegerField(default=0)
    min_age_days = models.PositiveSmallIntegerField(default=0)
    min_orders = models.PositiveIntegerField(default=0)
    min_completion = models.DecimalField(max_digits=4, decimal_places=3, default=0)
    countries = ArrayField(models.CharField(max_length=2), default=list, blank=True)
    newcomer_limit_usd = models.DecimalField(
        max_digits=20, decimal_places=2, null=True, blank=True, help_text="First order with me."
    )
    clean_rail_only = models.BooleanField(
        default=False, help_text="The payer's account is over 30 days old here and never reported."
    )
    trusted_only = models.BooleanField(default=False)

    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    suspended_for = models.CharField(max_length=40, blank=True)
    decision = models.UUIDField(null=True, blank=True, help_text="The last judgement of it.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(price_type="FIXED", price__gt=0, premium=None)
                | Q(price_type="FLOATING", price=None, premium__gt=-1),
                name="ad_has_one_price",
            ),
            models.CheckConstraint(
                condition=Q(min_fiat__gt=0, max_fiat__gte=F("min_fiat")), name="ad_limits_in_order"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gte=0, remaining__gte=0, executed__gte=0),
                name="ad_quantities_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(quantity__gte=F("remaining") + F("executed")),
                name="ad_sells_no_more_than_it_offers",
            ),
        ]
        indexes = [
            # The market's two walks, each in the order of the price: queries/market.py.
            models.Index(
                fields=["fiat", "asset", "side", "price", "id"],
                name="ad_market_fixed",
                condition=Q(status="ONLINE", price_type="FIXED"),
            ),
            models.Index(
                fields=["fiat", "asset", "side", "premium", "id"],
                name="ad_market_floating",
                condition=Q(status="ONLINE", price_type="FLOATING"),
            ),
            models.Index(fields=["owner", "status"], name="ad_of_owner"),
        ]
        triggers = [
            transitions(states.AD),
            starts(states.AD),
            pgtrigger.ReadOnly(
                name="ad_is_of_one_kind", fields=["owner", "side", "asset", "fiat", "created_at"]
            ),
            pgtrigger.Protect(name="ad_stays_on_record", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.asset_id}/{self.fiat_id}"


class AdRail(models.Model):
    """A rail that an ad takes, and for a sell ad the owner's own account on it."""

    ad = models.ForeignKey(Ad, on_delete=models.CASCADE, related_name="rails")
    rail = models.ForeignKey(Rail, on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey(
        PayoutAccount, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ad", "rail"], name="ad_rail_once")]

    def __str__(self) -> str:
        return self.rail_id


class AdRevision(models.Model):
    """What an ad said from this moment on: price and payee swaps are a sign of fraud.

    Written with every edit, never changed. `said` holds prices, limits, rails and conditions;
    `terms` the public text.
    """

    ad = models.ForeignKey(Ad, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    said = models.JSONField()
    terms = models.CharField(max_length=900, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ad", "number"], name="ad_revision_once")]

    def __str__(self) -> str:
        return f"revision {self.number}"
