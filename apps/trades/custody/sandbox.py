"""The embedded custodian: a chain in a table, so that a desk runs without a wallet.

Everything about a transfer follows from its id: transaction, network fee, and with the time that
has passed its confirmations. Its rows are written in transactions of their own, as a chain's are.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from apps.core import addresses
from apps.core.addresses import formats
from apps.ledger.models import AddressFormat, Asset
from apps.trades.custody import Report, Sending, State
from apps.trades.models import SandboxTransfer

#: So often the chain makes a block.
BLOCK = timedelta(seconds=15)
#: A transfer is given up after this many blocks that did not take it.
PATIENCE = 20


class Sandbox:
    """A custodian that always answers."""

    asked_every = BLOCK

    def give_address(self, *, user: UUID, asset: Asset, at: datetime) -> str:
        """The person's address on the network: the same each time."""
        return address_of(f"{user}/{asset.network}", address_format=asset.address_format)

    def send(self, sending: Sending, *, at: datetime) -> Report:
        """Put it on the chain, once for each withdrawal."""
        with transaction.atomic(durable=True):
            SandboxTransfer.objects.bulk_create(
                [
                    SandboxTransfer(
                        withdrawal=sending.id,
                        asset=sending.asset,
                        address=sending.address,
                        amount=sending.amount,
                        network_fee=_fee(sending),
                        tx_id=transaction_id(sending.id.hex, asset=sending.asset),
                        at=at,
                    )
                ],
                ignore_conflicts=True,
            )
        return self.status(sending, at=at)

    def status(self, sending: Sending, *, at: datetime) -> Report:
        """How far the chain has it."""
        found = SandboxTransfer.objects.filter(withdrawal=sending.id).first()
        if found is None:
            return Report(state=State.UNKNOWN)
        blocks = blocks_since(found.at, at=at)
        if found.fails:
            state = State.FAILED if blocks >= PATIENCE else State.BROADCAST
            return Report(state=state, tx_id=found.tx_id, reason="NEVER_MINED")
        done = blocks >= sending.asset.confirmations
        return Report(
            state=State.CONFIRMED if done else State.BROADCAST,
            tx_id=found.tx_id,
            confirmations=blocks,
            network_fee=found.network_fee,
        )


def arrives(
    *, asset: Asset, address: str, amount: Decimal, sender: str, at: datetime
) -> SandboxTransfer:
    """Somebody sends to an address of the desk's."""
    nth = SandboxTransfer.objects.count()
    return SandboxTransfer.objects.create(
        asset=asset,
        address=address,
        sender=sender,
        amount=amount,
        network_fee=0,
        tx_id=transaction_id(f"{address}/{nth}/{at.isoformat()}", asset=asset),
        at=at,
    )


def incoming(*, since: datetime) -> Iterator[SandboxTransfer]:
    """What came in since then, oldest first."""
    found = SandboxTransfer.objects.filter(withdrawal=None, at__gte=since)
    yield from found.select_related("asset").order_by("at")


def blocks_since(sent: datetime, *, at: datetime) -> int:
    """How many blocks the chain has made since something was sent."""
    return max(0, (at - sent) // BLOCK)


def transaction_id(seed: str, *, asset: Asset) -> str:
    """A transaction id as the network of the asset writes it."""
    digest = hashlib.sha256(f"sandbox transaction {seed}".encode()).hexdigest()
    return f"0x{digest}" if asset.address_format == AddressFormat.EVM else digest


def address_of(seed: str, *, address_format: str) -> str:
    """A valid address of the format that nobody has the key of."""
    digest = hashlib.sha256(f"sandbox address {seed}".encode()).digest()[:20]
    if address_format == AddressFormat.EVM:
        return addresses.canonical(f"0x{digest.hex()}", address_format=address_format)
    prefix = formats.TRON_PREFIX if address_format == AddressFormat.TRON else formats.P2PKH
    return addresses.base58check(bytes([prefix]) + digest)


def _fee(sending: Sending) -> Decimal:
    """A third to all of the desk's fee, by the id: what the network took."""
    share = Decimal(1 + sending.id.int % 3) / 3
    return sending.asset.round_down(sending.asset.withdrawal_fee * share)
