"""What happened: append-only, sealed, delivered."""

from django.db import models

from apps.core.fields import EncryptedBytesField
from apps.core.ids import entity_id


class EntityKind(models.TextChoices):
    CLIENT = "client", "client"
    USER = "user", "user"
    DEVICE = "device", "device"
    IP = "ip", "IP address"
    SUBNET = "subnet", "subnet"
    ACCOUNT = "account", "payment account"
    ADDRESS = "address", "crypto address"
    PAIR = "pair", "pair of users"
    ORDER = "order", "order"
    WITHDRAWAL = "withdrawal", "withdrawal"


class Entity(models.Model):
    """One thing that events refer to, under the 64-bit hash of its kind, scope and reference.

    Written by the event write, the first time that something is seen; never changed. `ref` is what
    an analyst may read: a payment account stands here only as its keyed blind index.
    """

    id = models.BigIntegerField(primary_key=True)
    kind = models.CharField(max_length=10, choices=EntityKind)
    scope = models.CharField(max_length=64, blank=True)
    ref = models.CharField(max_length=200)
    first_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "entities"
        indexes = [models.Index(fields=["ref"], name="entity_ref")]

    def __str__(self) -> str:
        return f"{self.kind} {self.ref}"

    @property
    def hash_is_right(self) -> bool:
        """True when the id is the hash of what the row says it stands for (else: a collision)."""
        return self.id == entity_id(kind=self.kind, scope=self.scope, ref=self.ref)


def _entity(null: bool = True) -> models.ForeignKey:
    # No database constraint: the event write would pay a lookup per reference, and the entity
    # rows are written by the same statement.
    return models.ForeignKey(
        Entity,
        null=null,
        blank=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )


class Event(models.Model):
    """One act or fact, written once, in the transaction that made it true.

    Partitioned by month on the uuid7 id (whose time is `at`, the server's arrival time).
    `occurred_at` is the client's own time and decides nothing. `data` holds ids, numbers and short
    codes only. `xid` is the writing transaction: seals and deliveries follow it.
    """

    id = models.UUIDField(primary_key=True)
    xid = models.BigIntegerField(editable=False)
    at = models.DateTimeField()
    occurred_at = models.DateTimeField(null=True)
    kind = models.CharField(max_length=40)
    client = _entity()
    ref = models.CharField(max_length=80, null=True)
    actor = _entity()
    user = _entity()
    device = _entity()
    ip = _entity()
    subnet = _entity()
    account = _entity()
    address = _entity()
    counterparty = _entity()
    amount_usd = models.DecimalField(max_digits=20, decimal_places=2, null=True)
    data = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, null=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class IngestKey(models.Model):
    """A client's own id for an act it sent: the same id is never judged or recorded twice."""

    pk = models.CompositePrimaryKey("client", "ref")
    client = models.BigIntegerField()
    ref = models.CharField(max_length=80)
    event = models.UUIDField()
    digest = models.BinaryField(max_length=16)
    at = models.DateTimeField()


class Seal(models.Model):
    """A batch of events closed for ever: the root of their digests, chained to the seal before.

    Written by beat alone. Holds every event whose transaction id lies in [from_xid, upto_xid).
    """

    id = models.BigAutoField(primary_key=True)
    from_xid = models.BigIntegerField()
    upto_xid = models.BigIntegerField(unique=True)
    count = models.BigIntegerField()
    first_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    root = models.BinaryField(max_length=32)
    previous = models.BinaryField(max_length=32)
    digest = models.BinaryField(max_length=32)
    sealed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"seal {self.id} of {self.count} events"


class Retirement(models.Model):
    """A month of history that retention has dropped: seals inside it can no longer be recounted."""

    table = models.CharField(max_length=63)
    month = models.DateField()
    rows = models.BigIntegerField()
    retired_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["table", "month"], name="one_retirement")]

    def __str__(self) -> str:
        return f"{self.table} {self.month:%Y-%m}"


class Subscriber(models.Model):
    """An integrator's endpoint that is told of events of the kinds it asked for."""

    id = models.UUIDField(primary_key=True)
    client = models.ForeignKey(
        Entity, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    url = models.URLField(max_length=500)
    kinds = models.JSONField(default=list)
    secret = EncryptedBytesField()
    created_at = models.DateTimeField()
    disabled_at = models.DateTimeField(null=True, blank=True)
    cursor_xid = models.BigIntegerField()

    def __str__(self) -> str:
        return self.url


class DeliveryStatus(models.TextChoices):
    PENDING = "PENDING", "pending"
    DELIVERED = "DELIVERED", "delivered"
    FAILED = "FAILED", "gave up"


class Delivery(models.Model):
    """One event owed to one subscriber, and how its delivery went."""

    id = models.UUIDField(primary_key=True)
    event = models.ForeignKey(
        Event, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="deliveries")
    status = models.CharField(max_length=9, choices=DeliveryStatus, default=DeliveryStatus.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    last_status = models.PositiveSmallIntegerField(null=True)
    last_error = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [models.UniqueConstraint(fields=["event", "subscriber"], name="one_delivery")]
        indexes = [
            models.Index(
                fields=["subscriber", "next_at"],
                name="delivery_due",
                condition=models.Q(status="PENDING"),
            ),
            models.Index(fields=["subscriber", "-id"], name="delivery_log"),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} to {self.subscriber_id}"
