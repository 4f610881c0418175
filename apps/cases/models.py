"""People decide: what the engine leaves to them waits here."""

from django.conf import settings
from django.db import models

from apps.core.ids import uuid7
from apps.events.models import Entity


class Queue(models.TextChoices):
    REVIEW = "REVIEW", "held for review"
    BLOCKED = "BLOCKED", "blocked, to be confirmed"
    LINKED = "LINKED", "linked to a banned account"
    ENGINE = "ENGINE", "decided without the engine"
    SCREENING = "SCREENING", "name or address on a list"


class Status(models.TextChoices):
    OPEN = "OPEN", "open"
    CLOSED = "CLOSED", "closed"


class Outcome(models.TextChoices):
    CONFIRMED = "CONFIRMED", "fraud confirmed"
    CLEARED = "CLEARED", "false alarm"
    INCONCLUSIVE = "INCONCLUSIVE", "inconclusive"


class Case(models.Model):
    """One subject that waits for a human in one queue; new alerts join the open case.

    Opened by the carry-out of a decision, closed by staff with an outcome.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    queue = models.CharField(max_length=10, choices=Queue)
    subject = models.ForeignKey(
        Entity, on_delete=models.PROTECT, db_constraint=False, related_name="cases"
    )
    status = models.CharField(max_length=6, choices=Status, default=Status.OPEN)
    priority = models.PositiveSmallIntegerField(default=0, help_text="Highest score, 0 to 1000.")
    alerts = models.PositiveIntegerField(default=1)
    first_decision = models.UUIDField(null=True)
    last_decision = models.UUIDField(null=True)
    opened_at = models.DateTimeField()
    last_alert_at = models.DateTimeField()
    due_at = models.DateTimeField()
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["queue", "subject"],
                condition=models.Q(status="OPEN"),
                name="one_open_case",
            ),
            models.CheckConstraint(
                condition=models.Q(status="OPEN", outcome="", closed_at=None)
                | (models.Q(status="CLOSED", closed_at__isnull=False) & ~models.Q(outcome="")),
                name="closed_has_outcome",
            ),
        ]
        indexes = [models.Index(fields=["status", "due_at"], name="case_due")]

    def __str__(self) -> str:
        return f"{self.queue} {self.id}"


from apps.cases.proposals import Proposal  # noqa: E402, F401  its own subject, its own file
