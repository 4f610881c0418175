"""Custodians: whoever holds the keys, gives addresses out and sends.

A custodian is asked outside of transactions, and knows a withdrawal by its id: told to send the
same one twice, it sends it once. What it answers is a report; flows.custody makes it true.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from apps.ledger.models import Asset


class State(StrEnum):
    """What a custodian knows of a withdrawal."""

    UNKNOWN = "UNKNOWN"  # it never heard of it: sending is safe
    ACCEPTED = "ACCEPTED"  # it will be sent, and reported
    BROADCAST = "BROADCAST"
    CONFIRMED = "CONFIRMED"
    FAILED = "FAILED"  # it was not sent, and never will be


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What is to be sent: `amount` is what the address receives."""

    id: UUID
    asset: Asset
    address: str
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a custodian says of a withdrawal; the network's own fee is for the books of the wallet,
    and may be paid in another coin.
    """

    state: State
    tx_id: str = ""
    confirmations: int = 0
    network_fee: Decimal | None = None
    reason: str = ""


class NoAnswer(Exception):
    """The custodian could not be asked, or did not say: nothing is known of what it did."""


class Custodian(Protocol):
    """The whole of what the desk asks of a wallet; each raises NoAnswer where it can't tell.

    `asked_every` says how often it is asked after what it has sent.
    """

    @property
    def asked_every(self) -> timedelta: ...

    def give_address(self, *, user: UUID, asset: Asset, at: datetime) -> str:
        """The address at which this person's deposits of the asset's network arrive."""

    def send(self, sending: Sending, *, at: datetime) -> Report:
        """Send it, if it was not sent before."""

    def status(self, sending: Sending, *, at: datetime) -> Report:
        """What became of it."""
