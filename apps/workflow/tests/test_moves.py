"""Who may move what from where to where: the whole table, and what every move leaves on record."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction

from apps.accounts.models import User
from apps.accounts.tests.factories import UserFactory
from apps.catalog.models import Title
from apps.catalog.tests.factories import staff
from apps.workflow import guards, moves, signals
from apps.workflow.guards import Unmet
from apps.workflow.models import Transition
from apps.workflow.moves import MOVES, Move, State
from apps.workflow.services import moving

from .steps import go, refused_field, state_of, title_in, unchanged

pytestmark = pytest.mark.django_db

# Written down once more: for every move, where it leads from where.
LEADS: dict[str, dict[str, str]] = {
    "submit": {"draft": "in_review", "changes_requested": "in_review"},
    "withdraw": {"in_review": "draft"},
    "request_changes": {"in_review": "changes_requested"},
    "approve": {"in_review": "approved"},
    "revise": {"approved": "draft", "published": "draft", "unpublished": "draft"},
    "schedule": {"approved": "scheduled"},
    "unschedule": {"scheduled": "approved"},
    "publish": {"approved": "published", "scheduled": "published"},
    "unpublish": {state: state for state in State.values}
    | {"published": "unpublished", "scheduled": "approved"},
    "archive": dict.fromkeys(["draft", "changes_requested", "approved", "unpublished"], "archived"),
    "restore": {"archived": "draft"},
    "discard": {"draft": "published", "changes_requested": "published"},
    "roll_back": {state: state for state in State.values}
    | {"published": "draft", "unpublished": "draft", "archived": "draft"},
}
MAY = {
    "Editor": {"submit", "withdraw", "revise", "discard"},
    "Reviewer": {"request_changes", "approve"},
    "Publisher": {"schedule", "unschedule", "publish", "unpublish", "archive", "restore", "roll_back"},
}
NOTED = {"request_changes", "unpublish", "roll_back"}


@pytest.fixture
def cast(groups: None) -> dict[str, User]:
    people = {group: staff(group) for group in MAY}
    people["nobody"] = UserFactory(is_staff=True)
    people["viewer"] = UserFactory()
    people["superuser"] = UserFactory(is_staff=True, is_superuser=True)
    people["left"] = staff(*MAY, is_active=False)
    return people


def allowed_to(role: str, move: Move) -> bool:
    return role == "superuser" or move.name in MAY.get(role, ())


def test_every_move_is_in_the_table() -> None:
    assert set(LEADS) == set(MOVES) == set.union(*MAY.values())
    assert {move.name for move in MOVES.values() if move.note_needed} == NOTED


@pytest.mark.parametrize("name", MOVES)
def test_a_move_is_made_by_its_role_from_its_states_and_by_nobody_else(
    name: str, cast: dict[str, User]
) -> None:
    move = MOVES[name]
    for role, person in cast.items():
        for state in State:
            title = title_in(state)
            if not allowed_to(role, move):
                with unchanged(), pytest.raises(PermissionDenied):
                    go(title, move, person, note="Because.")
            elif state not in LEADS[name]:
                with unchanged(), pytest.raises(moving.WrongState):
                    go(title, move, person, note="Because.")
            else:
                record = go(title, move, person, note="Because.")
                assert state_of(title) == record.target == LEADS[name][state]
                assert (record.source, record.by_id, record.move) == (state, person.pk, name)
            assert Transition.objects.about(title).count() == (
                allowed_to(role, move) and state in LEADS[name]
            )


@pytest.mark.parametrize("name", sorted(NOTED))
@pytest.mark.parametrize("note", ["", "  \n "])
def test_some_moves_need_a_note(name: str, note: str, cast: dict[str, User]) -> None:
    title = title_in(State.IN_REVIEW)
    with refused_field("note", "required"):
        go(title, MOVES[name], cast["superuser"], note=note)


@pytest.mark.parametrize(
    ("note", "code"), [("x" * 2001, "max_length"), ("a\x00b", "control"), ("\ud800", "control")]
)
def test_a_note_that_cannot_be_kept_is_refused(note: str, code: str, esha: User) -> None:
    title = title_in(State.DRAFT)
    with refused_field("note", code):
        go(title, moves.SUBMIT, esha, note=note)


def test_the_record_says_who_moved_what_when_and_why(esha: User) -> None:
    title, at = title_in(State.DRAFT, name="Sintel"), datetime(2027, 1, 31, 12, tzinfo=UTC)
    go(title, moves.SUBMIT, esha, note=" Ready.\r\nMostly. ", at=at, ticket=7)

    record = Transition.objects.get()
    assert (record.subject, record.subject_label, record.at, record.who) == (title, "Sintel", at, esha.email)
    assert (record.source, record.target, record.note) == ("draft", "in_review", "Ready.\nMostly.")
    assert record.facts == {"ticket": 7}


def test_a_schedules_move_is_automatic_and_one_by_a_deleted_account_is_of_a_former_member(
    esha: User,
) -> None:
    title = title_in(State.DRAFT)
    go(title, moves.SUBMIT, esha)
    at = datetime(2027, 1, 31, tzinfo=UTC)
    moving.carry_out(Title.objects.get(), moves.WITHDRAW, by=None, note="", at=at)
    esha.delete()

    # With the account joined and without: its absence is met in two ways.
    for rows in (Transition.objects.order_by("id"), Transition.objects.order_by("id").select_related("by")):
        assert [row.who for row in rows] == ["former member of staff", "automatic"]


def test_rolling_back_the_desk_too_leaves_it_published(priya: User) -> None:
    title = title_in(State.DRAFT)
    title.desk_restored = True
    with transaction.atomic():
        moving.move(title, moves.ROLL_BACK, by=priya, note="The cut was wrong.")

    assert state_of(title) == "published"


def test_an_author_cannot_approve_their_change_whatever_their_rights(omar: User, ravi: User) -> None:
    boss = UserFactory(is_staff=True, is_superuser=True)
    title = title_in(State.IN_REVIEW, omar, boss)
    for author in (omar, boss):
        with unchanged(), pytest.raises(moving.GatesUnmet) as caught:
            go(title, moves.APPROVE, author)
        assert [gate["code"] for gate in caught.value.extra["gates"]] == ["four_eyes"]
    go(title, moves.APPROVE, ravi)

    assert state_of(title) == "approved"


def test_an_author_may_do_all_else(omar: User) -> None:
    title = title_in(State.IN_REVIEW, omar)
    go(title, moves.REQUEST_CHANGES, omar, note="Found a mistake of mine.")

    assert state_of(title) == "changes_requested"


def test_all_that_stands_in_the_way_is_told_at_once(omar: User) -> None:
    def no_poster(*_: Any) -> list[Unmet]:
        return [Unmet("no_poster", "It has no poster.", "artwork")]

    def no_rating(*_: Any) -> list[Unmet]:
        return [Unmet("no_rating", "It has no rating.", "maturity"), Unmet("no_advice", "Nor advice.")]

    guards.guard("catalog.title", moves.APPROVE)(no_poster)
    guards.guard("catalog.title", moves.APPROVE, moves.SUBMIT)(no_rating)
    title = title_in(State.IN_REVIEW, omar)
    with unchanged(), pytest.raises(moving.GatesUnmet) as caught:
        go(title, moves.APPROVE, omar)

    assert caught.value.status == 409
    assert [(gate["code"], gate["path"]) for gate in caught.value.extra["gates"]] == [
        ("four_eyes", ""), ("no_poster", "artwork"), ("no_rating", "maturity"), ("no_advice", ""),
    ]  # fmt: skip
    assert "It has no poster. It has no rating." in caught.value.detail


def test_a_schedule_is_judged_by_state_and_guards_when_it_runs_not_by_permission() -> None:
    def gone(*_: Any) -> list[Unmet]:
        return [Unmet("no_window", "Its window is gone.")]

    at = datetime(2027, 1, 31, tzinfo=UTC)
    early, fit = title_in(State.DRAFT), title_in(State.SCHEDULED)
    with unchanged(), pytest.raises(moving.WrongState):
        moving.carry_out(early, moves.PUBLISH, by=None, note="", at=at)
    moving.carry_out(fit, moves.PUBLISH, by=None, note="", at=at)
    guards.guard("catalog.title", moves.PUBLISH)(gone)
    unfit = title_in(State.SCHEDULED)
    with unchanged(), pytest.raises(moving.GatesUnmet):
        moving.carry_out(unfit, moves.PUBLISH, by=None, note="", at=at)

    assert state_of(fit) == "published"


def test_a_thing_deleted_meanwhile_is_a_conflict_not_an_error(esha: User) -> None:
    title = title_in(State.DRAFT)
    Title.objects.filter(pk=title.pk).delete()
    with pytest.raises(moving.EditConflict):
        go(title, moves.SUBMIT, esha)


def test_a_move_is_announced_once_it_is_committed(
    esha: User, django_capture_on_commit_callbacks: Any
) -> None:
    heard: list[tuple[type, int]] = []

    def listen(sender: type, transition_id: int, **_: Any) -> None:
        heard.append((sender, transition_id))
        raise ValueError("A listener's trouble is not the mover's.")

    signals.moved.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            record = go(title_in(State.DRAFT), moves.SUBMIT, esha)
            assert heard == []
    finally:
        signals.moved.disconnect(listen)

    assert heard == [(Title, record.pk)]
