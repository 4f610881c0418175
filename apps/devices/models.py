"""Machines that ask: what they are, the tokens that bind them, with whom they were seen."""

from django.db import models
from django.db.models import F, Q

from apps.core.ids import uuid7
from apps.devices.attributes import FLAGS


class Platform(models.TextChoices):
    WEB = "WEB", "web browser"
    IOS = "IOS", "iOS"
    ANDROID = "ANDROID", "Android"
    OTHER = "OTHER", "other"


class AttestationState(models.TextChoices):
    NONE = "NONE", "none given"
    VALID = "VALID", "valid"
    INVALID = "INVALID", "invalid"
    UNKNOWN = "UNKNOWN", "unknown"


class Via(models.TextChoices):
    """How a device came by a token."""

    FIRST = "FIRST", "first registration"
    SIMILARITY = "SIMILARITY", "looked like a device of the same person"


class Device(models.Model):
    """One installation of a browser or app on one machine, as far as we can tell them apart.

    Written by services.register and, when the person becomes known, services.recognise. `scope`
    is the client's slug, or "desk" for our own users; devices of two scopes never meet. `entity`
    is the 64-bit id under which events refer to the device. `attributes` holds numbers, short
    codes and digests only. A device that turned out to be another one points to it with
    `merged_into` and is not matched again. One that showed another device's token keeps why that
    was not believed (`suspicion`) and whose it was (`claimed`).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entity = models.BigIntegerField(unique=True)
    scope = models.CharField(max_length=64)
    platform = models.CharField(max_length=8, choices=Platform)
    attributes = models.JSONField(default=dict)
    locality = models.BigIntegerField(help_text="digest of the attributes that hardly change")
    drift = models.FloatField(
        default=0.0, help_text="1 - similarity of the latest description to the one before"
    )

    described_at = models.DateTimeField(null=True, blank=True)

    attestation = models.JSONField(default=dict)
    attestation_state = models.CharField(
        max_length=8, choices=AttestationState, default=AttestationState.NONE
    )
    attestation_checked_at = models.DateTimeField(null=True, blank=True)

    has_camera_depth = models.BooleanField(default=False)
    has_infrared = models.BooleanField(default=False)
    has_biometrics = models.BooleanField(default=False)

    is_emulator = models.BooleanField(default=False)
    is_rooted = models.BooleanField(default=False)
    is_hooked = models.BooleanField(default=False)
    is_virtual_camera = models.BooleanField(default=False)
    is_repackaged = models.BooleanField(default=False)
    flagged_at = models.DateTimeField(null=True, blank=True)

    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_for = models.CharField(max_length=40, blank=True)
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged"
    )

    suspicion = models.CharField(max_length=20, blank=True)
    suspected_at = models.DateTimeField(null=True, blank=True)
    claimed = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="claimants"
    )

    class Meta:
        indexes = [
            models.Index(fields=["scope", "locality", "-last_seen_at"], name="device_alike"),
            models.Index(fields=["first_seen_at"], name="device_first_seen"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(platform__in=Platform.values), name="device_platform_known"
            ),
            models.CheckConstraint(
                condition=Q(attestation_state__in=AttestationState.values),
                name="device_attestation_known",
            ),
            models.CheckConstraint(
                condition=Q(attestation_state="NONE") | Q(attestation_checked_at__isnull=False),
                name="device_attestation_dated",
            ),
            models.CheckConstraint(
                condition=Q(drift__gte=0) & Q(drift__lte=1), name="device_drift_is_a_share"
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")),
                name="device_not_merged_into_itself",
            ),
            models.CheckConstraint(
                condition=Q(last_seen_at__gte=F("first_seen_at")), name="device_seen_in_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.platform} {self.id}"

    @property
    def flags(self) -> tuple[str, ...]:
        """Names of the integrity flags that are up."""
        return tuple(name for name in FLAGS if getattr(self, f"is_{name}"))


class Binding(models.Model):
    """One token issued to a device; the token itself is not kept, only its digest.

    A device may hold several at once (a private window has its own), the oldest giving way. A
    token that was shown by another machine is revoked, not deleted: its next use is a signal.
    """

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="bindings")
    digest = models.BinaryField(max_length=32, unique=True)
    via = models.CharField(max_length=10, choices=Via)
    issued_at = models.DateTimeField()
    used_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(via__in=Via.values), name="binding_via_known"),
        ]

    def __str__(self) -> str:
        return f"token of {self.device_id} since {self.issued_at:%Y-%m-%d}"


class Sighting(models.Model):
    """A device seen with a person at a subnet: since when, until when, how often.

    Written by services.sight in one statement. `user_entity` is the person's 64-bit entity id;
    `subnet` is the /24 or /48, never the whole address.
    """

    device = models.ForeignKey(
        Device, on_delete=models.CASCADE, related_name="sightings", db_index=False
    )
    user_entity = models.BigIntegerField()
    subnet = models.CharField(max_length=64, blank=True)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    count = models.PositiveIntegerField(default=1)

    class Meta:
        indexes = [
            models.Index(fields=["user_entity", "-last_at"], name="sighting_of_user"),
            models.Index(fields=["device", "-last_at"], name="sighting_of_device"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["device", "user_entity", "subnet"], name="sighting_once"
            ),
            models.CheckConstraint(
                condition=Q(last_at__gte=F("first_at")), name="sighting_in_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.device_id} with {self.user_entity}, {self.count} times"


class Habit(models.Model):
    """How one person types, touches and scrolls at one device: means and variances of page views.

    Written by habits.note. Numbers only (rhythm.Profile); `views` were learnt, `unlike` were not,
    because they were unlike the person.
    """

    device = models.ForeignKey(
        Device, on_delete=models.CASCADE, related_name="habits", db_index=False
    )
    user_entity = models.BigIntegerField(db_index=True)
    profile = models.JSONField(default=dict)
    views = models.PositiveIntegerField(default=0)
    unlike = models.PositiveIntegerField(default=0)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["device", "user_entity"], name="habit_once"),
        ]

    def __str__(self) -> str:
        return f"{self.device_id} with {self.user_entity}, {self.views} views"


class Lately(models.Model):
    """What was seen of whoever is at a device, in the last minutes; also before they sign in.

    Written by habits.note; begun anew after 15 quiet minutes, and when somebody else is there.
    """

    device = models.OneToOneField(
        Device, primary_key=True, on_delete=models.CASCADE, related_name="lately"
    )
    user_entity = models.BigIntegerField(null=True, db_index=True)
    views = models.JSONField(default=dict)
    since = models.DateTimeField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.device_id} until {self.at:%H:%M}"
