"""A movie, a series or a sports event, as editors work on it."""

import re
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from apps.accounts.maturity import Maturity
from apps.core.models import PublicId, TimeStamped
from apps.media.models import Asset
from apps.workflow.models import Workflowed

from .vocabulary import Genre, Tag

LANGUAGE = re.compile(r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$")
is_language = RegexValidator(LANGUAGE.pattern, "A language tag such as en, hi.")


class Kind(models.TextChoices):
    MOVIE = "movie"
    SERIES = "series"
    SPORT = "sport"


class Descriptor(models.TextChoices):
    """What the rating is for (IT Rules 2021, schedule, part II); `none` says that somebody looked."""

    NONE = "none", "Nothing of concern"
    VIOLENCE = "violence"
    SEX = "sex"
    NUDITY = "nudity"
    LANGUAGE = "language", "Strong language"
    SUBSTANCES = "substances", "Drugs, alcohol, tobacco"
    HORROR = "horror"
    DISCRIMINATION = "discrimination"
    SELF_HARM = "self_harm", "Self-harm"
    GAMBLING = "gambling"
    FLASHING = "flashing", "Flashing light"


# Columns of the workflow and of services, which a fixture that is loaded again leaves as they are.
NOT_FROM_FIXTURES = (
    "state", "revision", "live_version_id", "popularity", "assignee_id", "due_on", "priority",
)  # fmt: skip


class TitleManager(models.Manager["Title"]):
    def get_by_natural_key(self, slug: str) -> "Title":
        return self.get(slug=slug)


class Title(Workflowed, PublicId, TimeStamped):
    """The working copy ("desk"). Viewers see none of it until it is published as a `TitleVersion`.

    `name` is what the desk calls it; what viewers read are its `texts`.
    """

    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.MOVIE)
    name = models.CharField("working name", max_length=200, help_text="What the desk calls it.")
    slug = models.SlugField(
        max_length=120, unique=True, blank=True,
        help_text="Its address on the site; made of the name if left out. A former address keeps working.",
    )  # fmt: skip
    original_language = models.CharField(
        max_length=10, default=settings.LANGUAGE_CODE, validators=[is_language],
        help_text="The language it was made in: en, hi, ta …",
    )  # fmt: skip
    released_on = models.DateField("release date", null=True, blank=True)
    maturity = models.PositiveSmallIntegerField(
        "maturity rating", choices=Maturity.choices, null=True, blank=True,
        help_text="Viewers with a lower ceiling never see it. Needed before it can be published.",
    )  # fmt: skip
    descriptors: Any = ArrayField(
        models.CharField(max_length=20, choices=Descriptor.choices), default=list, blank=True,
        help_text="What the rating is for. Choose “Nothing of concern” if there is nothing.",
    )  # fmt: skip
    announced = models.BooleanField(
        "announce ahead", default=False, help_text="Show it as “coming soon” before its first window opens."
    )
    asset = models.ForeignKey(
        Asset, models.PROTECT, null=True, blank=True, related_name="titles", verbose_name="main video",
        help_text="The film or the recording. Series have theirs on the episodes.",
    )  # fmt: skip
    genres = models.ManyToManyField(Genre, blank=True, related_name="titles")
    tags = models.ManyToManyField(Tag, blank=True, related_name="titles")
    popularity = models.PositiveIntegerField(default=0, editable=False)
    live_version = models.ForeignKey(
        "TitleVersion", models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )

    objects = TitleManager()

    class Meta:
        ordering = ["name", "id"]
        permissions = [
            ("submit_title", "Can submit titles for review"),
            ("review_title", "Can approve titles and request changes"),
            ("publish_title", "Can publish, schedule, unpublish, roll back and archive titles"),
            ("import_title", "Can import and export titles"),
        ]
        indexes = [
            models.Index(fields=["-updated_at", "-id"], name="titles_last_changed"),
            models.Index(fields=["assignee", "due_on"], name="titles_of_an_assignee"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="title_has_a_name"),
            models.CheckConstraint(
                condition=~Q(kind=Kind.SERIES) | Q(asset=None), name="series_have_no_video_of_their_own"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def natural_key(self) -> tuple[str]:
        return (self.slug,)

    def _save_table(self, raw: bool = False, *args: Any, **options: Any) -> bool:
        """Django's, except that loading a fixture over an existing title keeps `NOT_FROM_FIXTURES`.

        loaddata saves past `save` and `save_base`, with defaults for what the fixture does not say: it
        would take a published title back to a draft that was never live.
        """
        if raw:
            rows = Title.objects.select_for_update().filter(pk=self.pk)
            self.__dict__.update(rows.values(*NOT_FROM_FIXTURES).first() or {})
        return bool(super()._save_table(raw, *args, **options))  # type: ignore[misc]

    @property
    def is_live(self) -> bool:
        return self.live_version_id is not None


class FormerSlug(models.Model):
    """An address that somebody may have kept; it leads to where the thing is now."""

    title = models.ForeignKey(Title, models.CASCADE, null=True, related_name="former_slugs")
    person = models.ForeignKey("Person", models.CASCADE, null=True, related_name="former_slugs")
    collection = models.ForeignKey("Collection", models.CASCADE, null=True, related_name="former_slugs")
    slug = models.SlugField(max_length=120)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(title__isnull=False, person=None, collection=None)
                | Q(title=None, person__isnull=False, collection=None)
                | Q(title=None, person=None, collection__isnull=False),
                name="former_slug_of_one_thing",
            ),
            models.UniqueConstraint(
                fields=["slug"], condition=Q(title__isnull=False), name="one_title_per_former_slug"
            ),
            models.UniqueConstraint(
                fields=["slug"], condition=Q(person__isnull=False), name="one_person_per_former_slug"
            ),
            models.UniqueConstraint(
                fields=["slug"], condition=Q(collection__isnull=False), name="one_collection_per_former_slug"
            ),
        ]

    def __str__(self) -> str:
        return self.slug


class ExternalIdManager(models.Manager["ExternalId"]):
    def get_by_natural_key(self, scheme: str, value: str) -> "ExternalId":
        return self.get(scheme=scheme, value=value)


class ExternalId(models.Model):
    """What somebody else calls a title or an episode; imports find it by that."""

    class Scheme(models.TextChoices):
        IMDB = "imdb", "IMDb"
        TMDB = "tmdb", "TMDB"
        TVDB = "tvdb", "TVDB"
        EIDR = "eidr", "EIDR"
        WIKIDATA = "wikidata", "Wikidata"
        HOUSE = "house", "House id"

    title = models.ForeignKey(Title, models.CASCADE, null=True, blank=True, related_name="external_ids")
    episode = models.ForeignKey("Episode", models.CASCADE, null=True, blank=True, related_name="external_ids")
    scheme = models.CharField(max_length=10, choices=Scheme.choices)
    value = models.CharField(max_length=100)

    objects = ExternalIdManager()

    class Meta:
        ordering = ["scheme"]
        constraints = [
            models.CheckConstraint(
                condition=Q(title__isnull=False, episode=None) | Q(title=None, episode__isnull=False),
                name="external_id_of_one_thing",
            ),
            models.UniqueConstraint(fields=["scheme", "value"], name="one_thing_per_external_id"),
            models.UniqueConstraint(fields=["title", "scheme"], name="one_id_per_title_and_scheme"),
            models.UniqueConstraint(fields=["episode", "scheme"], name="one_id_per_episode_and_scheme"),
            models.CheckConstraint(condition=~Q(value=""), name="external_id_is_not_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.scheme}:{self.value}"

    def natural_key(self) -> tuple[str, str]:
        return (self.scheme, self.value)
