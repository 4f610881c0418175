"""How face checks were judged, by the engine and by people, and what was kept to look at."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.core.fields import EncryptedTextField
from apps.core.ids import uuid7
from apps.faces.engine import verdict
from apps.faces.models.challenges import Challenge, PictureKind


class Outcome(models.TextChoices):
    PASS = verdict.Outcome.PASS, "passed"
    RETRY = verdict.Outcome.RETRY, "could not be told"
    REVIEW = verdict.Outcome.REVIEW, "left to a human"
    FAIL = verdict.Outcome.FAIL, "failed"


class Attempt(models.Model):
    """The engine's judgement of one face check.

    `findings` holds what each check found: codes, scores, thresholds, numbers for the reviewer.
    `trace` (landmarks, pose, eyes of each frame) is sealed under the person's key, like the
    pictures. `device_model` is what the device said it is, for the log of attacks.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    challenge = models.OneToOneField(Challenge, on_delete=models.PROTECT, related_name="attempt")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="face_attempts"
    )
    outcome = models.CharField(max_length=6, choices=Outcome)
    code = models.CharField(max_length=40)
    hint = models.CharField(max_length=40, blank=True)
    species = models.CharField(
        max_length=14, blank=True, choices=[(one.value, one.value) for one in verdict.Species]
    )
    certainty = models.FloatField(default=0.0)
    findings = models.JSONField(default=list)
    trace = models.BinaryField(null=True, help_text="Sealed; nothing once it was deleted.")
    frames = models.PositiveSmallIntegerField()
    with_flashes = models.BooleanField()
    device_model = models.CharField(max_length=80, blank=True)
    platform = models.CharField(max_length=8, blank=True)
    model = models.CharField(max_length=40, blank=True)
    policy = models.PositiveIntegerField(help_text="Version of the face policy.")
    took_ms = models.PositiveIntegerField(help_text="CPU time of the judgement.")
    event = models.UUIDField(null=True, help_text="The act that was judged because of it.")
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["user", "-at"], name="face_attempt_of_user"),
            models.Index(
                fields=["-at"],
                condition=Q(outcome__in=["FAIL", "REVIEW"]),
                name="face_attempt_suspect",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(certainty__gte=0) & Q(certainty__lte=1),
                name="face_certainty_is_a_share",
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="face_attempt_is_final", exclude=["trace"]),
            pgtrigger.Protect(name="face_attempt_stays_on_record", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} {self.id}"


class AuditPicture(models.Model):
    """A picture of a judged check that people may have to look at, sealed under the person's key.

    Deleted at `delete_at`, later only while a case about it is open.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    attempt = models.ForeignKey(Attempt, on_delete=models.CASCADE, related_name="pictures")
    kind = models.CharField(max_length=8, choices=PictureKind)
    seq = models.PositiveSmallIntegerField()
    t_ms = models.PositiveIntegerField()
    prompt_seq = models.PositiveSmallIntegerField()
    intrinsics = ArrayField(models.FloatField(), size=4, null=True)
    sealed = models.BinaryField()
    delete_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["attempt", "kind", "seq"], name="audit_picture_once"),
        ]
        indexes = [models.Index(fields=["delete_at"], name="audit_picture_due")]

    def __str__(self) -> str:
        return f"{self.kind} {self.seq}"


class Ruling(models.TextChoices):
    """What a reviewer makes of a check."""

    APPROVED = "APPROVED", "it is them, live"
    REJECTED = "REJECTED", "it is not"
    ASK_AGAIN = "ASK_AGAIN", "cannot be told, ask again"


class Channel(models.TextChoices):
    """How the reviewer came to know."""

    PICTURES = "PICTURES", "looking at the pictures"
    CALL = "CALL", "a video call"
    DOCUMENT = "DOCUMENT", "documents"
    IN_PERSON = "IN_PERSON", "in person"


class Review(models.Model):
    """What a member of staff concluded about a check, and what it really was: a label.

    Append-only: a later review of the same check counts, the earlier ones stay. `truth` is LIVE, a
    species of attack, or empty where the reviewer can't say.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="reviews")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    ruling = models.CharField(max_length=9, choices=Ruling)
    truth = models.CharField(max_length=14, blank=True)
    channel = models.CharField(max_length=9, choices=Channel)
    note = EncryptedTextField(null=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["attempt", "-at"], name="face_review_of_attempt")]
        triggers = [
            pgtrigger.ReadOnly(name="face_review_is_final", exclude=["note"]),
            pgtrigger.Protect(name="face_review_stays_on_record", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.ruling} {self.id}"


class Look(models.Model):
    """That somebody of staff looked at a person's face, whose, at which check, and why.

    The event log has it too (`face.looked_at`); this row is what the console lists.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="looks")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=40)
    at = models.DateTimeField()

    class Meta:
        triggers = [
            pgtrigger.Protect(
                name="face_look_is_final", operation=pgtrigger.Update | pgtrigger.Delete
            ),
        ]

    def __str__(self) -> str:
        return f"look {self.id}"
