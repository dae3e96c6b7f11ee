"""What was published is never changed and never goes."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION catalog_keep_versions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'versions are immutable';
END $$;
CREATE TRIGGER keep_versions BEFORE UPDATE OR DELETE ON catalog_titleversion
    FOR EACH ROW EXECUTE FUNCTION catalog_keep_versions();
"""
BACKWARD = """
DROP TRIGGER keep_versions ON catalog_titleversion;
DROP FUNCTION catalog_keep_versions();
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_catalog")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
