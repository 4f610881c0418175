"""What needs two people: one proposes it, another one decides."""

import pgtrigger
from django.conf import settings
from django.db import models

from apps.core.ids import uuid7
from apps.events.models import Entity


class Deed(models.TextChoices):
    BAN = "BAN", "ban for good"
    UNBAN = "UNBAN", "end a ban"
    LIFT = "LIFT", "lift what a cleared decision held"


class Stage(models.TextChoices):
    PENDING = "PENDING", "waits for a second person"
    APPROVED = "APPROVED", "approved"
    REJECTED = "REJECTED", "rejected"
    WITHDRAWN = "WITHDRAWN", "withdrawn"


class Proposal(models.Model):
    """A deed that one member of staff proposed and only another may carry out.

    Written by flows.review. What was proposed is final; it is decided once, by somebody else, or
    withdrawn by whoever made it. `payload` holds ids and codes, `note` the proposer's words.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    deed = models.CharField(max_length=5, choices=Deed)
    subject = models.ForeignKey(
        Entity, on_delete=models.PROTECT, db_constraint=False, related_name="+"
    )
    payload = models.JSONField(default=dict)
    note = models.CharField(max_length=500)
    proposer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField()
    stage = models.CharField(max_length=9, choices=Stage, default=Stage.PENDING)
    decider = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["deed", "subject"],
                condition=models.Q(stage="PENDING"),
                name="one_pending_proposal",
            ),
            models.CheckConstraint(
                condition=models.Q(stage="PENDING", decider=None, decided_at=None)
                | (~models.Q(stage="PENDING") & models.Q(decided_at__isnull=False)),
                name="proposal_decided_has_moment",
            ),
            models.CheckConstraint(
                condition=~models.Q(stage__in=["APPROVED", "REJECTED"])
                | (models.Q(decider__isnull=False) & ~models.Q(decider=models.F("proposer"))),
                name="proposal_decided_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=~models.Q(stage="WITHDRAWN")
                | models.Q(decider__isnull=False, decider=models.F("proposer")),
                name="proposal_withdrawn_by_its_proposer",
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="proposal_is_final",
                fields=["deed", "subject", "payload", "note", "proposer", "proposed_at"],
            ),
            pgtrigger.Protect(
                name="proposal_is_decided_once",
                operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__stage="PENDING"),
            ),
            pgtrigger.Protect(name="proposal_stays_on_record", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.deed} {self.id}"
