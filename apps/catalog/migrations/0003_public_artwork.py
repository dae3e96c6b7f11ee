"""Which pictures anybody may see."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0002_immutable_versions")]

    operations = [
        migrations.AddField(
            model_name="artwork",
            name="public",
            field=models.BooleanField(
                default=False, editable=False, help_text="A version that was published shows it."
            ),
        ),
    ]
