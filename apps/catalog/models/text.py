"""What viewers read, one row per language."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from .collection import Collection
from .episodes import Episode, Extra, Season
from .title import Title


class TextManager(models.Manager[Any]):
    """Rows are named by what they describe and their language."""

    owner = ""

    def __init__(self, owner: str = "", key: str = "public_id") -> None:
        super().__init__()
        self.owner, self.key = owner, key

    def get_by_natural_key(self, owner: str, language: str) -> Any:
        of_owner = Q((f"{self.owner}__{self.key}", owner))
        return self.get(of_owner, language=language)


class Text(models.Model):
    """Name, tagline and synopsis in one language; what is empty falls back along `languages.chain`."""

    language = models.CharField(max_length=10, choices=settings.LANGUAGES)
    name = models.CharField(max_length=200, blank=True)
    tagline = models.CharField(max_length=200, blank=True, help_text="One line under the name.")
    synopsis = models.TextField(
        max_length=4000, blank=True, help_text="Two to five sentences; no spoilers past the first act."
    )

    class Meta:
        abstract = True
        ordering = ["language"]

    def __str__(self) -> str:
        return f"{self.language}: {self.name}"


class TitleText(Text):
    title = models.ForeignKey(Title, models.CASCADE, related_name="texts")
    advice = models.CharField(
        max_length=300, blank=True, help_text="Advice to viewers beside the rating: “Some violence, …”."
    )

    objects = TextManager("title", "slug")

    class Meta(Text.Meta):
        constraints = [models.UniqueConstraint(fields=["title", "language"], name="one_text_per_title")]

    def natural_key(self) -> tuple[str, str]:
        return (self.title.slug, self.language)


class SeasonText(Text):
    season = models.ForeignKey(Season, models.CASCADE, related_name="texts")

    objects = TextManager("season")

    class Meta(Text.Meta):
        constraints = [models.UniqueConstraint(fields=["season", "language"], name="one_text_per_season")]

    def natural_key(self) -> tuple[str, str]:
        return (str(self.season.public_id), self.language)


class EpisodeText(Text):
    episode = models.ForeignKey(Episode, models.CASCADE, related_name="texts")

    objects = TextManager("episode")

    class Meta(Text.Meta):
        constraints = [models.UniqueConstraint(fields=["episode", "language"], name="one_text_per_episode")]

    def natural_key(self) -> tuple[str, str]:
        return (str(self.episode.public_id), self.language)


class ExtraText(Text):
    extra = models.ForeignKey(Extra, models.CASCADE, related_name="texts")

    objects = TextManager("extra")

    class Meta(Text.Meta):
        constraints = [models.UniqueConstraint(fields=["extra", "language"], name="one_text_per_extra")]

    def natural_key(self) -> tuple[str, str]:
        return (str(self.extra.public_id), self.language)


class CollectionText(Text):
    collection = models.ForeignKey(Collection, models.CASCADE, related_name="texts")

    objects = TextManager("collection", "slug")

    class Meta(Text.Meta):
        constraints = [
            models.UniqueConstraint(fields=["collection", "language"], name="one_text_per_collection")
        ]

    def natural_key(self) -> tuple[str, str]:
        return (self.collection.slug, self.language)
