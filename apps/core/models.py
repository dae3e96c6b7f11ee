"""What many tables share, and the idempotency record."""

import uuid

from django.db import models


class TimeStamped(models.Model):
    """When a row came to be and when it last changed."""

    created_at = models.DateTimeField(auto_now_add=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True, editable=False)

    class Meta:
        abstract = True


class PublicId(models.Model):
    """An integer inside, a UUID outside."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)

    class Meta:
        abstract = True


class IdempotentAnswer(models.Model):
    """The answer to a request that carried an `Idempotency-Key`; see `apps.core.idempotency`."""

    scope = models.CharField(max_length=100)
    key = models.CharField(max_length=255)
    route = models.CharField(max_length=200)
    body_sha256 = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scope", "route", "key"], name="one_answer_per_key"),
        ]

    def __str__(self) -> str:
        return f"{self.route} {self.key}"
