"""A person's wish to have a copy of their data, or to have it erased."""

import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q
from django_fsm import FSMField, transition

from apps.core.models import PublicId


def new_receipt() -> str:
    return secrets.token_urlsafe(24)


class DataRequest(PublicId):
    """An export or an erasure, done in the background. It outlives the account: it is the receipt."""

    class Kind(models.TextChoices):
        EXPORT = "export"
        ERASE = "erase"

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = FSMField(choices=State.choices, default=State.QUEUED, protected=True)
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="data_requests"
    )
    account_public_id = models.UUIDField()
    receipt = models.CharField(max_length=40, unique=True, default=new_receipt)
    asked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True, help_text="When the copy is dropped.")
    result = models.JSONField(null=True, help_text="The copy, or what was erased and what law makes us keep.")

    class Meta:
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "kind"],
                condition=Q(state__in=["queued", "running"]),
                name="one_open_request_per_kind",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.account_public_id}"

    @transition(state, source=[State.QUEUED, State.RUNNING, State.FAILED], target=State.RUNNING)
    def start(self) -> None:
        """A worker has it; a second worker that finds it running continues after the first one's death."""

    @transition(state, source=State.RUNNING, target=State.DONE)
    def finish(self) -> None: ...

    @transition(state, source=[State.QUEUED, State.RUNNING], target=State.FAILED)
    def fail(self) -> None: ...
