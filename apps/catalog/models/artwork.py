"""Pictures: the original, and the variants that the worker makes of it."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from apps.core.models import PublicId, TimeStamped

from .collection import Collection
from .episodes import Episode, PublicIdManager, Season
from .people import Person
from .title import Title

FRACTION = [MinValueValidator(0.0), MaxValueValidator(1.0)]
OWNERS = ("title", "season", "episode", "person", "collection")


def one_owner() -> Q:
    """Exactly one of the keys is set."""
    condition = Q()
    for chosen in OWNERS:
        condition |= Q(*((f"{owner}__isnull", owner != chosen) for owner in OWNERS))
    return condition


class Artwork(PublicId, TimeStamped):
    """One picture of one thing, for one language or for all.

    `variants` is `[{"format", "width", "height", "path"}]`, paths within the storage. Files never
    change, nor what an address shows: another picture, or the same with another focal point, is another
    artwork. A row that is `dropped` is off the desk and stays for the versions that show it.
    """

    class Kind(models.TextChoices):
        POSTER = "poster", "Poster (2:3)"
        BACKDROP = "backdrop", "Backdrop (16:9)"
        LOGO = "logo"
        STILL = "still", "Still (16:9)"
        BANNER = "banner", "Banner (wide)"
        PORTRAIT = "portrait"

    class State(models.TextChoices):
        UPLOADED = "uploaded", "Being prepared"
        READY = "ready"
        FAILED = "failed"

    title = models.ForeignKey(Title, models.CASCADE, null=True, blank=True, related_name="artworks")
    season = models.ForeignKey(Season, models.CASCADE, null=True, blank=True, related_name="artworks")
    episode = models.ForeignKey(Episode, models.CASCADE, null=True, blank=True, related_name="artworks")
    person = models.ForeignKey(Person, models.CASCADE, null=True, blank=True, related_name="artworks")
    collection = models.ForeignKey(Collection, models.CASCADE, null=True, blank=True, related_name="artworks")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.POSTER)
    language = models.CharField(
        max_length=10, blank=True, choices=settings.LANGUAGES, help_text="Leave empty for every language."
    )
    original = models.FileField(upload_to="artwork/originals", max_length=200)
    sha256 = models.CharField(max_length=64, editable=False)
    width = models.PositiveIntegerField(editable=False, default=0)
    height = models.PositiveIntegerField(editable=False, default=0)
    focal_x = models.FloatField(
        default=0.5, validators=FRACTION, help_text="What must stay in view: 0 is the left edge, 1 the right."
    )
    focal_y = models.FloatField(default=0.5, validators=FRACTION, help_text="0 is the top, 1 the bottom.")
    alt = models.CharField(
        "description", max_length=200, blank=True, help_text="For people who cannot see it."
    )
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.UPLOADED, editable=False, db_index=True
    )
    failure = models.CharField(max_length=300, blank=True, editable=False)
    blurhash = models.CharField(max_length=60, blank=True, editable=False)
    variants = models.JSONField(default=list, blank=True, editable=False)
    dropped = models.BooleanField(default=False, editable=False)
    public = models.BooleanField(
        default=False, editable=False, help_text="A version that was published shows it."
    )

    objects = PublicIdManager()

    class Meta:
        ordering = ["kind", "language", "-id"]
        verbose_name_plural = "artwork"
        constraints = [
            models.CheckConstraint(condition=one_owner(), name="artwork_of_one_thing"),
            models.CheckConstraint(
                condition=Q(focal_x__gte=0, focal_x__lte=1, focal_y__gte=0, focal_y__lte=1),
                name="focal_point_is_in_the_picture",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.language}".strip()

    def natural_key(self) -> tuple[str]:
        return (str(self.public_id),)
