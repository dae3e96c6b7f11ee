"""Steps of a day in the newsroom: what editors, reviewers and publishers do one after the other."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from apps.accounts.models import User
from apps.catalog.models import Listing, Release, ReleaseItem, Title, TitleText, TitleVersion
from apps.catalog.services import publishing
from apps.core.errors import DomainError
from apps.workflow.models import Transition
from apps.workflow.services.editing import editing

from .factories import TitleFactory


def soon(**later: float) -> datetime:
    """A time that has not come: in an hour, or as much later as is said."""
    return timezone.now() + timedelta(**(later or {"hours": 1}))


def approved(esha: User, ravi: User, **fields: Any) -> Title:
    """A complete title that Esha submitted and Ravi approved."""
    title = TitleFactory(complete=True, **fields)
    return approve(title, esha, ravi)


def approve(title: Title, esha: User, ravi: User) -> Title:
    publishing.submit(title, by=esha)
    publishing.approve(title, by=ravi)
    return again(title)


def edit(title: Title, esha: User, **texts: str) -> Title:
    """Change the English texts; `name`, `synopsis`, …"""
    with editing(title, by=esha) as desk:
        TitleText.objects.filter(title=desk, language="en").update(**texts)
    return again(title)


def again(title: Title) -> Title:
    """As it is in the database now."""
    return Title.objects.get(pk=title.pk)


def moves_of(title: Title) -> list[str]:
    return [row.move for row in Transition.objects.filter(object_id=title.pk).order_by("id")]


def refused(code: str, deed: Callable[..., Any], *args: Any, **options: Any) -> DomainError:
    """The refusal, which must have this code and change nothing."""
    before = everything()
    with pytest.raises(DomainError) as caught:
        deed(*args, **options)
    assert caught.value.code == code, caught.value.detail
    assert everything() == before
    return caught.value


def forbidden(deed: Callable[..., Any], *args: Any, **options: Any) -> None:
    """Not permitted, and nothing changed."""
    before = everything()
    with pytest.raises(PermissionDenied):
        deed(*args, **options)
    assert everything() == before


def everything() -> list[Any]:
    """What deeds of the catalogue change."""
    models = (Title, TitleText, TitleVersion, Listing, Release, ReleaseItem, Transition)
    return [list(model._default_manager.order_by("pk").values()) for model in models]


def consistent(title: Title) -> None:
    """What must hold of any title at any time: it is on the shelf exactly if it is live, in its live version,
    and its recorded moves lead from draft to where it is without a gap."""
    title = again(title)
    listing = Listing.objects.filter(title=title).first()
    assert (listing.version_id if listing else None) == title.live_version_id
    state = "draft"
    for row in Transition.objects.filter(object_id=title.pk, content_type__model="title").order_by("id"):
        assert row.source == state, f"{row} starts from {row.source}, not {state}"
        state = row.target
    assert title.state == state
    numbers = list(title.versions.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))


def codes(refusal: DomainError) -> set[tuple[str, str]]:
    """`{(id of the title, code)}` of the gates that refuse."""
    return {(one["path"].split(".")[1], one["code"]) for one in refusal.extra["gates"]}


def fields_wrong(refusal: DomainError) -> list[tuple[str, str]]:
    return [(one["path"], one["code"]) for one in refusal.extra["errors"]]
