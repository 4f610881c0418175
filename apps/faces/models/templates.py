"""What is kept of a face, under what consent, and under which key."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from pgvector.django import HnswIndex, VectorField

from apps.core.fields import EncryptedBytesField
from apps.core.ids import uuid7


class Consent(models.Model):
    """That a person agreed to face checks, to which wording, and when they took it back.

    `with_search` says that their face may be compared with those of banned people. Written by the
    person's own deeds; a consent that was taken back stays on record, a new one is a new row.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="face_consents"
    )
    wording = models.PositiveSmallIntegerField(help_text="Version of the text that was shown.")
    with_search = models.BooleanField(default=True)
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(withdrawn_at=None), name="one_face_consent"
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="face_consent_is_final", exclude=["withdrawn_at"]),
            pgtrigger.Protect(name="face_consent_stays_on_record", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"consent {self.wording} of {self.user_id}"


class PersonKey(models.Model):
    """The key under which everything biometric of one person is sealed.

    The key itself is sealed under the ring, which lives outside the database: rotating the ring
    seals 32 bytes a person anew. Destroying the row's secret makes every copy of the person's
    template and pictures unreadable, backups of the database included as soon as theirs are gone.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="face_key"
    )
    secret = EncryptedBytesField(null=True, help_text="32 bytes; nothing once it was destroyed.")
    made_at = models.DateTimeField()
    destroyed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(secret__isnull=False, destroyed_at=None)
                | Q(secret__isnull=True, destroyed_at__isnull=False),
                name="face_key_lives_or_is_destroyed",
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="face_key_is_its_persons", fields=["user", "made_at"]),
            pgtrigger.Protect(name="face_key_stays_on_record", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"face key of {self.user_id}"


class Template(models.Model):
    """A person's face as one model sees it: the mean of several unit vectors, sealed.

    `sealed` is under the person's own key, for this person and this model (templates.py). One is
    in use per person and model; a newer one supersedes it and empties it. `known_since` is when
    this face was first set up: a face that was taken anew and matched goes on being known.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="face_templates"
    )
    model = models.CharField(max_length=40, help_text="Name and version of the encoder.")
    sealed = models.BinaryField(null=True, help_text="Nothing once it was erased.")
    frames = models.PositiveSmallIntegerField()
    poses = ArrayField(models.CharField(max_length=8))
    challenge = models.OneToOneField(
        "faces.Challenge", null=True, on_delete=models.PROTECT, related_name="template"
    )
    known_since = models.DateTimeField()
    enrolled_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "model"],
                condition=Q(superseded_at=None),
                name="one_face_template_in_use",
            ),
            models.CheckConstraint(condition=Q(frames__gte=3), name="face_template_of_3_frames"),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="face_template_is_final", exclude=["sealed", "superseded_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.model} template of {self.user_id}"


class ProtectedFace(models.Model):
    """A banned person's face, rotated and blurred so that it can be searched and is nobody's.

    The rotation (protection.py) keeps distances and is not in the database. `vector` proposes whom
    to compare with, `exact` (the face itself, sealed under the ring) decides. Added when a person
    who consented is banned for good, removed with the ban or at erasure.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="protected_faces"
    )
    model = models.CharField(max_length=40)
    rotation = models.CharField(max_length=16, help_text="Which secret rotation it went through.")
    vector = VectorField(dimensions=128)
    exact = EncryptedBytesField()
    added_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "model"], name="one_protected_face"),
        ]
        indexes = [
            HnswIndex(fields=["vector"], opclasses=["vector_l2_ops"], name="protected_face_near"),
        ]

    def __str__(self) -> str:
        return f"protected face of {self.user_id}"
