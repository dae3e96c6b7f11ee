"""No way around the moves: the state cannot be set, the record of moves cannot be changed."""

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from apps.accounts.models import User
from apps.catalog.models import Title
from apps.workflow import moves
from apps.workflow.models import Transition
from apps.workflow.moves import State

from .steps import go, state_of, title_in, unchanged

pytestmark = pytest.mark.django_db


def test_the_state_cannot_be_set(title: Title) -> None:
    with unchanged(), pytest.raises(AttributeError):
        title.state = State.PUBLISHED


def test_what_a_save_carries_along_is_the_state_that_was_read(esha: User, title: Title) -> None:
    go(title, moves.SUBMIT, esha)
    assert state_of(title) == "in_review"
    assert title.state == "draft"
    title.refresh_from_db()

    assert title.state == "in_review"


def test_reading_it_again_keeps_the_protection(title: Title) -> None:
    gone = Title.objects.get(pk=title.pk)
    field: Any = Title._meta.get_field("state")
    title.refresh_from_db()
    title.refresh_from_db(fields=["name"])
    title.refresh_from_db(fields=["state"])
    Title.objects.filter(pk=title.pk).delete()
    with pytest.raises(Title.DoesNotExist):
        gone.refresh_from_db()

    assert field.protected
    with pytest.raises(AttributeError):
        title.state = State.PUBLISHED


def test_a_state_that_was_not_loaded_is_loaded_when_asked_for(title: Title) -> None:
    assert Title.objects.only("name").get(pk=title.pk).state == "draft"
    assert Title.objects.defer("state").get(pk=title.pk).is_editable


@pytest.fixture
def record(esha: User) -> Transition:
    return go(title_in(State.DRAFT), moves.SUBMIT, esha, note="Ready.")


def test_django_cannot_change_a_record(record: Transition) -> None:
    record.note = "I never said that."
    for deed in (
        record.save,
        record.delete,
        lambda: Transition.objects.update(note=""),
        lambda: Transition.objects.all().delete(),
        lambda: Transition.objects.bulk_update([record], ["note"]),
    ):
        with unchanged(), pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            deed()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE workflow_transition SET note = ''",
        "UPDATE workflow_transition SET by_id = NULL",
        "DELETE FROM workflow_transition",
        "INSERT INTO workflow_transition TABLE workflow_transition ON CONFLICT (id) DO UPDATE SET note = ''",
    ],
)
def test_sql_cannot_change_a_record(record: Transition, statement: str) -> None:
    with (
        pytest.raises(DatabaseError, match="append-only"),
        unchanged(),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_the_record_outlives_the_thing_and_the_account(record: Transition, esha: User) -> None:
    Title.objects.all().delete()
    esha.delete()

    assert Transition.objects.get() == record
    assert Transition.objects.get().subject is None
