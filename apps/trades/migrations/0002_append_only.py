"""What was said and done stays: revisions of ads, steps of orders and withdrawals never change."""

from django.db import migrations

from apps.core.append_only import append_only_sql, reverse_append_only_sql

TABLES = ("trades_adrevision", "trades_orderstep", "trades_withdrawalstep")


class Migration(migrations.Migration):
    dependencies = [("trades", "0001_desk")]

    operations = [
        migrations.RunSQL(append_only_sql(table), reverse_append_only_sql(table))
        for table in TABLES
    ]
