"""What was published, for ever."""

from django.conf import settings
from django.db import models

from apps.core.models import PublicId

from .title import Title


class TitleVersion(PublicId):
    """A publication of a title. Rows are never changed and never go; a trigger sees to it.

    `source` is the desk as it was (`snapshot.take`), for diffs and for restoring; `documents` is what
    `compile` made of it, `{language: {"card": …, "document": …}}`; `columns` are the filters' columns of
    `Listing`. `checksum` is SHA-256 over the three. `by` is no constraint, like that of `Transition`.
    """

    title = models.ForeignKey(Title, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DO_NOTHING, null=True, related_name="+", db_constraint=False
    )
    note = models.TextField(blank=True)
    source = models.JSONField()
    columns = models.JSONField()
    documents = models.JSONField()
    checksum = models.CharField(max_length=64)

    class Meta:
        ordering = ["title_id", "-number"]
        constraints = [models.UniqueConstraint(fields=["title", "number"], name="one_version_per_number")]

    def __str__(self) -> str:
        return f"v{self.number}"
