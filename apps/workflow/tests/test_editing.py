"""Changing a working copy: who, in which state, on top of what, and what follows."""

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from apps.accounts.models import User
from apps.catalog.models import Listing, Title, TitleText, TitleVersion
from apps.workflow.models import Transition
from apps.workflow.moves import EDITABLE, State
from apps.workflow.services import moving
from apps.workflow.services.editing import editing

from .steps import state_of, title_in, unchanged

pytestmark = pytest.mark.django_db


def test_an_edit_is_counted_and_its_editor_is_an_author(esha: User, omar: User, title: Title) -> None:
    for number, person in enumerate((esha, omar, esha)):
        with editing(title, by=person, revision=number) as copy:
            copy.name = f"Name {number}"
            copy.save()
    title.refresh_from_db()

    assert (title.name, title.revision, title.state) == ("Name 2", 3, "draft")
    assert set(title.authors.all()) == {esha, omar}
    assert not Transition.objects.exists()


def test_an_edit_of_what_is_under_it_is_a_change_of_it_now(esha: User, title: Title) -> None:
    later = timezone.now() + timedelta(days=2)
    with time_machine.travel(later, tick=False), editing(title, by=esha) as copy:
        TitleText.objects.create(title=copy, language="en", name="A name")
    title.refresh_from_db()

    assert (title.revision, title.updated_at) == (1, later)


def test_who_may_not_change_it_changes_nothing(ravi: User, priya: User, title: Title) -> None:
    for person in (ravi, priya):
        with unchanged(), pytest.raises(PermissionDenied), editing(title, by=person):
            pytest.fail("must not come here")


@pytest.mark.parametrize("state", sorted(set(State) - EDITABLE))
def test_in_a_locked_state_nothing_is_edited(state: str, esha: User) -> None:
    title = title_in(state)
    with unchanged(), pytest.raises(moving.Locked) as caught, editing(title, by=esha):
        pytest.fail("must not come here")

    assert (caught.value.code, caught.value.status) == ("locked", 409)
    assert State(state).label.lower() in caught.value.detail


def test_the_states_that_can_be_edited_are_these() -> None:
    assert {str(state) for state in EDITABLE} == {"draft", "changes_requested", "published", "unpublished"}


def test_the_second_of_two_saves_is_refused_and_overwrites_nothing(
    esha: User, omar: User, title: Title
) -> None:
    seen = title.revision
    with editing(title, by=esha, revision=seen) as copy:
        copy.name = "Esha's"
        copy.save()
    with unchanged(), pytest.raises(moving.EditConflict) as caught, editing(title, by=omar, revision=seen):
        pytest.fail("must not come here")

    assert (caught.value.code, caught.value.status) == ("edit_conflict", 409)
    assert Title.objects.get().name == "Esha's"


def test_a_title_deleted_meanwhile_is_a_conflict(esha: User, title: Title) -> None:
    Title.objects.filter(pk=title.pk).delete()
    with pytest.raises(moving.EditConflict), editing(title, by=esha):
        pytest.fail("must not come here")


def test_an_edit_that_fails_leaves_nothing_behind(esha: User) -> None:
    title = title_in(State.PUBLISHED)
    with unchanged(), pytest.raises(ValueError), editing(title, by=esha) as copy:  # noqa: PT012
        copy.name = "Half"
        copy.save()
        raise ValueError


@pytest.mark.parametrize("state", ["published", "unpublished"])
def test_the_first_edit_of_what_is_out_makes_it_a_draft(state: str, esha: User) -> None:
    title = title_in(state)
    for _ in range(2):
        with editing(title, by=esha) as copy:
            copy.name = "Next"
            copy.save()
    record = Transition.objects.get()

    assert state_of(title) == "draft"
    assert (record.move, record.source, record.target) == ("revise", state, "draft")
    assert (record.by_id, record.facts) == (esha.pk, {"edited": True})


@pytest.mark.parametrize("state", ["draft", "changes_requested"])
def test_what_is_being_worked_on_stays_where_it_is(state: str, esha: User) -> None:
    title = title_in(state)
    with editing(title, by=esha):
        pass

    assert state_of(title) == state
    assert not Transition.objects.exists()


def test_what_is_live_is_untouched_by_an_edit(esha: User) -> None:
    title = title_in(State.PUBLISHED)
    version = TitleVersion.objects.create(
        title=title, number=1, at=timezone.now(), source={}, columns={}, documents={}, checksum="0" * 64
    )
    Listing.objects.create(
        title=title, version=version, public_id=title.public_id, slug=title.slug, kind=title.kind,
        maturity=0, tier=0, first_published_at=timezone.now(),
    )  # fmt: skip
    Title.objects.filter(pk=title.pk).update(live_version=version)
    live = list(Listing.objects.values()) + list(TitleVersion.objects.values())
    with editing(title, by=esha) as copy:
        copy.name, copy.slug = "Another", "another"
        copy.save()
    title.refresh_from_db()

    assert list(Listing.objects.values()) + list(TitleVersion.objects.values()) == live
    assert (title.live_version, title.state, title.slug) == (version, "draft", "another")
