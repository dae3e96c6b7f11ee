"""The shelf: what is live, in the shape that viewers read. Only publishing writes it."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from .title import Kind, Title
from .version import TitleVersion
from .window import Tier, Window


class Listing(models.Model):
    """One live title. `offers` are its windows and those of its seasons and episodes, for `offers.decide`."""

    title = models.OneToOneField(Title, models.CASCADE, primary_key=True, related_name="listing")
    version = models.ForeignKey(TitleVersion, models.PROTECT, related_name="+")
    public_id = models.UUIDField(unique=True)
    slug = models.SlugField(max_length=120, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    year = models.PositiveSmallIntegerField(null=True)
    released_on = models.DateField(null=True)
    maturity = models.PositiveSmallIntegerField()
    announced = models.BooleanField(default=False)
    tier = models.PositiveSmallIntegerField(
        choices=Tier.choices, help_text="The lowest that any window asks for."
    )
    genres: Any = ArrayField(models.CharField(max_length=60), default=list)
    tags: Any = ArrayField(models.CharField(max_length=60), default=list)
    languages: Any = ArrayField(models.CharField(max_length=10), default=list, help_text="Of the audio.")
    people: Any = ArrayField(models.UUIDField(), default=list)
    popularity = models.PositiveIntegerField(default=0)
    first_published_at = models.DateTimeField()
    offers = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["-popularity", "-title"], name="listings_by_popularity"),
            models.Index(fields=["-first_published_at", "-title"], name="listings_by_age"),
            GinIndex(fields=["genres"], name="listings_by_genre"),
            GinIndex(fields=["tags"], name="listings_by_tag"),
            GinIndex(fields=["languages"], name="listings_by_audio"),
            GinIndex(fields=["people"], name="listings_by_person"),
            models.Index(fields=["year", "-popularity"], name="listings_by_year"),
        ]

    def __str__(self) -> str:
        return self.slug


class ListingWindow(models.Model):
    """A window of the live version, for queries; see `offers.visible_to`."""

    listing = models.ForeignKey(Listing, models.CASCADE, related_name="windows")
    scope = models.CharField(max_length=10, choices=Window.Territories.choices)
    countries: Any = ArrayField(models.CharField(max_length=2), default=list)
    tier = models.PositiveSmallIntegerField(choices=Tier.choices)
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["listing_id", "id"]

    def __str__(self) -> str:
        return f"{self.listing_id}: {self.scope} {self.countries}"


class ListingDocument(models.Model):
    """What a player gets, as JSON text that nobody parses on the way; every language of the site has one."""

    listing = models.ForeignKey(Listing, models.CASCADE, related_name="documents")
    language = models.CharField(max_length=10)
    name = models.CharField(max_length=200, help_text="For ordering.")
    card = models.TextField()
    document = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["listing", "language"], name="one_document_per_language")
        ]
        indexes = [models.Index(fields=["language", "name", "listing"], name="documents_by_name")]

    def __str__(self) -> str:
        return f"{self.listing_id} {self.language}"
