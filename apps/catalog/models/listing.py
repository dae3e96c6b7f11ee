"""The shelf: what is live, in the shape that viewers read. Only publishing writes it."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Q, Subquery

from .title import Kind, Title
from .version import TitleVersion
from .window import Tier, Window

if TYPE_CHECKING:
    from apps.catalog.offers import Viewer


class ListingQuerySet(models.QuerySet["Listing"]):
    """The questions that `apps.catalog.offers` answers for one title, asked of the whole shelf."""

    def visible_to(self, viewer: "Viewer") -> Self:
        """What `offers.sees`."""
        windows = ListingWindow.objects.of_outer().here(viewer.territory).not_over(viewer.at)
        announced = Q(ExpressionWrapper(OuterRef("announced"), models.BooleanField()))
        return self.filter(Exists(windows.filter(begun(viewer.at) | announced)), maturity__lte=viewer.ceiling)

    def with_asks(self, viewer: "Viewer") -> Self:
        """Adds `asks`: the lowest tier that plays it here and now, for `offers.locked`; None: none does."""
        windows = ListingWindow.objects.of_outer().here(viewer.territory).not_over(viewer.at)
        lowest = windows.filter(begun(viewer.at)).order_by("tier").values("tier")
        return self.annotate(asks=Subquery(lowest[:1]))

    def in_language(self, language: str) -> Self:
        """Adds `card` and `name` as they read in a language of the site."""
        read = models.FilteredRelation("documents", condition=Q(documents__language=language))
        return self.alias(read=read).annotate(card=F("read__card"), name=F("read__name"))


class ListingWindowQuerySet(models.QuerySet["ListingWindow"]):
    def of_outer(self) -> Self:
        """Those of the listing that an outer query is about."""
        return self.filter(listing=OuterRef("pk"))

    def here(self, territory: str) -> Self:
        """Those that admit the territory; where that is unknown ("") only world-wide ones do."""
        admitting = Q(scope=Window.Territories.EVERYWHERE)
        if territory:
            named = Q(countries__contains=[territory])
            admitting |= Q(scope=Window.Territories.ONLY) & named
            admitting |= Q(scope=Window.Territories.EXCEPT) & ~named
        return self.filter(admitting)

    def not_over(self, at: datetime) -> Self:
        return self.filter(Q(ends_at=None) | Q(ends_at__gt=at))


def begun(at: datetime) -> Q:
    return Q(starts_at=None) | Q(starts_at__lte=at)


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

    objects = ListingQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["-popularity", "-title"], name="listings_by_popularity"),
            models.Index(fields=["-first_published_at", "-title"], name="listings_by_age"),
            GinIndex(fields=["genres"], name="listings_by_genre"),
            GinIndex(fields=["tags"], name="listings_by_tag"),
            GinIndex(fields=["languages"], name="listings_by_audio"),
            GinIndex(fields=["people"], name="listings_by_person"),
            models.Index(fields=["year", "-popularity", "-title"], name="listings_by_year_popular"),
        ]

    def __str__(self) -> str:
        return self.slug


class ListingGenre(models.Model):
    """One genre of a listing beside the columns that lists are ordered by, for an index over both.

    An array column cannot have such an index. A trigger keeps these rows; nobody else writes them.
    """

    listing = models.ForeignKey(Listing, models.CASCADE, related_name="+", db_index=False)
    genre = models.CharField(max_length=60)
    popularity = models.PositiveIntegerField()
    first_published_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["listing", "genre"], name="once_in_a_genre")]
        indexes = [
            models.Index(fields=["genre", "-popularity", "-listing"], name="genres_by_popularity"),
            models.Index(fields=["genre", "-first_published_at", "-listing"], name="genres_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.listing_id}: {self.genre}"


class ListingWindow(models.Model):
    """A window of the title itself, as it is live, for queries; see `ListingQuerySet.visible_to`."""

    listing = models.ForeignKey(Listing, models.CASCADE, related_name="windows")
    scope = models.CharField(max_length=10, choices=Window.Territories.choices)
    countries: Any = ArrayField(models.CharField(max_length=2), default=list)
    tier = models.PositiveSmallIntegerField(choices=Tier.choices)
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)

    objects = ListingWindowQuerySet.as_manager()

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
