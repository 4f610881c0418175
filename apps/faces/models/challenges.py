"""What was asked of a person before the camera, and the pictures that came in answer."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from apps.core.fields import EncryptedBytesField, EncryptedTextField
from apps.core.ids import uuid7
from apps.core.machines import starts, transitions
from apps.faces import states
from apps.faces.engine.session import Sensor


class Purpose(models.TextChoices):
    ENROL = "ENROL", "set up the face"
    RENEW = "RENEW", "take the face anew"
    VERIFY = "VERIFY", "show that it is you"


class Challenge(models.Model):
    """One face check: asked once, answered once, of one person at one device.

    `prompts` are the steps in order with their colours (engine/asking.py); `released` holds, for
    each prompt that was shown, the milliseconds since `issued_at`. `nonce` and `session_key` bind
    every picture to this check. `facts` is where it was asked from, for the judgement later.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="face_challenges"
    )
    purpose = models.CharField(max_length=6, choices=Purpose)
    state = models.CharField(
        max_length=9, choices=states.ChallengeState, default=states.ChallengeState.OPEN
    )
    nonce = models.BinaryField(max_length=16, unique=True)
    session_key = EncryptedBytesField(null=True, help_text="Nothing once the check has ended.")
    prompts = models.JSONField()
    colours = models.CharField(
        max_length=80, blank=True, help_text="The sequence, so that later ones are unlike it."
    )
    released = models.JSONField(default=list)
    sensors = ArrayField(models.CharField(max_length=8), default=list, blank=True)
    device = models.ForeignKey(
        "devices.Device", null=True, on_delete=models.PROTECT, related_name="+"
    )
    channel = models.CharField(max_length=8)
    facts = EncryptedTextField(null=True, help_text="The request that asked, as JSON.")
    hints = models.JSONField(default=dict, help_text="What the client says of camera and screen.")
    digests = ArrayField(
        models.BinaryField(),
        default=list,
        help_text="What its pictures are known by again once they are gone.",
    )
    tries = models.PositiveSmallIntegerField(default=0, help_text="How often it was judged.")
    judging_since = models.DateTimeField(null=True, help_text="A worker has it in hand.")
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["user", "-issued_at"], name="face_challenge_of_user"),
            models.Index(
                fields=["state", "expires_at"],
                condition=Q(state__in=["OPEN", "FINISHED"]),
                name="face_challenge_under_way",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(state="OPEN"), name="one_open_face_challenge"
            ),
            models.CheckConstraint(
                condition=Q(sensors__contained_by=[one.value for one in Sensor]),
                name="face_sensors_are_known",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("issued_at")), name="face_challenge_ends_later"
            ),
        ]
        triggers = [
            transitions(states.CHALLENGE, "state"),
            starts(states.CHALLENGE, "state"),
            pgtrigger.ReadOnly(
                name="face_challenge_is_final",
                fields=["user", "purpose", "nonce", "prompts", "sensors", "issued_at"],
            ),
            pgtrigger.Protect(name="face_challenge_stays", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.id}"


class PictureKind(models.TextChoices):
    COLOUR = "COLOUR", "colour"
    DEPTH = "DEPTH", "depth"
    INFRARED = "INFRARED", "infrared"


class Picture(models.Model):
    """One picture of a check that is under way, as it was sent, without its metadata, encrypted.

    Gone as soon as the check has been judged or has ended otherwise. `received_ms` is on our clock
    since the challenge was issued.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="pictures")
    kind = models.CharField(max_length=8, choices=PictureKind)
    seq = models.PositiveSmallIntegerField()
    t_ms = models.PositiveIntegerField()
    prompt_seq = models.PositiveSmallIntegerField()
    received_ms = models.PositiveIntegerField()
    size = models.PositiveIntegerField(help_text="Bytes.")
    digest = models.BinaryField(max_length=32, help_text="sha256 of what was sent.")
    intrinsics = ArrayField(models.FloatField(), size=4, null=True)
    content = EncryptedBytesField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["challenge", "kind", "seq"], name="picture_once"),
            models.UniqueConstraint(fields=["challenge", "digest"], name="picture_not_twice"),
        ]
        triggers = [pgtrigger.ReadOnly(name="picture_is_final", exclude=["content"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.seq}"
