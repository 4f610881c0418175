"""The machines of the desk: each a table of the transitions that there are, and no others.

One table serves four times: the guard of services, the trigger of the database, the diagram in
docs/desk.md and the matrix of the tests.
"""

from django.db import models

from apps.core.machines import machine


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


#: An order: trading.md T2 to T15. Nothing leaves PAID by itself: a timeout there only escalates.
ORDER = machine(
    "order",
    "CREATED AWAITING_PAYMENT REJECTED",
    CREATED="AWAITING_PAYMENT REJECTED CANCELLED EXPIRED",
    AWAITING_PAYMENT="PAID CANCELLED EXPIRED APPEALED",
    PAID="RELEASING CANCELLED APPEALED",
    RELEASING="COMPLETED PAID APPEALED",
    APPEALED="RELEASING CANCELLED COMPLETED",
)
AD = machine(
    "ad",
    "DRAFT PENDING_REVIEW ONLINE",
    DRAFT="PENDING_REVIEW ONLINE CLOSED",
    PENDING_REVIEW="ONLINE DRAFT PAUSED SUSPENDED CLOSED",
    ONLINE="PAUSED SOLD_OUT SUSPENDED PENDING_REVIEW CLOSED",
    PAUSED="ONLINE SUSPENDED PENDING_REVIEW CLOSED",
    SOLD_OUT="ONLINE PAUSED SUSPENDED PENDING_REVIEW CLOSED",
    SUSPENDED="PAUSED CLOSED",
)
APPEAL = machine(
    "appeal",
    "OPEN NEGOTIATING EVIDENCE",
    OPEN="NEGOTIATING EVIDENCE IN_REVIEW WITHDRAWN CLOSED",
    NEGOTIATING="EVIDENCE IN_REVIEW WITHDRAWN CLOSED",
    EVIDENCE="IN_REVIEW WITHDRAWN CLOSED",
    IN_REVIEW="EVIDENCE DECIDED WITHDRAWN CLOSED",
    DECIDED="OBJECTION CLOSED",
    OBJECTION="DECIDED CLOSED",
)
WITHDRAWAL = machine(
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
DEPOSIT = machine(
    "deposit",
    "DETECTED",
    DETECTED="QUARANTINED DROPPED",
    QUARANTINED="CREDITED RETURNED",
)
MACHINES = (ORDER, AD, APPEAL, WITHDRAWAL, DEPOSIT)
