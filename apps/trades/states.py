"""The machines of the desk: each a table of the transitions that there are, and no others.

One table serves four times: the guard of services, the trigger of the database, the diagram in
docs/desk.md and the matrix of the tests.
"""

from dataclasses import dataclass
from itertools import chain

from django.db import models


class OrderStatus(models.TextChoices):
    CREATED = "CREATED", "waiting for a check"
    AWAITING_PAYMENT = "AWAITING_PAYMENT", "waiting for the payment"
    PAID = "PAID", "marked as paid"
    RELEASING = "RELEASING", "release under way"
    APPEALED = "APPEALED", "in appeal"
    COMPLETED = "COMPLETED", "completed"
    CANCELLED = "CANCELLED", "cancelled"
    EXPIRED = "EXPIRED", "expired"
    REJECTED = "REJECTED", "rejected"


class AdStatus(models.TextChoices):
    DRAFT = "DRAFT", "draft"
    PENDING_REVIEW = "PENDING_REVIEW", "waiting for review"
    ONLINE = "ONLINE", "online"
    PAUSED = "PAUSED", "paused"
    SOLD_OUT = "SOLD_OUT", "sold out"
    SUSPENDED = "SUSPENDED", "suspended"
    CLOSED = "CLOSED", "closed"


class AppealState(models.TextChoices):
    OPEN = "OPEN", "opened"
    NEGOTIATING = "NEGOTIATING", "the parties negotiate"
    EVIDENCE = "EVIDENCE", "evidence is collected"
    IN_REVIEW = "IN_REVIEW", "an agent reviews it"
    DECIDED = "DECIDED", "decided"
    OBJECTION = "OBJECTION", "objected to"
    CLOSED = "CLOSED", "closed"
    WITHDRAWN = "WITHDRAWN", "withdrawn"


class WithdrawalStatus(models.TextChoices):
    REQUESTED = "REQUESTED", "requested"
    SCREENING = "SCREENING", "being screened"
    CHALLENGED = "CHALLENGED", "waiting for your proof"
    COOLING_OFF = "COOLING_OFF", "cooling off"
    UNDER_REVIEW = "UNDER_REVIEW", "under review"
    TRAVEL_RULE_PENDING = "TRAVEL_RULE_PENDING", "waiting for recipient details"
    APPROVED = "APPROVED", "approved"
    PROCESSING = "PROCESSING", "being sent"
    BROADCAST = "BROADCAST", "sent"
    CONFIRMED = "CONFIRMED", "confirmed"
    REJECTED = "REJECTED", "rejected"
    CANCELLED = "CANCELLED", "cancelled"
    FAILED = "FAILED", "failed"


class DepositStatus(models.TextChoices):
    DETECTED = "DETECTED", "waiting for confirmations"
    QUARANTINED = "QUARANTINED", "being screened"
    CREDITED = "CREDITED", "credited"
    RETURNED = "RETURNED", "returned"
    DROPPED = "DROPPED", "vanished before it was confirmed"


@dataclass(frozen=True, slots=True)
class Machine:
    """Where things begin, which steps there are, and where they end."""

    name: str
    start: frozenset[str]
    steps: frozenset[tuple[str, str]]

    def __post_init__(self) -> None:
        unreached = {one for one, _ in self.steps} - self.start - {two for _, two in self.steps}
        if unreached:
            raise ValueError(f"{self.name}: nothing leads to {sorted(unreached)}")

    @property
    def states(self) -> frozenset[str]:
        """Every state that something can be in."""
        return self.start | frozenset(chain.from_iterable(self.steps))

    @property
    def terminal(self) -> frozenset[str]:
        """The states that nothing leaves."""
        return self.states - {one for one, _ in self.steps}

    def allows(self, one: str, two: str) -> bool:
        """Whether there is a step from one state to the other."""
        return (one, two) in self.steps

    def before(self, state: str) -> frozenset[str]:
        """The states from which there is a step to this one."""
        return frozenset(one for one, two in self.steps if two == state)


def _machine(name: str, start: str, **steps: str) -> Machine:
    return Machine(
        name=name,
        start=frozenset(start.split()),
        steps=frozenset((one, two) for one, others in steps.items() for two in others.split()),
    )


#: An order: trading.md T2 to T15. Nothing leaves PAID by itself: a timeout there only escalates.
ORDER = _machine(
    "order",
    "CREATED AWAITING_PAYMENT REJECTED",
    CREATED="AWAITING_PAYMENT REJECTED CANCELLED EXPIRED",
    AWAITING_PAYMENT="PAID CANCELLED EXPIRED APPEALED",
    PAID="RELEASING CANCELLED APPEALED",
    RELEASING="COMPLETED PAID APPEALED",
    APPEALED="RELEASING CANCELLED COMPLETED",
)
AD = _machine(
    "ad",
    "DRAFT PENDING_REVIEW ONLINE",
    DRAFT="PENDING_REVIEW ONLINE CLOSED",
    PENDING_REVIEW="ONLINE DRAFT PAUSED SUSPENDED CLOSED",
    ONLINE="PAUSED SOLD_OUT SUSPENDED PENDING_REVIEW CLOSED",
    PAUSED="ONLINE SUSPENDED PENDING_REVIEW CLOSED",
    SOLD_OUT="ONLINE PAUSED SUSPENDED PENDING_REVIEW CLOSED",
    SUSPENDED="PAUSED CLOSED",
)
APPEAL = _machine(
    "appeal",
    "OPEN NEGOTIATING EVIDENCE",
    OPEN="NEGOTIATING EVIDENCE IN_REVIEW WITHDRAWN CLOSED",
    NEGOTIATING="EVIDENCE IN_REVIEW WITHDRAWN CLOSED",
    EVIDENCE="IN_REVIEW WITHDRAWN CLOSED",
    IN_REVIEW="EVIDENCE DECIDED WITHDRAWN CLOSED",
    DECIDED="OBJECTION CLOSED",
    OBJECTION="DECIDED CLOSED",
)
WITHDRAWAL = _machine(
    "withdrawal",
    "REQUESTED REJECTED",
    REQUESTED="SCREENING REJECTED CANCELLED",
    SCREENING="CHALLENGED COOLING_OFF UNDER_REVIEW TRAVEL_RULE_PENDING APPROVED REJECTED CANCELLED",
    CHALLENGED="SCREENING REJECTED CANCELLED",
    COOLING_OFF="SCREENING REJECTED CANCELLED",
    UNDER_REVIEW="SCREENING APPROVED REJECTED CANCELLED",
    TRAVEL_RULE_PENDING="SCREENING REJECTED CANCELLED",
    APPROVED="PROCESSING UNDER_REVIEW",
    PROCESSING="BROADCAST FAILED",
    BROADCAST="CONFIRMED FAILED",
)
DEPOSIT = _machine(
    "deposit",
    "DETECTED",
    DETECTED="QUARANTINED DROPPED",
    QUARANTINED="CREDITED RETURNED",
)
MACHINES = (ORDER, AD, APPEAL, WITHDRAWAL, DEPOSIT)
