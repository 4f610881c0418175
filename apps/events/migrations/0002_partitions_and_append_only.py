"""Events live in monthly partitions, carry their transaction's id, and never change."""

from django.db import migrations

from apps.core.append_only import append_only_sql, reverse_append_only_sql

EVENTS = """
DROP TABLE events_event;
CREATE TABLE events_event (
    id uuid NOT NULL PRIMARY KEY,
    xid bigint NOT NULL DEFAULT (pg_current_xact_id()::text)::bigint,
    at timestamptz NOT NULL,
    occurred_at timestamptz,
    client_id bigint,
    actor_id bigint,
    user_id bigint,
    device_id bigint,
    ip_id bigint,
    subnet_id bigint,
    account_id bigint,
    address_id bigint,
    counterparty_id bigint,
    kind varchar(40) NOT NULL,
    ref varchar(80),
    amount_usd numeric(20, 2),
    data jsonb NOT NULL,
    request_id varchar(64)
) PARTITION BY RANGE (id);
CREATE INDEX event_of_user ON events_event (user_id, id);
-- The audit log reads what an actor did; acts of integrators' users have none and pay nothing.
CREATE INDEX event_by_actor ON events_event (actor_id, id) WHERE actor_id IS NOT NULL;
-- Seals and deliveries walk the log by transaction: a block range index costs nearly nothing.
CREATE INDEX event_by_xid ON events_event USING brin (xid) WITH (autosummarize = on);
"""

TABLES = ("events_event", "events_entity", "events_seal", "events_retirement")


class Migration(migrations.Migration):
    dependencies = [("events", "0001_event_log"), ("core", "0001_idempotency_and_throttle")]

    operations = [
        migrations.RunSQL(EVENTS, migrations.RunSQL.noop),
        *(
            migrations.RunSQL(append_only_sql(table), reverse_append_only_sql(table))
            for table in TABLES
        ),
    ]
