"""Answers already given, and how fast somebody may ask."""

import apps.core.ids
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Bucket",
            fields=[
                ("key", models.TextField(primary_key=True, serialize=False)),
                ("tokens", models.FloatField()),
                (
                    "wait",
                    models.FloatField(
                        help_text="seconds until the last request would have been allowed"
                    ),
                ),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="IdempotencyKey",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=apps.core.ids.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("actor", models.TextField()),
                ("key", models.TextField()),
                ("target", models.TextField(help_text="method and path")),
                ("body_sha256", models.BinaryField(max_length=32)),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("answer", models.TextField(help_text="JSON, exactly as it was sent", null=True)),
                ("content_type", models.TextField(default="application/json")),
                ("created_at", models.DateTimeField(db_index=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("actor", "key"), name="core_idempotency_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer__isnull", True), ("status__isnull", True)),
                            models.Q(("answer__isnull", False), ("status__isnull", False)),
                            _connector="OR",
                        ),
                        name="core_idempotency_answered",
                    ),
                ],
            },
        ),
        # Buckets need no crash safety; room on each page keeps their updates there.
        migrations.RunSQL(
            "ALTER TABLE core_bucket SET UNLOGGED; ALTER TABLE core_bucket SET (fillfactor = 70);",
            "ALTER TABLE core_bucket RESET (fillfactor); ALTER TABLE core_bucket SET LOGGED;",
        ),
    ]
