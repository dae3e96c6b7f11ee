"""The record of every change of a subscription."""

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.db.models import Q

from .subscription import Subscription

FORMER_STAFF = "former member of staff"


class SubscriptionChange(models.Model):
    """Who changed what, when and why. Rows are never changed, but that an erasure blanks the note of one; a
    trigger sees to it.

    `account` is the account's public id and no key to it, nor are the others: the record outlives an
    erased account without naming anybody.
    """

    class What(models.TextChoices):
        GRANTED = "granted"
        PLAN_CHANGED = "plan_changed", "plan changed"
        EXTENDED = "extended"
        CANCELLED = "cancelled"
        LAPSED = "lapsed", "grace began"
        ENDED = "ended"

    subscription = models.ForeignKey(
        Subscription, models.DO_NOTHING, related_name="changes", db_constraint=False
    )
    account = models.UUIDField()
    at = models.DateTimeField(db_index=True)
    what = models.CharField(max_length=20, choices=What.choices)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DO_NOTHING, null=True, related_name="+", db_constraint=False
    )
    plan = models.CharField(max_length=40, help_text="The slug of the plan from then on.")
    ends_at = models.DateTimeField(null=True, help_text="The end of the period from then on.")
    note = models.CharField(max_length=500, blank=True)
    key = models.CharField(
        max_length=200, blank=True, help_text="What the deed goes by where it may be repeated."
    )

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name = "change of a plan"
        verbose_name_plural = "changes of plans"
        indexes = [models.Index(fields=["account", "-at"], name="plan_changes_of_an_account")]
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=~Q(key=""), name="a_key_changes_once")
        ]

    def __str__(self) -> str:
        return f"{self.plan}: {self.what} {self.at:%Y-%m-%d %H:%M}"

    @property
    def who(self) -> str:
        """For people to read: the account's name, or what became of it."""
        if self.by_id is None:
            return "automatic"
        try:
            return str(self.by)
        except ObjectDoesNotExist:
            return FORMER_STAFF
