"""What a title contains: seasons with their episodes, and extras."""

from typing import Any

from django.db import models

from apps.core.models import PublicId
from apps.media.models import Asset

from .title import Title


class PublicIdManager(models.Manager[Any]):
    def get_by_natural_key(self, public_id: str) -> Any:
        return self.get(public_id=public_id)


class Season(PublicId):
    """Season 0 holds the specials. Numbers may leave gaps."""

    title = models.ForeignKey(Title, models.CASCADE, related_name="seasons")
    number = models.PositiveSmallIntegerField(help_text="0 for specials.")
    held = models.BooleanField(
        "hold back", default=False, help_text="Not part of what is published, until it is released."
    )

    objects = PublicIdManager()

    class Meta:
        ordering = ["title_id", "number"]
        constraints = [models.UniqueConstraint(fields=["title", "number"], name="one_season_per_number")]

    def __str__(self) -> str:
        return "Specials" if self.number == 0 else f"Season {self.number}"

    @property
    def full_name(self) -> str:
        return f"{self.title}: {self}"

    def natural_key(self) -> tuple[str]:
        return (str(self.public_id),)


class Episode(PublicId):
    season = models.ForeignKey(Season, models.CASCADE, related_name="episodes")
    number = models.PositiveSmallIntegerField()
    name = models.CharField("working name", max_length=200, blank=True)
    released_on = models.DateField("release date", null=True, blank=True)
    asset = models.ForeignKey(
        Asset, models.PROTECT, null=True, blank=True, related_name="episodes", verbose_name="video"
    )

    objects = PublicIdManager()

    class Meta:
        ordering = ["season_id", "number"]
        constraints = [models.UniqueConstraint(fields=["season", "number"], name="one_episode_per_number")]

    def __str__(self) -> str:
        return self.name or f"Episode {self.number}"

    @property
    def full_name(self) -> str:
        return f"{self.season.full_name}: {self}"

    def natural_key(self) -> tuple[str]:
        return (str(self.public_id),)


class Extra(PublicId):
    """A video beside the main one."""

    class Kind(models.TextChoices):
        TRAILER = "trailer"
        TEASER = "teaser"
        CLIP = "clip"
        BEHIND_THE_SCENES = "behind_the_scenes"
        INTERVIEW = "interview"
        DELETED_SCENE = "deleted_scene"
        FEATURETTE = "featurette"
        SHORT = "short"
        BLOOPERS = "bloopers"
        RECAP = "recap"
        HIGHLIGHTS = "highlights"

    title = models.ForeignKey(Title, models.CASCADE, related_name="extras")
    kind = models.CharField(max_length=20, choices=Kind.choices, default=Kind.TRAILER)
    name = models.CharField("working name", max_length=200)
    asset = models.ForeignKey(
        Asset, models.PROTECT, null=True, blank=True, related_name="extras", verbose_name="video"
    )
    order = models.PositiveSmallIntegerField(default=0)

    objects = PublicIdManager()

    class Meta:
        ordering = ["title_id", "order", "id"]

    def __str__(self) -> str:
        return self.name

    def natural_key(self) -> tuple[str]:
        return (str(self.public_id),)
