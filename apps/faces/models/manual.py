"""Checks that people make in the stead of the machine, for whom it can't."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.core.fields import EncryptedTextField
from apps.core.ids import uuid7
from apps.faces.models.attempts import Channel


class Why(models.TextChoices):
    """Why somebody asks for a human."""

    NO_CAMERA = "NO_CAMERA", "no camera"
    CANT_MOVE = "CANT_MOVE", "can't blink or turn"
    FLASHES = "FLASHES", "flashes are a risk"
    NOT_RECOGNISED = "NOT_RECOGNISED", "not recognised"
    OTHER = "OTHER", "something else"


class ManualRuling(models.TextChoices):
    APPROVED = "APPROVED", "it is them"
    REJECTED = "REJECTED", "it could not be shown"


class ManualCheck(models.Model):
    """That a person asked to be checked by staff, why, and what staff found out, and how.

    One is open per person; staff decide it once. Nobody decides their own.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="manual_face_checks"
    )
    reason = models.CharField(max_length=14, choices=Why)
    asked_at = models.DateTimeField()
    ruling = models.CharField(max_length=8, choices=ManualRuling, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    channel = models.CharField(max_length=9, choices=Channel, blank=True)
    note = EncryptedTextField(null=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["user", "-asked_at"], name="manual_face_check_of_user")]
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(ruling=""), name="one_open_manual_face_check"
            ),
            models.CheckConstraint(
                condition=Q(ruling="", by=None, channel="", decided_at=None)
                | (Q(by__isnull=False, decided_at__isnull=False) & ~Q(ruling="") & ~Q(channel="")),
                name="manual_face_check_decided_whole",
            ),
            models.CheckConstraint(
                condition=Q(by=None) | ~Q(by=F("user")), name="manual_face_check_not_ones_own"
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="manual_face_check_is_final", fields=["user", "reason", "asked_at"]
            ),
            pgtrigger.Protect(
                name="manual_face_check_is_decided_once",
                operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__ruling="")
                & pgtrigger.Q(old__ruling__df=pgtrigger.F("new__ruling")),
            ),
            pgtrigger.Protect(name="manual_face_check_stays_on_record", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.reason} {self.id}"
