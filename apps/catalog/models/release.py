"""Things that happen by themselves at a time."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.core.models import PublicId

from .episodes import Season
from .title import Title


class ReleaseQuerySet(models.QuerySet["Release"]):
    def waiting(self) -> Self:
        return self.filter(state=Release.State.WAITING)

    def due(self, at: datetime) -> Self:
        """The earliest first."""
        return self.waiting().filter(at__lte=at).order_by("at", "pk")

    def of(self, title: Title) -> Self:
        return self.filter(items__title=title)


class Release(PublicId):
    """Titles that go live, or come down, in one transaction at one instant.

    The schedule of a single title is a release with one item. `problem` says why it cannot run, or could
    not; while it is waiting, the ticker looks ahead and says so before the time comes.
    """

    class Action(models.TextChoices):
        PUBLISH = "publish", "Go live"
        UNPUBLISH = "unpublish", "Come down"

    class State(models.TextChoices):
        DRAFT = "draft", "Being put together"
        WAITING = "waiting"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    name = models.CharField(max_length=120)
    action = models.CharField(max_length=10, choices=Action.choices, default=Action.PUBLISH)
    at = models.DateTimeField("when", help_text="In UTC. It happens within five seconds of it.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT, editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False
    )
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    ran_at = models.DateTimeField(null=True, editable=False)
    problem = models.TextField(blank=True, editable=False)

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["at"], condition=Q(state="waiting"), name="releases_that_are_due")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state__in=["done"]) | Q(ran_at__isnull=False), name="done_releases_ran"
            )
        ]

    def __str__(self) -> str:
        return self.name


class ReleaseItem(models.Model):
    """A title in a release; with `season`, that season is no longer held back from then on."""

    release = models.ForeignKey(Release, models.CASCADE, related_name="items")
    title = models.ForeignKey(Title, models.CASCADE, related_name="release_items")
    season = models.ForeignKey(Season, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["release", "title"], name="once_in_a_release")]

    def __str__(self) -> str:
        return str(self.title)


class TickerBeat(models.Model):
    """When the ticker last looked for due releases, so that the desk can tell a dead one."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.at}"
