"""The engine's memory: velocity, links, policies, decisions, standings."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.core.ids import uuid7
from apps.events.models import Entity, Event

# ---------------------------------------------------------------------------------- velocity


class Head(models.Model):
    """The running totals of one entity in one stream, as of its latest event.

    Written by the event write alone. `base_*` are the totals at the retention boundary: what the
    dropped points would have said.
    """

    pk = models.CompositePrimaryKey("entity", "stream")
    entity = models.BigIntegerField()
    stream = models.SmallIntegerField()
    n = models.BigIntegerField()
    cents = models.BigIntegerField()
    squares = models.FloatField()
    peak = models.BigIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    lat = models.FloatField(null=True)
    lon = models.FloatField(null=True)
    base_n = models.BigIntegerField(default=0)
    base_cents = models.BigIntegerField(default=0)
    base_squares = models.FloatField(default=0)


class Point(models.Model):
    """The totals of one entity in one stream right after one event: append-only, by month.

    Any window [t-W, t) is the head less the last point at or before t-W.
    """

    pk = models.CompositePrimaryKey("entity", "stream", "at", "n")
    entity = models.BigIntegerField()
    stream = models.SmallIntegerField()
    at = models.DateTimeField()
    n = models.BigIntegerField()
    cents = models.BigIntegerField()
    squares = models.FloatField()


class Edge(models.Model):
    """Two entities seen together: since when, until when, how often.

    `hour` is the hour of `last_at`, indexed in its place so that updates stay cheap (HOT).
    """

    pk = models.CompositePrimaryKey("a", "relation", "b")
    a = models.BigIntegerField()
    relation = models.SmallIntegerField()
    b = models.BigIntegerField()
    n = models.IntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    hour = models.IntegerField()


class Proximity(models.Model):
    """How many strong links (device, payment account, address) lie between an entity and a ban."""

    entity = models.BigIntegerField(primary_key=True)
    hops = models.SmallIntegerField()
    via = models.BigIntegerField(help_text="The neighbour through which it is near.")

    class Meta:
        verbose_name_plural = "proximities"


# ------------------------------------------------------------------------------------ lists


class ListName(models.TextChoices):
    BLOCKED = "BLOCKED", "blocked"
    WATCHED = "WATCHED", "watched"
    TRUSTED = "TRUSTED", "trusted"


class ListEntry(models.Model):
    """An entity on a list of ours, for a time: lists carry validity, or back-tests look ahead."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    list = models.CharField(max_length=8, choices=ListName)
    entity = models.ForeignKey(
        Entity, on_delete=models.PROTECT, db_constraint=False, related_name="+"
    )
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=200)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name_plural = "list entries"

    def __str__(self) -> str:
        return f"{self.list} {self.entity_id}"


# ------------------------------------------------------------------------- registry, policy


class FeatureSet(models.Model):
    """One version of the feature registry: the order in which decisions store their values."""

    version = models.AutoField(primary_key=True)
    digest = models.CharField(max_length=32, unique=True)
    names = ArrayField(models.CharField(max_length=60))
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{len(self.names)} features, version {self.version}"


class PolicyStatus(models.TextChoices):
    DRAFT = "DRAFT", "draft"
    LIVE = "LIVE", "live"
    RETIRED = "RETIRED", "retired"


class Policy(models.Model):
    """One version of what the engine does: rules, thresholds, limits, step-up odds, the ladder.

    Edited only as a draft; frozen by the database once live. A draft becomes live by a second
    person, and retires the one before it.
    """

    id = models.AutoField(primary_key=True)
    name = models.CharField(max_length=80)
    status = models.CharField(
        max_length=7, choices=PolicyStatus, default=PolicyStatus.DRAFT, editable=False
    )
    settings = models.JSONField(help_text="Thresholds, measures, step-up odds, ladder, fail-safes.")
    shadow = models.BooleanField(default=False, help_text="Runs beside the live policy.")
    note = models.TextField(blank=True)
    based_on = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_by = models.ForeignKey(
        "users.User",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    created_at = models.DateTimeField()
    promoted_by = models.ForeignKey(
        "users.User",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
    )
    live_at = models.DateTimeField(null=True, blank=True, editable=False)
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name_plural = "policies"
        constraints = [
            models.UniqueConstraint(
                fields=["status"], condition=models.Q(status="LIVE"), name="one_live_policy"
            ),
            models.CheckConstraint(
                condition=models.Q(promoted_by=None)
                | ~models.Q(promoted_by=models.F("created_by")),
                name="promoted_by_a_second_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} (version {self.pk}, {self.status.lower()})"


class Rule(models.Model):
    """One rule of one policy: an expression, what it is worth, and what it says to whom."""

    id = models.AutoField(primary_key=True)
    policy = models.ForeignKey(Policy, on_delete=models.CASCADE, related_name="rules")
    code = models.CharField(max_length=40)
    signal = models.CharField(max_length=8, help_text="Its number in the signal catalogue.")
    typology = models.CharField(max_length=30)
    source = models.CharField(max_length=200)
    checkpoints = ArrayField(models.CharField(max_length=4))
    expression = models.TextField()
    points = models.PositiveSmallIntegerField(default=0)
    at_least = models.CharField(max_length=8, blank=True, help_text="Outcome it forces at least.")
    hard = models.BooleanField(default=False, help_text="Bypasses the score; no step-up path.")
    measure = models.JSONField(default=dict, blank=True)
    analyst_sentence = models.CharField(max_length=300)
    user_sentence = models.CharField(max_length=300)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["policy", "code"], name="one_rule_per_code")]

    def __str__(self) -> str:
        return self.code


class Snooze(models.Model):
    """A rule that stays silent until a time: it is evaluated and shown, but counts for nothing."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(max_length=40)
    since = models.DateTimeField()
    until = models.DateTimeField()
    reason = models.CharField(max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.code} until {self.until:%Y-%m-%d %H:%M}"


# --------------------------------------------------------------------------------- decisions


class Maker(models.TextChoices):
    ENGINE = "ENGINE", "engine"
    STAFF = "STAFF", "staff"


class Result(models.TextChoices):
    ALLOW = "ALLOW", "allow"
    LIMIT = "LIMIT", "limit"
    STEP_UP = "STEP_UP", "ask for a live face"
    REVIEW = "REVIEW", "hold for a human"
    BLOCK = "BLOCK", "block"


class Decision(models.Model):
    """A judgement, by the engine or by staff: append-only, partitioned by month on the uuid7 id.

    The engine's judgement of an event carries the event's own id, which makes it unique per event.
    `values` are the features in the order of `feature_set`; `hits` one byte per rule of `policy`
    (its state); `reasons` and `weights` the reason codes and their shares of the score, ranked.
    """

    id = models.UUIDField(primary_key=True)
    event = models.ForeignKey(
        Event,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    at = models.DateTimeField()
    maker = models.CharField(max_length=6, choices=Maker)
    checkpoint = models.CharField(max_length=4)
    outcome = models.CharField(max_length=8, choices=Result)
    score = models.SmallIntegerField()
    band = models.SmallIntegerField()
    reasons = ArrayField(models.CharField(max_length=40))
    weights = ArrayField(models.FloatField())
    values = ArrayField(models.FloatField(null=True))
    hits = models.BinaryField()
    feature_set = models.SmallIntegerField()
    policy = models.IntegerField(null=True)
    degraded = models.BooleanField()
    drawn = models.BooleanField(help_text="The step-up was drawn at random.")
    standing = models.SmallIntegerField(help_text="The user's dynamic score after this.")
    moved = models.SmallIntegerField(help_text="By how much this moved it.")
    took_us = models.IntegerField()
    supersedes = models.UUIDField(null=True)
    proposer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    note = models.TextField(null=True)

    def __str__(self) -> str:
        return f"{self.outcome} {self.score}"


class ShadowDecision(models.Model):
    """What a draft policy would have said of an event, beside what the live one said."""

    pk = models.CompositePrimaryKey("policy", "decision")
    policy = models.IntegerField()
    decision = models.UUIDField()
    at = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=Result)
    score = models.SmallIntegerField()
    reasons = ArrayField(models.CharField(max_length=40))
    live_outcome = models.CharField(max_length=8, choices=Result)
    live_score = models.SmallIntegerField()


class ShadowCursor(models.Model):
    """How far a draft has judged in shadow: every event written by transactions before `xid`."""

    policy = models.OneToOneField(
        Policy, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    xid = models.BigIntegerField()
    since = models.DateTimeField(help_text="From when on its decisions are compared.")
    at = models.DateTimeField()


class Standing(models.Model):
    """The dynamic risk score of one person: its value at `at`, from where it decays by itself."""

    user = models.OneToOneField(
        Entity,
        primary_key=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
    )
    value = models.FloatField()
    at = models.DateTimeField()
    floor = models.SmallIntegerField(default=0, help_text="It does not decay below this.")
    band = models.SmallIntegerField(default=0, help_text="Of the value: 0 below 200, 1, … 4.")

    class Meta:
        # Not on the value: it changes with every act, and would cost each an index entry.
        indexes = [
            models.Index(fields=["-band"], name="standing_band", condition=models.Q(band__gt=0))
        ]


class StandingMove(models.Model):
    """A move of a standing that no decision of the engine caused: by beat or by staff."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        Entity, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    at = models.DateTimeField()
    value = models.FloatField()
    moved = models.FloatField()
    reason = models.CharField(max_length=40)
