from typing import Any

from django.db import migrations, models

from apps.media.cmaf import Index


def outline_of(index: Any) -> Any:
    return Index.from_json(index).outline.to_json() if index else {}


def outline_all(apps: Any, schema_editor: Any) -> None:
    for name in ("Rendition", "AudioTrack"):
        for row in apps.get_model("media", name).objects.exclude(index={}).iterator(20):
            row.outline = outline_of(row.index)
            row.save(update_fields=["outline"])
    for row in apps.get_model("media", "FormerEdition").objects.iterator(20):
        for kind in ("renditions", "audio"):
            for told in row.told[kind]:
                told["outline"] = outline_of(told["index"])
        row.save(update_fields=["told"])


class Migration(migrations.Migration):
    dependencies = [("media", "0006_former_editions")]

    operations = [
        *(
            migrations.AddField(name, "outline", models.JSONField(blank=True, default=dict))
            for name in ("audiotrack", "rendition", "subtitletrack")
        ),
        migrations.RunPython(outline_all, migrations.RunPython.noop),
    ]
