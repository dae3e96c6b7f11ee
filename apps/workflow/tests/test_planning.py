"""Whose turn it is, and what waits for whom."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from apps.accounts.tests.factories import UserFactory
from apps.catalog.models import Title
from apps.catalog.tests.factories import TitleFactory, staff
from apps.workflow.models import Priority, Transition
from apps.workflow.moves import State
from apps.workflow.services import moving
from apps.workflow.services.planning import Reason, plan, queue_of

from .steps import refused_field, title_in, unchanged

pytestmark = pytest.mark.django_db


def queue(user: User) -> list[tuple[str, str]]:
    return [(str(title.state), title.reason) for title in queue_of(user, Title)]  # type: ignore[attr-defined]


@pytest.mark.parametrize("state", State)
def test_a_plan_is_made_in_any_state_and_is_no_edit(state: str, esha: User, priya: User) -> None:
    title = title_in(state)
    before: dict[str, Any] = dict(Title.objects.filter(pk=title.pk).values().get())
    planned = plan(title, by=priya, assignee=esha, due_on=date(2027, 1, 31), priority=Priority.URGENT)
    after = Title.objects.filter(pk=title.pk).values().get()

    assert planned == title
    assert {name: value for name, value in after.items() if value != before[name]} == {
        "assignee_id": esha.pk, "due_on": date(2027, 1, 31), "priority": 40,
    }  # fmt: skip
    assert not title.authors.exists()
    assert not Transition.objects.exists()


def test_only_what_is_given_is_set_and_none_takes_it_away(esha: User, title: Title) -> None:
    plan(title, by=esha, assignee=esha, due_on=date(2027, 1, 31), priority=Priority.HIGH)
    plan(title, by=esha, priority=Priority.LOW)
    plan(title, by=esha)
    planned = plan(title, by=esha, due_on=None)
    assert (planned.assignee, planned.due_on, planned.priority) == (esha, None, 10)

    assert plan(title, by=esha, assignee=None).assignee is None


def test_editors_reviewers_and_publishers_plan_and_nobody_else(
    esha: User, ravi: User, priya: User, title: Title
) -> None:
    for person in (esha, ravi, priya):
        assert plan(title, by=person, assignee=person).assignee == person
    for person in (UserFactory(), UserFactory(is_staff=True), staff("Editor", is_active=False)):
        with unchanged(), pytest.raises(PermissionDenied):
            plan(title, by=person, priority=Priority.LOW)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("due_on", "2027-01-31", "invalid"),
        ("due_on", datetime(2027, 1, 31, tzinfo=UTC), "invalid"),
        ("priority", 0, "invalid_choice"),
        ("priority", 25, "invalid_choice"),
        ("priority", None, "invalid_choice"),
        ("priority", "high", "invalid_choice"),
        ("assignee", "esha@example.com", "not_staff"),
        ("assignee", 7, "not_staff"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(
    field: str, value: Any, code: str, esha: User, title: Title
) -> None:
    with refused_field(field, code):
        plan(title, by=esha, **{field: value})


def test_work_is_given_to_who_works_here_and_may_see_it(esha: User, title: Title) -> None:
    for person in (UserFactory(), UserFactory(is_staff=True), staff("Editor", is_active=False)):
        with refused_field("assignee", "not_staff"):
            plan(title, by=esha, assignee=person, due_on=date(2027, 1, 31))


def test_planning_what_was_deleted_is_a_conflict(esha: User, title: Title) -> None:
    Title.objects.filter(pk=title.pk).delete()
    with pytest.raises(moving.EditConflict):
        plan(title, by=esha, priority=Priority.LOW)


def test_what_is_assigned_is_in_the_queue_until_it_is_finished(esha: User) -> None:
    for state in State:
        plan(title_in(state), by=esha, assignee=esha)
    TitleFactory()

    assert set(queue(esha)) == {
        (state, "assigned") for state in ("draft", "in_review", "changes_requested", "approved", "scheduled")
    }


def test_everybody_sees_what_waits_for_their_role(esha: User, ravi: User, priya: User, omar: User) -> None:
    for state in State:
        title_in(state, esha)

    assert queue(esha) == [("changes_requested", "changes_requested")]
    assert queue(ravi) == [("in_review", "review")]
    assert queue(priya) == [("approved", "publish")]
    assert set(queue(omar)) == {("in_review", "review"), ("approved", "publish")}
    assert queue(UserFactory(is_staff=True)) == []


def test_nobody_is_asked_to_review_a_change_of_their_own(omar: User, ravi: User, esha: User) -> None:
    title_in(State.IN_REVIEW, omar, esha)

    assert queue(omar) == []
    assert queue(ravi) == [("in_review", "review")]


def test_a_thing_with_two_reasons_or_many_authors_comes_once(omar: User, esha: User, ravi: User) -> None:
    plan(title_in(State.CHANGES_REQUESTED, omar, esha, ravi), by=esha, assignee=omar)
    plan(title_in(State.IN_REVIEW, esha), by=esha, assignee=omar)

    assert sorted(queue(omar)) == [("changes_requested", "assigned"), ("in_review", "assigned")]


def test_the_most_urgent_comes_first_then_what_is_due_first(omar: User) -> None:
    plans: list[tuple[Priority, date | None]] = [
        (Priority.LOW, date(2027, 1, 1)),
        (Priority.URGENT, None),
        (Priority.NORMAL, date(2027, 2, 1)),
        (Priority.NORMAL, None),
        (Priority.NORMAL, date(2027, 1, 1)),
        (Priority.URGENT, date(2027, 3, 1)),
    ]
    for number, (priority, due_on) in enumerate(plans):
        plan(TitleFactory(name=f"{number}"), by=omar, assignee=omar, priority=priority, due_on=due_on)

    assert [title.name for title in queue_of(omar, Title)] == ["5", "1", "4", "2", "3", "0"]


def test_without_the_right_to_see_titles_there_is_no_queue(esha: User, title: Title) -> None:
    plan(title, by=esha, assignee=esha)
    esha.groups.clear()
    fresh = User.objects.get(pk=esha.pk)

    assert queue(fresh) == []
    assert not queue_of(fresh, Title).filter(reason=Reason.ASSIGNED).exists()


def test_a_queue_is_one_query_and_can_be_narrowed(omar: User) -> None:
    for state in State:
        plan(title_in(state), by=omar, assignee=omar if state == State.DRAFT else None)
    queue(omar)
    with CaptureQueriesContext(connection) as queries:
        found = queue_of(omar, Title).select_related("assignee").filter(reason="assigned")
        assert [title.assignee for title in found] == [omar]

    assert len(queries) == 1
    assert queue_of(omar, Title).count() == 3
