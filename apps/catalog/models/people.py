"""People and what they did."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.core.models import PublicId, TimeStamped

from .episodes import Episode, PublicIdManager
from .title import Title


class PersonManager(models.Manager["Person"]):
    def get_by_natural_key(self, slug: str) -> "Person":
        return self.get(slug=slug)


class Person(PublicId, TimeStamped):
    """Not drafted: a correction shows with the next publication of each title."""

    slug = models.SlugField(max_length=120, unique=True, blank=True)
    name = models.CharField(max_length=200)
    born_on = models.DateField(null=True, blank=True)
    died_on = models.DateField(null=True, blank=True)

    objects = PersonManager()

    class Meta:
        ordering = ["name", "id"]
        verbose_name_plural = "people"
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="person_has_a_name"),
            models.CheckConstraint(
                condition=Q(born_on=None) | Q(died_on=None) | Q(died_on__gte=models.F("born_on")),
                name="nobody_dies_before_birth",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def natural_key(self) -> tuple[str]:
        return (self.slug,)


class PersonTextManager(models.Manager["PersonText"]):
    def get_by_natural_key(self, slug: str, language: str) -> "PersonText":
        return self.get(person__slug=slug, language=language)


class PersonText(models.Model):
    person = models.ForeignKey(Person, models.CASCADE, related_name="texts")
    language = models.CharField(max_length=10, choices=settings.LANGUAGES)
    name = models.CharField(max_length=200, blank=True)
    biography = models.TextField(max_length=8000, blank=True)

    objects = PersonTextManager()

    class Meta:
        ordering = ["language"]
        constraints = [models.UniqueConstraint(fields=["person", "language"], name="one_text_per_person")]

    def __str__(self) -> str:
        return f"{self.language}: {self.name}"

    def natural_key(self) -> tuple[str, str]:
        return (self.person.slug, self.language)


class Role(models.TextChoices):
    ACTOR = "actor"
    GUEST = "guest", "Guest star"
    VOICE = "voice", "Voice actor"
    DIRECTOR = "director"
    WRITER = "writer"
    CREATOR = "creator"
    PRODUCER = "producer"
    EXECUTIVE_PRODUCER = "executive_producer"
    COMPOSER = "composer"
    CINEMATOGRAPHER = "cinematographer"
    EDITOR = "editor", "Film editor"
    ANIMATOR = "animator"
    PRODUCTION_DESIGNER = "production_designer"
    COSTUME_DESIGNER = "costume_designer"
    SOUND = "sound", "Sound designer"
    PRESENTER = "presenter"
    COMMENTATOR = "commentator"
    ATHLETE = "athlete"
    COACH = "coach"


class Credit(PublicId):
    """A person's part in a title, or in one episode of it."""

    title = models.ForeignKey(Title, models.CASCADE, null=True, blank=True, related_name="credits")
    episode = models.ForeignKey(Episode, models.CASCADE, null=True, blank=True, related_name="credits")
    person = models.ForeignKey(Person, models.PROTECT, related_name="credits")
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.ACTOR)
    character = models.CharField(max_length=200, blank=True, help_text="Whom they play.")
    order = models.PositiveSmallIntegerField(default=0)

    objects = PublicIdManager()

    class Meta:
        ordering = ["order", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(title__isnull=False, episode=None) | Q(title=None, episode__isnull=False),
                name="credit_in_one_thing",
            ),
            models.UniqueConstraint(
                fields=["title", "person", "role", "character"], name="credited_once_per_title"
            ),
            models.UniqueConstraint(
                fields=["episode", "person", "role", "character"], name="credited_once_per_episode"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}, {self.get_role_display()}"

    def natural_key(self) -> tuple[str]:
        return (str(self.public_id),)
