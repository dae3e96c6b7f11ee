"""What a sports event has that films have not."""

from django.db import models
from django.db.models import Q

from apps.core.models import PublicId

from .title import Title
from .vocabulary import SlugManager


class Team(PublicId):
    slug = models.SlugField(max_length=120, unique=True)
    name = models.CharField(max_length=120)
    short_name = models.CharField(max_length=12, blank=True)

    objects = SlugManager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def natural_key(self) -> tuple[str]:
        return (self.slug,)


class Event(models.Model):
    """Competition, season, round; who plays whom, where and when."""

    title = models.OneToOneField(Title, models.CASCADE, primary_key=True, related_name="event")
    sport = models.CharField(max_length=60, help_text="Cricket, football …")
    competition = models.CharField(max_length=120)
    season = models.CharField(max_length=60, blank=True, help_text="2026, 2026/27 …")
    round = models.CharField(max_length=60, blank=True, help_text="Final, matchday 3 …")
    venue = models.CharField(max_length=120, blank=True)
    kick_off_at = models.DateTimeField("kick-off")

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(competition=""), name="event_has_a_competition")]

    def __str__(self) -> str:
        return f"{self.competition} {self.round}".strip()


class Contestant(models.Model):
    """A team in an event; the first is at home."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="contestants")
    team = models.ForeignKey(Team, models.PROTECT, related_name="appearances")
    order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["order", "id"]
        constraints = [models.UniqueConstraint(fields=["event", "team"], name="a_team_plays_once")]

    def __str__(self) -> str:
        return str(self.team)
