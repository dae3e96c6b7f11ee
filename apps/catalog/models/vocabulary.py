"""Shared words: genres and tags. They are not drafted; a change shows with the next publication."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.core.models import PublicId


class SlugManager(models.Manager[Any]):
    def get_by_natural_key(self, slug: str) -> Any:
        return self.get(slug=slug)


class Genre(PublicId):
    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=60, help_text="In the default language; others below.")

    objects = SlugManager()

    class Meta:
        ordering = ["name"]
        constraints = [models.CheckConstraint(condition=~Q(name="") & ~Q(slug=""), name="genre_has_a_name")]

    def __str__(self) -> str:
        return self.name

    def natural_key(self) -> tuple[str]:
        return (self.slug,)


class GenreNameManager(models.Manager["GenreName"]):
    def get_by_natural_key(self, slug: str, language: str) -> "GenreName":
        return self.get(genre__slug=slug, language=language)


class GenreName(models.Model):
    genre = models.ForeignKey(Genre, models.CASCADE, related_name="names")
    language = models.CharField(max_length=10, choices=settings.LANGUAGES)
    name = models.CharField(max_length=60)

    objects = GenreNameManager()

    class Meta:
        ordering = ["language"]
        constraints = [
            models.UniqueConstraint(fields=["genre", "language"], name="one_genre_name_per_language")
        ]

    def __str__(self) -> str:
        return self.name

    def natural_key(self) -> tuple[str, str]:
        return (self.genre.slug, self.language)


class Tag(PublicId):
    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=60, help_text="For the desk and for rules of collections.")

    objects = SlugManager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def natural_key(self) -> tuple[str]:
        return (self.slug,)
