"""Security events are append-only: no row changes, and none goes before its year is over."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION accounts_keep_security_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.at < now() - interval '1 year' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'security events are append-only';
END $$;
CREATE TRIGGER keep_security_events BEFORE UPDATE OR DELETE ON accounts_securityevent
    FOR EACH ROW EXECUTE FUNCTION accounts_keep_security_events();
"""
BACKWARD = """
DROP TRIGGER keep_security_events ON accounts_securityevent;
DROP FUNCTION accounts_keep_security_events();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_accounts")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
