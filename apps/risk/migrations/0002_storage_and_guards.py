"""Velocity and decisions as the hot path needs them, and what the database refuses."""

from django.db import migrations

from apps.core.append_only import append_only_sql, reverse_append_only_sql

VELOCITY = """
DROP TABLE risk_head, risk_point, risk_edge;
CREATE TABLE risk_head (
    entity bigint NOT NULL,
    n bigint NOT NULL,
    cents bigint NOT NULL,
    squares float8 NOT NULL,
    peak bigint NOT NULL,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    lat float8,
    lon float8,
    base_n bigint NOT NULL DEFAULT 0,
    base_cents bigint NOT NULL DEFAULT 0,
    base_squares float8 NOT NULL DEFAULT 0,
    stream smallint NOT NULL,
    PRIMARY KEY (entity, stream)
) WITH (fillfactor = 90);
CREATE TABLE risk_point (
    entity bigint NOT NULL,
    at timestamptz NOT NULL,
    n bigint NOT NULL,
    cents bigint NOT NULL,
    squares float8 NOT NULL,
    stream smallint NOT NULL,
    PRIMARY KEY (entity, stream, at, n)
) PARTITION BY RANGE (at);
CREATE TABLE risk_edge (
    a bigint NOT NULL,
    b bigint NOT NULL,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    n int NOT NULL,
    hour int NOT NULL,
    relation smallint NOT NULL,
    PRIMARY KEY (a, relation, b)
) WITH (fillfactor = 90);
-- One row serves both ends: the second index reads it backwards, under the next relation number.
CREATE INDEX edge_newest ON risk_edge (a, relation, hour DESC);
CREATE INDEX edge_newest_back ON risk_edge (b, ((relation + 1)), hour DESC);
CREATE VIEW risk_link AS
    SELECT a, relation::int AS relation, b, n, first_at, last_at, hour FROM risk_edge
    UNION ALL
    SELECT b, relation + 1, a, n, first_at, last_at, hour FROM risk_edge;
"""

DECISIONS = """
DROP TABLE risk_decision;
CREATE TABLE risk_decision (
    id uuid NOT NULL PRIMARY KEY,
    event_id uuid,
    at timestamptz NOT NULL,
    supersedes uuid,
    proposer_id uuid,
    approver_id uuid,
    policy int,
    took_us int NOT NULL,
    score smallint NOT NULL,
    band smallint NOT NULL,
    feature_set smallint NOT NULL,
    standing smallint NOT NULL,
    moved smallint NOT NULL,
    degraded boolean NOT NULL,
    drawn boolean NOT NULL,
    maker varchar(6) NOT NULL,
    checkpoint varchar(4) NOT NULL,
    outcome varchar(8) NOT NULL,
    reasons text[] NOT NULL,
    weights real[] NOT NULL,
    "values" real[] NOT NULL,
    hits bytea NOT NULL,
    note text,
    -- The engine judges an event once: its decision carries the event's id.
    CONSTRAINT decision_of_event CHECK (maker <> 'ENGINE' OR event_id = id),
    CONSTRAINT decision_by_two CHECK (approver_id IS NULL OR approver_id <> proposer_id),
    CONSTRAINT decision_by_staff CHECK (maker <> 'STAFF' OR proposer_id IS NOT NULL)
) PARTITION BY RANGE (id);
CREATE INDEX decision_superseded ON risk_decision (supersedes) WHERE supersedes IS NOT NULL;
-- The analyst's stream of what was not simply allowed.
CREATE INDEX decision_of_note ON risk_decision (outcome, id) WHERE outcome <> 'ALLOW';
"""

FROZEN = """
CREATE FUNCTION risk_policy_frozen() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.status <> 'DRAFT' THEN
            RAISE EXCEPTION 'a policy that was live is kept' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF OLD.status <> 'DRAFT' AND (OLD.settings, OLD.name, OLD.created_by_id, OLD.promoted_by_id)
            IS DISTINCT FROM (NEW.settings, NEW.name, NEW.created_by_id, NEW.promoted_by_id) THEN
        RAISE EXCEPTION 'a policy is frozen once live' USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.status <> NEW.status
            AND (OLD.status, NEW.status) NOT IN (('DRAFT', 'LIVE'), ('LIVE', 'RETIRED')) THEN
        RAISE EXCEPTION 'a policy goes from draft to live to retired'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$body$;
CREATE TRIGGER policy_frozen BEFORE UPDATE OR DELETE ON risk_policy
    FOR EACH ROW EXECUTE FUNCTION risk_policy_frozen();

CREATE FUNCTION risk_rule_frozen() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    -- Both where it was and where it goes: a rule is not moved into a live policy either.
    owners int[] := CASE TG_OP WHEN 'INSERT' THEN ARRAY[NEW.policy_id]
                               WHEN 'DELETE' THEN ARRAY[OLD.policy_id]
                               ELSE ARRAY[OLD.policy_id, NEW.policy_id] END;
BEGIN
    IF EXISTS (SELECT 1 FROM risk_policy WHERE id = ANY(owners) AND status <> 'DRAFT') THEN
        RAISE EXCEPTION 'the rules of a policy are frozen once it is live'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$body$;
CREATE TRIGGER rule_frozen BEFORE INSERT OR UPDATE OR DELETE ON risk_rule
    FOR EACH ROW EXECUTE FUNCTION risk_rule_frozen();
"""

THAWED = """
DROP TRIGGER policy_frozen ON risk_policy;
DROP TRIGGER rule_frozen ON risk_rule;
DROP FUNCTION risk_policy_frozen();
DROP FUNCTION risk_rule_frozen();
"""

TABLES = ("risk_point", "risk_decision", "risk_standingmove", "risk_featureset")


class Migration(migrations.Migration):
    dependencies = [("risk", "0001_engine"), ("core", "0001_idempotency_and_throttle")]

    operations = [
        migrations.RunSQL(VELOCITY, migrations.RunSQL.noop),
        migrations.RunSQL(DECISIONS, migrations.RunSQL.noop),
        migrations.RunSQL(FROZEN, THAWED),
        *(
            migrations.RunSQL(append_only_sql(table), reverse_append_only_sql(table))
            for table in TABLES
        ),
    ]
