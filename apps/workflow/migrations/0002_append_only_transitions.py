"""The record of moves is append-only."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION workflow_keep_transitions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'transitions are append-only';
END $$;
CREATE TRIGGER keep_transitions BEFORE UPDATE OR DELETE ON workflow_transition
    FOR EACH ROW EXECUTE FUNCTION workflow_keep_transitions();
"""
BACKWARD = """
DROP TRIGGER keep_transitions ON workflow_transition;
DROP FUNCTION workflow_keep_transitions();
"""


class Migration(migrations.Migration):
    dependencies = [("workflow", "0001_workflow")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
