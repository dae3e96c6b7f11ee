"""Rights: where, when, for whom and how well something may be shown."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.core.models import PublicId

from .episodes import Episode, PublicIdManager, Season
from .title import Title, is_language


class Tier(models.IntegerChoices):
    """Ordered: who has a tier may watch what lower tiers may."""

    FREE = 0, "free"
    PREMIUM = 10, "premium"


class Window(PublicId):
    """One licence: territories by tier by time by quality by language. The end is exclusive.

    A title's windows say what is on offer; those of a season or an episode can only narrow it.
    """

    class Territories(models.TextChoices):
        EVERYWHERE = "everywhere"
        ONLY = "only", "Only in these"
        EXCEPT = "except", "Everywhere but in these"

    title = models.ForeignKey(Title, models.CASCADE, null=True, blank=True, related_name="windows")
    season = models.ForeignKey(Season, models.CASCADE, null=True, blank=True, related_name="windows")
    episode = models.ForeignKey(Episode, models.CASCADE, null=True, blank=True, related_name="windows")
    scope = models.CharField(
        "territories", max_length=10, choices=Territories.choices, default=Territories.EVERYWHERE
    )
    countries: Any = ArrayField(
        models.CharField(max_length=2), default=list, blank=True, help_text="ISO 3166 codes: IN, NP, LK."
    )
    tier = models.PositiveSmallIntegerField(choices=Tier.choices, default=Tier.FREE)
    starts_at = models.DateTimeField(null=True, blank=True, help_text="Empty: has always been on offer.")
    ends_at = models.DateTimeField(
        null=True, blank=True, help_text="The first moment it is no longer on offer. Empty: for good."
    )
    max_height = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="The most lines that may be shown, such as 1080. Empty: no limit."
    )
    languages: Any = ArrayField(
        models.CharField(max_length=10, validators=[is_language]), default=list, blank=True,
        help_text="Audio and subtitles that are licensed. Empty: all.",
    )  # fmt: skip

    objects = PublicIdManager()

    class Meta:
        ordering = ["starts_at", "id"]
        verbose_name = "rights window"
        constraints = [
            models.CheckConstraint(
                condition=Q(title__isnull=False, season=None, episode=None)
                | Q(title=None, season__isnull=False, episode=None)
                | Q(title=None, season=None, episode__isnull=False),
                name="window_of_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(starts_at=None) | Q(ends_at=None) | Q(ends_at__gt=models.F("starts_at")),
                name="window_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(scope="everywhere", countries=[]) | (~Q(scope="everywhere") & ~Q(countries=[])),
                name="window_names_its_territories",
            ),
            models.CheckConstraint(
                condition=Q(max_height=None) | Q(max_height__gte=144), name="window_height_makes_sense"
            ),
        ]

    def __str__(self) -> str:
        where = {"everywhere": "everywhere", "only": "only ", "except": "except "}[self.scope]
        return f"{where}{', '.join(self.countries)} ({self.get_tier_display()})"

    def natural_key(self) -> tuple[str]:
        return (str(self.public_id),)
