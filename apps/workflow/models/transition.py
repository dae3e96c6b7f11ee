"""The record of every move."""

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ObjectDoesNotExist
from django.db import models

from apps.workflow.moves import State

from .about import AboutQuerySet, name_of


class Transition(models.Model):
    """Who moved what from where to where, when and why. Rows are never changed; a trigger sees to it.

    `by` is no constraint: the record outlives the account of a former member of staff, without a name.
    """

    content_type = models.ForeignKey(ContentType, models.PROTECT, related_name="+")
    object_id = models.BigIntegerField()
    subject = GenericForeignKey()
    subject_label = models.CharField(max_length=200, help_text="What it was called then.")
    at = models.DateTimeField(db_index=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DO_NOTHING, null=True, related_name="+", db_constraint=False
    )
    move = models.CharField(max_length=30)
    source = models.CharField("from", max_length=20, choices=State.choices)
    target = models.CharField("to", max_length=20, choices=State.choices)
    note = models.TextField(blank=True)
    facts = models.JSONField(default=dict, blank=True)

    objects = AboutQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["content_type", "object_id", "-at"], name="transitions_of_a_thing")]

    def __str__(self) -> str:
        return f"{self.subject_label}: {self.move} {self.at:%Y-%m-%d %H:%M}"

    @property
    def who(self) -> str:
        """For people to read: the account's name, or what became of it. A schedule's moves are automatic."""
        if self.by_id is None:
            return "automatic"
        try:
            return name_of(self.by)
        except ObjectDoesNotExist:
            return name_of(None)
