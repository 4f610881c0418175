"""A subscriber's secret is encrypted, and its due deliveries are found without reading others'."""

from django.db import migrations, models

import apps.core.fields


class Migration(migrations.Migration):
    dependencies = [("events", "0002_partitions_and_append_only")]

    operations = [
        migrations.AlterField(
            model_name="subscriber",
            name="secret",
            field=apps.core.fields.EncryptedBytesField(),
        ),
        migrations.RemoveIndex(model_name="delivery", name="delivery_due"),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                fields=["subscriber", "next_at"],
                name="delivery_due",
                condition=models.Q(("status", "PENDING")),
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["subscriber", "-id"], name="delivery_log"),
        ),
    ]
