"""What the database keeps: sums of zero, balances that follow postings, history that stays."""

from django.db import migrations

from apps.core.append_only import append_only_sql, reverse_append_only_sql

SAME_ASSET = """
ALTER TABLE ledger_account ADD CONSTRAINT account_has_one_asset UNIQUE (id, asset_id);
ALTER TABLE ledger_posting ADD CONSTRAINT posting_asset_is_accounts
    FOREIGN KEY (account_id, asset_id) REFERENCES ledger_account (id, asset_id);
"""

SAME_ASSET_BACK = """
ALTER TABLE ledger_posting DROP CONSTRAINT posting_asset_is_accounts;
ALTER TABLE ledger_account DROP CONSTRAINT account_has_one_asset;
"""

# A posting moves the balance of its account and notes what it came to.
MOVE = """
CREATE FUNCTION ledger_move_balance() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    NEW.balance_after := NULL;
    -- NULL is a platform account: nobody's balance, no row to wait for.
    UPDATE ledger_account SET balance = balance + NEW.amount
        WHERE id = NEW.account_id AND balance IS NOT NULL
        RETURNING balance INTO NEW.balance_after;
    RETURN NEW;
END
$body$;
CREATE TRIGGER posting_moves_balance BEFORE INSERT ON ledger_posting
    FOR EACH ROW EXECUTE FUNCTION ledger_move_balance();
"""

MOVE_BACK = """
DROP TRIGGER posting_moves_balance ON ledger_posting;
DROP FUNCTION ledger_move_balance;
"""

# Depth 1 is a statement that somebody sent; ledger_move_balance() updates at depth 2.
ACCOUNT = """
CREATE FUNCTION ledger_guard_account() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.balance <> 0 THEN
            RAISE EXCEPTION 'ledger_account: an account opens empty'
                USING ERRCODE = 'restrict_violation';
        END IF;
    ELSIF (NEW.id, NEW.kind, NEW.user_id, NEW.ref, NEW.asset_id)
            IS DISTINCT FROM (OLD.id, OLD.kind, OLD.user_id, OLD.ref, OLD.asset_id) THEN
        RAISE EXCEPTION 'ledger_account: whose and what an account is, is final'
            USING ERRCODE = 'restrict_violation';
    ELSIF NEW.balance IS DISTINCT FROM OLD.balance AND pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'ledger_account: a balance changes by postings alone'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$body$;
CREATE TRIGGER account_guard BEFORE INSERT OR UPDATE ON ledger_account
    FOR EACH ROW EXECUTE FUNCTION ledger_guard_account();
CREATE TRIGGER account_stays BEFORE DELETE ON ledger_account
    FOR EACH ROW EXECUTE FUNCTION core_refuse_change();
CREATE TRIGGER account_stays_whole BEFORE TRUNCATE ON ledger_account
    FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();
"""

ACCOUNT_BACK = """
DROP TRIGGER account_stays_whole ON ledger_account;
DROP TRIGGER account_stays ON ledger_account;
DROP TRIGGER account_guard ON ledger_account;
DROP FUNCTION ledger_guard_account;
"""

# Asked at commit, of the entry as it then is: by itself and by each posting, so that neither an
# entry without postings nor a posting to an old entry gets through.
BALANCED = """
CREATE FUNCTION ledger_check_entry() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    this uuid := CASE WHEN TG_TABLE_NAME = 'ledger_entry'
                      THEN to_jsonb(NEW)->>'id' ELSE to_jsonb(NEW)->>'entry_id' END;
    e ledger_entry;
BEGIN
    SELECT * INTO STRICT e FROM ledger_entry WHERE id = this;
    IF e.lines <> (SELECT count(*) FROM ledger_posting WHERE entry_id = this) THEN
        RAISE EXCEPTION 'ledger_entry %: its postings are not the % it was made of', this, e.lines
            USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (SELECT FROM ledger_posting WHERE entry_id = this
               GROUP BY asset_id HAVING sum(amount) <> 0) THEN
        RAISE EXCEPTION 'ledger_entry %: its postings do not sum to zero', this
            USING ERRCODE = 'check_violation';
    END IF;
    -- Neither has an account twice, so with as many lines the one is the other with signs changed.
    IF e.reverses_id IS NOT NULL AND (
            e.lines <> (SELECT lines FROM ledger_entry WHERE id = e.reverses_id) OR EXISTS (
            SELECT account_id, -amount FROM ledger_posting WHERE entry_id = e.reverses_id
            EXCEPT SELECT account_id, amount FROM ledger_posting WHERE entry_id = this)) THEN
        RAISE EXCEPTION 'ledger_entry %: it is not the reverse of %', this, e.reverses_id
            USING ERRCODE = 'check_violation';
    END IF;
    -- Whatever takes from an escrow empties it, and what settled an order is not undone.
    IF e.kind <> 'J1_HOLD' AND EXISTS (
            SELECT FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
            WHERE p.entry_id = this AND a.kind = 'ESCROW' AND p.balance_after <> 0) THEN
        RAISE EXCEPTION 'ledger_entry %: an escrow is full or empty', this
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$body$;
CREATE CONSTRAINT TRIGGER entry_is_balanced AFTER INSERT ON ledger_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_check_entry();
CREATE CONSTRAINT TRIGGER posting_is_balanced AFTER INSERT ON ledger_posting
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_check_entry();
"""

BALANCED_BACK = """
DROP TRIGGER posting_is_balanced ON ledger_posting;
DROP TRIGGER entry_is_balanced ON ledger_entry;
DROP FUNCTION ledger_check_entry;
"""

LOCK = """
CREATE FUNCTION ledger_guard_lock() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF OLD.lifted_at IS NOT NULL OR (to_jsonb(NEW) - 'lifted_at') <> (to_jsonb(OLD) - 'lifted_at')
    THEN
        RAISE EXCEPTION 'ledger_acquisitionlock: a lock is lifted once, and not changed'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$body$;
CREATE TRIGGER lock_guard BEFORE UPDATE ON ledger_acquisitionlock
    FOR EACH ROW EXECUTE FUNCTION ledger_guard_lock();
CREATE TRIGGER lock_stays BEFORE DELETE ON ledger_acquisitionlock
    FOR EACH ROW EXECUTE FUNCTION core_refuse_change();
CREATE TRIGGER lock_stays_whole BEFORE TRUNCATE ON ledger_acquisitionlock
    FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();
"""

LOCK_BACK = """
DROP TRIGGER lock_stays_whole ON ledger_acquisitionlock;
DROP TRIGGER lock_stays ON ledger_acquisitionlock;
DROP TRIGGER lock_guard ON ledger_acquisitionlock;
DROP FUNCTION ledger_guard_lock;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_ledger")]

    operations = [
        *(
            migrations.RunSQL(append_only_sql(table), reverse_append_only_sql(table))
            for table in ("ledger_entry", "ledger_posting")
        ),
        migrations.RunSQL(SAME_ASSET, SAME_ASSET_BACK),
        migrations.RunSQL(MOVE, MOVE_BACK),
        migrations.RunSQL(ACCOUNT, ACCOUNT_BACK),
        migrations.RunSQL(BALANCED, BALANCED_BACK),
        migrations.RunSQL(LOCK, LOCK_BACK),
    ]
