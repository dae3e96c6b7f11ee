"""One playing of one thing on one device."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from apps.core.models import PublicId


class EndedBy(models.TextChoices):
    """Why a session ended; what a beat that comes after it is told."""

    STOPPED = "stopped"
    EXPIRED = "expired"
    TAKEN_OVER = "taken_over", "taken over"
    SIGNED_OUT = "signed_out", "signed out"
    PROFILE_DELETED = "profile_deleted", "profile deleted"
    PLAN_CHANGED = "plan_changed", "plan changed"
    WITHDRAWN = "withdrawn"
    RESTRICTED = "restricted"
    STAFF = "staff"


class PlaybackSessionQuerySet(models.QuerySet["PlaybackSession"]):
    def open(self) -> Self:
        """Not ended, as far as PostgreSQL knows; whether one has a lease, Redis knows."""
        return self.filter(ended_at=None)

    def to_release(self) -> Self:
        """Ended by a deed that Redis has not been told of yet."""
        return self.filter(ended_at__isnull=False, released=False)

    def over_before(self, at: datetime) -> Self:
        return self.filter(ended_at__lt=at)


class PlaybackSession(PublicId):
    """What a decision allowed. It plays while it has a lease in Redis.

    `account`, `profile`, `title`, `episode`, `extra`, `asset` and `signed_in` (the account's session) are
    public ids and no keys: what was played is none of their rows' business. `released`: Redis knows that it
    ended.
    """

    account = models.UUIDField()
    profile = models.UUIDField()
    signed_in = models.UUIDField(help_text="The session of the account that began it.")
    title = models.UUIDField()
    episode = models.UUIDField(null=True)
    extra = models.UUIDField(null=True)
    asset = models.UUIDField()
    kid = models.BooleanField(default=False, help_text="It began on a kid's profile.")
    device_id = models.CharField(max_length=64)
    device_name = models.CharField(max_length=80, blank=True)
    territory = models.CharField(max_length=2, blank=True)
    plan = models.CharField(max_length=40)
    max_height = models.PositiveSmallIntegerField(null=True, help_text="Lines at most; empty: no limit.")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=20, choices=EndedBy.choices, blank=True)
    released = models.BooleanField(default=False)

    objects = PlaybackSessionQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by="", released=False)
                | (Q(ended_at__isnull=False) & ~Q(ended_by="")),
                name="playback_ends_for_a_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-started_at"], name="playback_of_an_account"),
            models.Index(fields=["signed_in"], condition=Q(ended_at=None), name="playback_open_on_a_device"),
            models.Index(fields=["profile"], condition=Q(ended_at=None), name="playback_open_of_a_profile"),
            models.Index(fields=["title"], condition=Q(ended_at=None), name="playback_open_of_a_title"),
            models.Index(fields=["id"], condition=Q(ended_at=None), name="playback_open"),
            models.Index(
                fields=["id"], condition=Q(ended_at__isnull=False, released=False), name="playback_to_release"
            ),
            models.Index(fields=["ended_at"], name="playback_by_end"),
        ]

    def __str__(self) -> str:
        return f"{self.device_name or self.device_id} since {self.started_at:%d %b %Y, %H:%M}"
