"""The record of changes is append-only; an erasure may blank what people and gateways wrote into it."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION billing_keep_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.note = '' AND NEW.key = ''
       AND to_jsonb(NEW) - 'note' - 'key' = to_jsonb(OLD) - 'note' - 'key' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'changes of plans are append-only';
END $$;
CREATE TRIGGER keep_changes BEFORE UPDATE OR DELETE ON billing_subscriptionchange
    FOR EACH ROW EXECUTE FUNCTION billing_keep_changes();
"""
BACKWARD = """
DROP TRIGGER keep_changes ON billing_subscriptionchange;
DROP FUNCTION billing_keep_changes();
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_billing")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
