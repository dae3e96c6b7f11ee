"""A deleted season takes no release with it: what ran stays on record."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0003_public_artwork")]

    operations = [
        migrations.AlterField(
            model_name="releaseitem",
            name="season",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="catalog.season",
            ),
        ),
    ]
