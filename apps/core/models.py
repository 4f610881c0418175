"""Tables that keep requests in order: answers already given, and how fast somebody may ask."""

from django.db import models

from apps.core.ids import uuid7


class IdempotencyKey(models.Model):
    """A request that was carried out once, with its answer.

    Written by `idempotency`, in the transaction of the deed itself: a second request under the same
    key waits for that transaction and then finds this row. `status` and `answer` follow right after
    the deed; they stay empty only if the process died in between.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    actor = models.TextField()
    key = models.TextField()
    target = models.TextField(help_text="method and path")
    body_sha256 = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField(null=True)
    answer = models.TextField(null=True, help_text="JSON, exactly as it was sent")
    content_type = models.TextField(default="application/json")
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["actor", "key"], name="core_idempotency_once"),
            models.CheckConstraint(
                condition=models.Q(status__isnull=True, answer__isnull=True)
                | models.Q(status__isnull=False, answer__isnull=False),
                name="core_idempotency_answered",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.target}"


class Bucket(models.Model):
    """How many tokens somebody had left when last asking; written by `throttle.take` alone.

    Unlogged: a crash empties it, which merely fills every bucket.
    """

    key = models.TextField(primary_key=True)
    tokens = models.FloatField()
    wait = models.FloatField(help_text="seconds until the last request would have been allowed")
    # Not indexed: then an update stays on its page and touches no index.
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key
