"""Who has which plan, from when until when."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django_fsm import FSMField, transition

from apps.core.models import PublicId

from .plan import Plan


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def live(self) -> Self:
        """Not ended, as far as the books say; whether one holds at a time is for `entitlements`."""
        return self.exclude(state=Subscription.State.ENDED)

    def due(self, at: datetime) -> Self:
        """Live ones on which something is to be noted: the period is over, or the grace after it."""
        period = Q(state=Subscription.State.ACTIVE, ends_at__lte=at)
        grace = Q(state=Subscription.State.IN_GRACE, grace_until__lte=at)
        return self.filter(period | grace)


class Subscription(PublicId):
    """A plan of an account for a time. Only `services.subscribing` and `services.ending` change it.

    It holds from `starts_at` until just before `ends_at`, without an end where that is null; then, unless
    it was cancelled, until just before `grace_until`. These times decide, not the state: `state` is what
    has been noted and announced so far.
    """

    class State(models.TextChoices):
        ACTIVE = "active"
        IN_GRACE = "in_grace", "in grace"
        ENDED = "ended"

    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="subscriptions")
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="subscriptions")
    state = FSMField(choices=State.choices, default=State.ACTIVE, protected=True)
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
        help_text="The member of staff who gave it; none: it was bought.",
    )  # fmt: skip
    gateway = models.CharField(max_length=20, blank=True)
    reference = models.CharField(
        max_length=100, blank=True, help_text="What the gateway calls it; empty: staff gave it."
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(
        null=True, blank=True, help_text="The first moment it no longer holds. Empty: for good."
    )
    grace_until = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        ordering = ["-starts_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=~Q(state="ended"), name="one_live_subscription_per_account"
            ),
            models.UniqueConstraint(
                fields=["gateway", "reference"],
                condition=~Q(state="ended") & ~Q(reference=""),
                name="one_live_subscription_per_reference",
            ),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gt=F("starts_at")),
                name="subscription_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(grace_until=None)
                | Q(cancelled_at=None, ends_at__isnull=False, grace_until__gt=F("ends_at")),
                name="grace_follows_a_period_not_cancelled",
            ),
            models.CheckConstraint(
                condition=~Q(state="in_grace") | Q(grace_until__isnull=False), name="grace_has_an_end"
            ),
            models.CheckConstraint(
                condition=Q(state="ended", ended_at__isnull=False) | (~Q(state="ended") & Q(ended_at=None)),
                name="ended_subscription_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(gateway="", reference="") | (~Q(gateway="") & ~Q(reference="")),
                name="reference_has_a_gateway",
            ),
        ]
        indexes = [
            models.Index(fields=["ends_at"], condition=Q(state="active"), name="subscriptions_to_lapse"),
            models.Index(fields=["grace_until"], condition=Q(state="in_grace"), name="subscriptions_to_end"),
        ]

    def __str__(self) -> str:
        # Without the account's name: the admin's log keeps what a thing was called.
        return f"{self.plan} since {self.starts_at:%d %b %Y}"

    def refresh_from_db(
        self, using: str | None = None, fields: Iterable[str] | None = None, from_queryset: Any = None
    ) -> None:
        """Django's, except that the protected state may be read again (as `Workflowed` does it)."""
        fields = None if fields is None else list(fields)
        if fields is None or "state" in fields:
            self.__dict__.pop("state", None)
        super().refresh_from_db(using=using, fields=fields, from_queryset=from_queryset)
        if fields is None:
            super().refresh_from_db(using=using, fields=["state"], from_queryset=from_queryset)

    @transition(state, source=State.ACTIVE, target=State.IN_GRACE)
    def lapse(self) -> None:
        """The period is over and nobody has prolonged it yet."""

    @transition(state, source=[State.ACTIVE, State.IN_GRACE], target=State.ACTIVE)
    def renew(self) -> None: ...

    @transition(state, source=[State.ACTIVE, State.IN_GRACE], target=State.ENDED)
    def end(self) -> None: ...
