"""What several tests of the workflow need."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth.models import PermissionsMixin
from django.db import transaction

from apps.catalog.models import Title, TitleText
from apps.catalog.tests.factories import TitleFactory
from apps.core.errors import InvalidField
from apps.workflow.models import Comment, Mention, Transition
from apps.workflow.moves import Move
from apps.workflow.services import moving


def title_in(state: str, *authors: PermissionsMixin, **fields: Any) -> Title:
    """A title in that state, as if it had come there."""
    title: Title = TitleFactory(**fields)
    Title.objects.filter(pk=title.pk).update(state=state)
    title.authors.set([author.pk for author in authors])
    return Title.objects.get(pk=title.pk)


def go(title: Title, move: Move, by: PermissionsMixin, **details: Any) -> Transition:
    """Make the move as a deed of the catalogue does."""
    with transaction.atomic():
        return moving.move(moving.locked(title), move, by=by, **details)


def state_of(title: Title) -> str:
    return str(Title.objects.values_list("state", flat=True).get(pk=title.pk))


@contextmanager
def unchanged() -> Iterator[None]:
    """Nothing of the workflow changes inside."""
    before = _everything()
    yield
    assert _everything() == before


def _everything() -> list[Any]:
    rows: list[Any] = list(Title.objects.order_by("pk").values())
    rows += Title.authors.through.objects.order_by("pk").values()
    for model in (TitleText, Transition, Comment, Mention):
        rows += model._default_manager.order_by("pk").values()
    return rows


@contextmanager
def refused_field(path: str, code: str) -> Iterator[None]:
    with unchanged(), pytest.raises(InvalidField) as caught:
        yield
    found = [(one["path"], one["code"]) for one in caught.value.extra["errors"]]
    assert found == [(path, code)]
