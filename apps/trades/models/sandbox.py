"""The chain of the embedded custodian: what a desk without real wallets sends and receives."""

from django.db import models

from apps.core.ids import uuid7
from apps.ledger.models import Asset
from apps.trades.models.catalogue import money


class SandboxTransfer(models.Model):
    """One transaction of the sandbox's chain, outgoing for a withdrawal or incoming for anybody.

    Written by apps.trades.custody.sandbox alone, in transactions of its own, as a real chain is:
    whatever becomes of the desk's transaction, the coins have moved. A withdrawal is sent once.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    withdrawal = models.UUIDField(null=True, unique=True, help_text="Nothing: it comes in.")
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    address = models.CharField(max_length=120)
    sender = models.CharField(max_length=120, blank=True)
    amount = money()
    network_fee = money()
    tx_id = models.CharField(max_length=100, unique=True)
    at = models.DateTimeField()
    fails = models.BooleanField(default=False, help_text="The chain never takes it up.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount__gt=0), name="sandbox_transfer_is_something"
            )
        ]

    def __str__(self) -> str:
        return self.tx_id
