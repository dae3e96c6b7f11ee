"""Editors and publishers at one title at the same instant: whoever comes first, everything stays in order."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError

from apps.accounts.models import User
from apps.catalog.models import Listing, Title, TitleText
from apps.catalog.services import publishing
from apps.core.errors import DomainError
from apps.workflow.services.editing import editing

from .newsday import again, approve, approved, consistent, edit, moves_of
from .storms import dice, together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("storms")]


@pytest.fixture
def title(esha: User, ravi: User) -> Title:
    return approved(esha, ravi, name="Sintel")


def write(title: Title, by: User, text: str) -> str:
    with editing(title, by=by) as desk:
        TitleText.objects.filter(title=desk, language="en").update(synopsis=text)
    return text


@pytest.mark.parametrize("round_", range(3))
def test_of_many_publications_at_the_same_instant_one_counts(title: Title, priya: User, round_: int) -> None:
    results = together([partial(publishing.publish, title, by=priya)] * 6, dice())

    assert sorted(getattr(one, "code", "") for one in results) == [""] + ["wrong_state"] * 5
    assert title.versions.count() == 1
    assert moves_of(title).count("publish") == 1
    consistent(title)


@pytest.mark.parametrize("round_", range(8))
def test_publishing_editing_and_unpublishing_at_the_same_instant_keep_desk_and_shelf_in_order(
    title: Title, esha: User, ravi: User, priya: User, omar: User, round_: int
) -> None:
    publishing.publish(title, by=priya)
    approve(edit(title, esha, synopsis="Two."), esha, ravi)
    deeds: list[Callable[[], Any]] = [
        partial(publishing.publish, title, by=priya, note="Now."),
        partial(publishing.unpublish, title, by=priya, note="A complaint."),
        partial(publishing.unpublish, title, by=omar, note="Another."),
        partial(publishing.revise, title, by=esha),
        partial(publishing.roll_back, title, 1, by=omar, note="Back."),
        partial(publishing.roll_back, title, 1, by=priya, note="All.", restore_desk=True),
        partial(publishing.discard, title, by=esha),
        partial(publishing.submit, title, by=esha),
        partial(publishing.archive, title, by=priya),
        *(partial(write, title, esha, f"Story {n}.") for n in range(3)),
    ]
    chance = dice()

    results = together(chance.sample(deeds, len(deeds)), chance)

    assert not [one for one in results if isinstance(one, OperationalError)]
    refused = {one.code for one in results if isinstance(one, DomainError)}
    assert refused <= {"wrong_state", "locked", "gates_unmet"}
    consistent(title)
    listing = Listing.objects.filter(title=title).first()
    if listing:
        document = listing.documents.get(language="en").document
        assert listing.version.source["texts"]["en"]["synopsis"] in document


@pytest.mark.parametrize("round_", range(3))
def test_of_many_editors_at_the_same_instant_none_overwrites_another(
    title: Title, esha: User, round_: int
) -> None:
    publishing.revise(title, by=esha)
    seen = again(title).revision

    def save(text: str) -> str:
        with editing(title, by=esha, revision=seen) as desk:
            TitleText.objects.filter(title=desk, language="en").update(synopsis=text)
        return text

    results = together([partial(save, f"Story {n}.") for n in range(6)], dice())

    (saved,) = (one for one in results if isinstance(one, str))
    assert [getattr(one, "code", "") for one in results].count("edit_conflict") == 5
    assert title.texts.get(language="en").synopsis == saved
    assert again(title).revision == seen + 1
