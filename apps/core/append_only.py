"""Tables whose rows stay as they were written: triggers that refuse every later change.

Used in migrations: `migrations.RunSQL(append_only_sql(table), reverse_append_only_sql(table))`.
On a partitioned table PostgreSQL clones row triggers to each partition, statement triggers not:
`partitions.ensure()` puts `truncate_refused_sql()` on every partition it creates.
"""

FUNCTION = """
CREATE OR REPLACE FUNCTION core_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    -- Test databases empty their tables between tests.
    IF TG_OP = 'TRUNCATE' AND current_database() LIKE 'test\\_%' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END
$body$;
"""


def append_only_sql(table: str) -> str:
    """SQL that makes the table refuse UPDATE, DELETE and TRUNCATE (IntegrityError)."""
    return f"""{FUNCTION}
CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON {_quoted(table)}
    FOR EACH ROW EXECUTE FUNCTION core_refuse_change();
{truncate_refused_sql(table)}"""


def reverse_append_only_sql(table: str) -> str:
    """SQL that lets the table be changed again."""
    return f"""
DROP TRIGGER append_only_rows ON {_quoted(table)};
DROP TRIGGER append_only_truncate ON {_quoted(table)};
"""


def truncate_refused_sql(table: str) -> str:
    """SQL for the TRUNCATE trigger alone: what a partition needs beside its parent's triggers."""
    return f"""
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON {_quoted(table)}
    FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();
"""


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
