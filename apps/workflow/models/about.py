"""What a comment and a transition have in common: a thing they are about, and a person behind them."""

from typing import Any, Self

from django.contrib.contenttypes.models import ContentType
from django.db import models

FORMER_STAFF = "former member of staff"


class AboutQuerySet(models.QuerySet[Any]):
    def about(self, subject: models.Model) -> Self:
        return self.filter(content_type=ContentType.objects.get_for_model(subject), object_id=subject.pk)


def name_of(person: models.Model | None) -> str:
    return FORMER_STAFF if person is None else str(person)


def called(subject: models.Model) -> str:
    """What people call it: its `full_name` where it has one, for “Season 1” alone says little."""
    return str(getattr(subject, "full_name", subject))
