"""An import or an export of the desk, run in the background."""

from django.conf import settings
from django.db import models

from apps.core.models import PublicId


class Transfer(PublicId):
    """`errors` is `[{row, path, code, detail}]`, `counts` is `{created, changed, same, wrong}`.

    Both are filled while it runs, so that progress can be seen.
    """

    class Direction(models.TextChoices):
        IMPORT = "import"
        EXPORT = "export"

    class Format(models.TextChoices):
        CSV = "csv", "CSV"
        JSON = "json", "JSON"

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    direction = models.CharField(max_length=10, choices=Direction.choices)
    format = models.CharField(max_length=10, choices=Format.choices)
    dry_run = models.BooleanField(default=True, help_text="Only say what would happen.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    file = models.FileField(upload_to="transfers", blank=True, max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    rows = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    errors = models.JSONField(default=list)
    problem = models.TextField(blank=True)

    class Meta:
        ordering = ["-asked_at", "-id"]

    def __str__(self) -> str:
        return f"{self.direction} {self.asked_at:%Y-%m-%d %H:%M}"
