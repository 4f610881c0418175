"""Orders: who pays whom for what, how far it got, and who moved it there."""

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
from apps.trades.models.ads import Ad
from apps.trades.models.catalogue import Fiat, Rail, money
from apps.users.models import DESK, PayoutAccount

LIVE = ("CREATED", "AWAITING_PAYMENT", "PAID", "RELEASING", "APPEALED")


class CancelReason(models.TextChoices):
    """Why an order ended without a release."""

    BUYER = "BUYER", "the buyer cancelled"
    TAKER = "TAKER", "given up before it began"
    REFUNDED = "REFUNDED", "the buyer was refunded, or never paid"
    MUTUAL = "MUTUAL", "both agreed"
    UNPAID = "UNPAID", "not paid in time"
    CHECK_FAILED = "CHECK_FAILED", "a check did not pass"
    CHECK_LATE = "CHECK_LATE", "a check was not done in time"
    APPEAL = "APPEAL", "an appeal decided so"
    RISK = "RISK", "refused by risk control"


class Order(models.Model):
    """One trade between a buyer and a seller of crypto.

    Written by flows.trading, flows.releasing and flows.appeals under the lock of both parties; each
    step leaves an OrderStep. Risk holds are restrictions on `entity`, not states. While the order
    lives its `amount` + `seller_fee` lies in its ESCROW account; from there it leaves once.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entity = models.BigIntegerField(unique=True, editable=False)
    ad = models.ForeignKey(Ad, on_delete=models.PROTECT, related_name="orders")
    ad_revision = models.PositiveIntegerField()
    maker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    taker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    buyer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="bought"
    )
    seller = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="sold"
    )
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    fiat = models.ForeignKey(Fiat, on_delete=models.PROTECT, related_name="+")
    price = money()
    amount = money(help_text="Crypto that is traded.")
    fiat_amount = money()
    usd = models.DecimalField(max_digits=20, decimal_places=2)
    buyer_fee = money(default=0)
    seller_fee = money(default=0)

    rail = models.ForeignKey(Rail, on_delete=models.PROTECT, related_name="+")
    payee_account = models.ForeignKey(PayoutAccount, on_delete=models.PROTECT, related_name="+")
    # As they were when the order was taken: an edit afterwards misleads nobody.
    payee_holder = EncryptedTextField()
    payee_number = EncryptedTextField()
    payee_bank = models.CharField(max_length=80, blank=True)
    payer_account = models.ForeignKey(
        PayoutAccount, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    payer_holder = EncryptedTextField(null=True)
    name_similarity = models.FloatField(
        null=True, help_text="Holder of the declared payer account against the verified name."
    )

    status = models.CharField(max_length=16, choices=states.OrderStatus)
    # Where a release came from and falls back to.
    release_from = models.CharField(max_length=16, blank=True)
    paid_reverted = models.BooleanField(
        default=False, help_text="The buyer once took 'paid' back. It stays so."
    )
    third_party = models.BooleanField(
        default=False, help_text="The seller reported a payment from somebody else."
    )
    created_at = models.DateTimeField()
    status_at = models.DateTimeField()
    pay_until = models.DateTimeField(null=True)
    # Until when a person may prove themselves, in CREATED and RELEASING.
    check_until = models.DateTimeField(null=True)
    paid_at = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    cancel_reason = models.CharField(max_length=12, choices=CancelReason, blank=True)
    cancel_wished_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reclaims = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="reclaimed_by",
        help_text="The expired order whose payment this one makes good.",
    )  # fmt: skip
    created_decision = models.UUIDField(null=True)
    paid_decision = models.UUIDField(null=True)
    release_decision = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(buyer=F("seller")), name="order_has_two_parties"),
            models.CheckConstraint(
                condition=Q(maker=F("buyer"), taker=F("seller"))
                | Q(maker=F("seller"), taker=F("buyer")),
                name="order_maker_and_taker_are_the_parties",
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0, fiat_amount__gt=0, price__gt=0)
                & Q(buyer_fee__gte=0, seller_fee__gte=0, buyer_fee__lt=F("amount")),
                name="order_amounts_are_positive",
            ),
            models.CheckConstraint(
                condition=Q(status__in=LIVE, ended_at=None)
                | (~Q(status__in=LIVE) & Q(ended_at__isnull=False)),
                name="order_ended_has_moment",
            ),
            models.CheckConstraint(
                condition=~Q(status="CANCELLED") | ~Q(cancel_reason=""),
                name="order_cancelled_says_why",
            ),
            models.CheckConstraint(
                condition=~Q(status="RELEASING") | Q(release_from__in=["PAID", "APPEALED"]),
                name="order_release_comes_from_somewhere",
            ),
        ]
        indexes = [
            models.Index(
                fields=["buyer"], name="order_live_of_buyer", condition=Q(status__in=LIVE)
            ),
            models.Index(
                fields=["seller"], name="order_live_of_seller", condition=Q(status__in=LIVE)
            ),
            models.Index(fields=["buyer", "-created_at"], name="order_of_buyer"),
            models.Index(fields=["seller", "-created_at"], name="order_of_seller"),
            models.Index(fields=["taker", "-created_at"], name="order_of_taker"),
            models.Index(fields=["ad"], name="order_of_ad_live", condition=Q(status__in=LIVE)),
            models.Index(
                fields=["status", "pay_until"],
                name="order_due",
                condition=Q(status__in=("CREATED", "AWAITING_PAYMENT", "PAID", "RELEASING")),
            ),
            models.Index(fields=["payee_account", "-created_at"], name="order_of_payee_account"),
            models.Index(fields=["payer_account", "-created_at"], name="order_of_payer_account"),
        ]
        triggers = [
            transitions(states.ORDER),
            starts(states.ORDER),
            pgtrigger.ReadOnly(
                name="order_terms_are_final",
                fields=[
                    "entity", "ad", "ad_revision", "maker", "taker", "buyer", "seller", "asset",
                    "fiat", "price", "amount", "fiat_amount", "usd", "buyer_fee", "seller_fee",
                    "rail", "payee_account", "created_at", "reclaims",
                ],
            ),
            pgtrigger.Protect(
                name="order_reverted_stays_so",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__paid_reverted=True, new__paid_reverted=False),
            ),
            pgtrigger.Protect(name="order_stays_on_record", operation=pgtrigger.Delete),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.number

    def save(self, *args: object, **kwargs: object) -> None:
        """Keep the entity beside the id that it is the hash of."""
        if self.entity is None:
            self.entity = entity_id(kind="order", scope=DESK, ref=str(self.id))
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    @property
    def number(self) -> str:
        """What people call the order."""
        return f"{self.id.hex[:8]}-{self.id.hex[-6:]}".upper()

    @property
    def escrow(self) -> Decimal:
        """What lies in escrow while the order lives."""
        return total([self.amount, self.seller_fee])

    @property
    def fee(self) -> Decimal:
        """What the desk earns by it."""
        return total([self.buyer_fee, self.seller_fee])

    @property
    def draws(self) -> Decimal:
        """What it takes of its ad's quantity: the seller's fee too, where the ad sells."""
        return self.escrow if self.maker_id == self.seller_id else self.amount

    @property
    def is_live(self) -> bool:
        """Whether it has not ended."""
        return self.status in LIVE


class OrderStep(models.Model):
    """One step of an order: who moved it from where to where, why, and when. Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="steps")
    at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text="Nobody: the clock or the engine.",
    )  # fmt: skip
    before = models.CharField(max_length=16, blank=True)
    after = models.CharField(max_length=16)
    reason = models.CharField(max_length=40, blank=True)
    event = models.UUIDField(null=True, help_text="In the log: device, address, judgement.")

    class Meta:
        indexes = [models.Index(fields=["order", "id"], name="order_step_of_order")]

    def __str__(self) -> str:
        return f"{self.before} → {self.after}"
