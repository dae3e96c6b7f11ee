"""Several people at once, against the real database: of two that exclude each other, one wins."""

import random
from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction

from apps.accounts.models import User
from apps.accounts.tests.test_concurrency import together
from apps.catalog.models import Title
from apps.catalog.tests.factories import staff
from apps.core.errors import DomainError
from apps.workflow import moves
from apps.workflow.models import Transition
from apps.workflow.moves import MOVES, Move, State
from apps.workflow.services import moving
from apps.workflow.services.editing import editing

from .steps import go, state_of, title_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("storms")]
ROUNDS = 4


def outcome(deed: Callable[[], Any]) -> str:
    """`done`, or the code of the refusal."""
    try:
        deed()
    except DomainError as refusal:
        return refusal.code
    except PermissionDenied:
        return "permission_denied"
    return "done"


def go_unlocked(title: Title, move: Move, by: User) -> None:
    """As a deed that forgot to lock."""
    moving.move(Title.objects.get(pk=title.pk), move, by=by)


@pytest.mark.parametrize("round_", range(ROUNDS))
@pytest.mark.parametrize("deed", [go, go_unlocked])
def test_of_reviewers_who_approve_at_once_one_does(
    groups: None, deed: Callable[..., Any], round_: int, dice: random.Random
) -> None:
    title = title_in(State.IN_REVIEW)
    reviewers = [staff("Reviewer") for _ in range(6)]
    tried = together([partial(outcome, partial(deed, title, moves.APPROVE, one)) for one in reviewers], dice)

    assert Counter(tried) == {"done": 1, "wrong_state": 5}
    assert state_of(title) == "approved"
    assert Transition.objects.get().by == reviewers[tried.index("done")]


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_of_editors_who_save_at_once_one_does_and_nothing_is_overwritten(
    groups: None, round_: int, dice: random.Random
) -> None:
    title = title_in(State.PUBLISHED)
    editors = [staff("Editor") for _ in range(6)]

    def save(editor: User) -> None:
        with editing(title, by=editor, revision=0) as copy:
            copy.name = editor.email
            copy.save()

    tried = together([partial(outcome, partial(save, one)) for one in editors], dice)
    winner = editors[tried.index("done")]
    title.refresh_from_db()

    assert Counter(tried) == {"done": 1, "edit_conflict": 5}
    assert (title.name, title.revision, title.state) == (winner.email, 1, "draft")
    assert list(title.authors.all()) == [winner]
    assert Transition.objects.get().move == "revise"


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_nothing_is_edited_after_it_was_submitted(groups: None, round_: int, dice: random.Random) -> None:
    title = title_in(State.DRAFT)
    submitter, editors = staff("Editor"), [staff("Editor") for _ in range(4)]

    def save(editor: User) -> None:
        with editing(title, by=editor):
            pass

    submit = partial(go, title, moves.SUBMIT, submitter)
    calls: list[Callable[[], Any]] = [submit, *(partial(save, one) for one in editors)]
    submitted, *saved = together([partial(outcome, call) for call in calls], dice)
    title.refresh_from_db()

    assert submitted == "done"
    assert set(saved) <= {"done", "locked"}
    assert title.state == "in_review"
    assert title.revision == title.authors.count() == saved.count("done")


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_an_approval_never_covers_a_change_that_came_in_between(
    groups: None, round_: int, dice: random.Random
) -> None:
    """The reviewer read revision 0; meanwhile an editor takes it back, changes it and submits it again."""
    title, editor, reviewer = title_in(State.IN_REVIEW), staff("Editor"), staff("Reviewer")

    def change() -> None:
        go(title, moves.WITHDRAW, editor)
        with editing(title, by=editor):
            pass
        go(title, moves.SUBMIT, editor)

    def approve() -> None:
        with transaction.atomic():
            seen = moving.locked(title)
            moving.refuse_stale(seen, 0)
            moving.move(seen, moves.APPROVE, by=reviewer)

    together([partial(outcome, call) for call in (change, approve)], dice, spread_s=0.02)
    title.refresh_from_db()

    assert (title.state, title.revision) in [("approved", 0), ("in_review", 1), ("draft", 0), ("draft", 1)]


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_a_storm_of_moves_leaves_an_unbroken_chain(groups: None, round_: int, dice: random.Random) -> None:
    title = title_in(State.DRAFT)
    people = [staff("Editor", "Reviewer", "Publisher") for _ in range(8)]
    names = sorted(set(MOVES) - {"unpublish", "roll_back"})

    def day(person: User) -> None:
        mine = random.Random(person.email)  # noqa: S311 not for secrets
        for _ in range(8):
            at_random = MOVES[mine.choice(names)]
            outcome(partial(go, title, at_random, person, note="At random."))
            with transaction.atomic():
                outcome(partial(_edit, title, person))

    together([partial(day, one) for one in people], dice)
    title.refresh_from_db()
    chain = list(Transition.objects.order_by("id").values_list("source", "target", "move"))

    assert chain
    assert chain[0][0] == "draft"
    assert chain[-1][1] == title.state
    assert all(before[1] == after[0] for before, after in pairwise(chain))
    assert all(source in MOVES[move].sources for source, _, move in chain)


def _edit(title: Title, person: User) -> None:
    with editing(title, by=person):
        pass
