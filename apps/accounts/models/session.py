"""A device that is signed in."""

import secrets
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.core.models import PublicId

from .profile import Profile


def new_secret() -> bytes:
    return secrets.token_bytes(32)


class SessionQuerySet(models.QuerySet["Session"]):
    def alive(self, at: datetime) -> Self:
        """Sessions that may still be refreshed at that time."""
        return self.filter(revoked_at=None, expires_at__gt=at, account__is_active=True)


class Session(PublicId):
    """One family of refresh tokens, from sign-in to sign-out; `public_id` is the `sid` of its tokens.

    A refresh token is `generation` under a MAC by `secret` and the server's key (`accounts.tokens`), so
    neither this row nor the key alone can make one. Only the latest generation is good, once.
    """

    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="sessions")
    profile = models.ForeignKey(
        Profile, models.SET_NULL, null=True, blank=True, help_text="Who is watching on it."
    )
    secret = models.BinaryField(default=new_secret, editable=False)
    generation = models.PositiveIntegerField(default=1, editable=False)
    rotated_at = models.DateTimeField(editable=False)
    device_name = models.CharField(max_length=80, blank=True)
    user_agent = models.CharField(max_length=200, blank=True)
    country = models.CharField(max_length=2, blank=True, help_text="Where its last refresh came from.")
    created_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    expires_at = models.DateTimeField(help_text="Seven days after the last refresh.")
    ends_at = models.DateTimeField(help_text="Thirty days after sign-in, whatever happens.")
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_because = models.CharField(max_length=30, blank=True)

    objects = SessionQuerySet.as_manager()

    class Meta:
        ordering = ["-last_seen_at", "-id"]
        indexes = [
            models.Index(fields=["account", "-last_seen_at"], name="session_by_account"),
            models.Index(fields=["expires_at"], name="session_by_expiry"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__lte=models.F("ends_at")), name="session_ends_in_time"
            ),
        ]

    def __str__(self) -> str:
        return self.device_name or str(self.public_id)
