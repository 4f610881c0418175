"""The database's own word on holds: what a restriction holds moves no further, whoever asks."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION restrictions_refuse_held() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE wanted text := CASE WHEN TG_TABLE_NAME = 'trades_withdrawal' THEN 'withdraw'
                            WHEN NEW.status = 'AWAITING_PAYMENT' THEN 'proceed'
                            ELSE 'release' END;
BEGIN
    IF EXISTS (
        SELECT FROM restrictions_restriction r
        WHERE r.subject_id = NEW.entity AND r.lifted_at IS NULL
          AND r.kind IN ('STEP_UP', 'HOLD', 'DENY') AND r.ability IN (wanted, 'all')
    ) THEN
        RAISE EXCEPTION '% % is held: it can''t become %', TG_TABLE_NAME, NEW.id, NEW.status
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$body$;

-- An appeal's decision by staff (APPEALED to COMPLETED) divides what is held; it is no release.
CREATE TRIGGER held_order_stays BEFORE UPDATE OF status ON trades_order FOR EACH ROW
    WHEN ((OLD.status = 'RELEASING' AND NEW.status = 'COMPLETED')
          OR (OLD.status = 'CREATED' AND NEW.status = 'AWAITING_PAYMENT'))
    EXECUTE FUNCTION restrictions_refuse_held();
-- What the custodian reports of a withdrawal (BROADCAST) has happened: it is written whatever holds.
CREATE TRIGGER held_withdrawal_stays BEFORE UPDATE OF status ON trades_withdrawal FOR EACH ROW
    WHEN (NEW.status IN ('APPROVED', 'PROCESSING') AND OLD.status <> NEW.status)
    EXECUTE FUNCTION restrictions_refuse_held();
"""
BACKWARD = """
DROP TRIGGER held_withdrawal_stays ON trades_withdrawal;
DROP TRIGGER held_order_stays ON trades_order;
DROP FUNCTION restrictions_refuse_held();
"""


class Migration(migrations.Migration):
    dependencies = [("restrictions", "0002_proceed"), ("trades", "0001_desk")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
