"""Stretches of a video that players treat in their own way."""

from django.db import models
from django.db.models import F, Q

from apps.core.models import PublicId

from .episodes import Episode, PublicIdManager
from .title import Title


class Segment(PublicId):
    """From `start_ms` up to, not including, `end_ms` of the main video."""

    class Kind(models.TextChoices):
        INTRO = "intro"
        RECAP = "recap"
        CREDITS = "credits"
        PREVIEW = "preview"
        AD_BREAK = "ad_break"

    title = models.ForeignKey(Title, models.CASCADE, null=True, blank=True, related_name="segments")
    episode = models.ForeignKey(Episode, models.CASCADE, null=True, blank=True, related_name="segments")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    start_ms = models.PositiveIntegerField(help_text="Milliseconds from the beginning.")
    end_ms = models.PositiveIntegerField(help_text="Milliseconds from the beginning, exclusive.")

    objects = PublicIdManager()

    class Meta:
        ordering = ["start_ms", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(title__isnull=False, episode=None) | Q(title=None, episode__isnull=False),
                name="segment_in_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(end_ms__gt=F("start_ms")) | Q(kind="ad_break", end_ms=F("start_ms")),
                name="segment_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.start_ms}–{self.end_ms} ms"  # noqa: RUF001 a range

    def natural_key(self) -> tuple[str]:
        return (str(self.public_id),)
