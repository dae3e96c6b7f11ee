"""What the newsroom knows of somebody: their copy of it, and what is left once they are erased."""

from datetime import date
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from apps.accounts import personal_data
from apps.accounts.models import DataRequest, User
from apps.accounts.services.personal_data import ask_for_copy
from apps.accounts.tests.factories import UserFactory
from apps.accounts.tests.steps import work
from apps.catalog.models import Release, Title, TitleVersion, Transfer
from apps.core.network import Caller
from apps.workflow import moves
from apps.workflow.models import Comment, Mention, Transition
from apps.workflow.services import comments, moving
from apps.workflow.services.editing import editing
from apps.workflow.services.planning import plan

from .factories import TitleFactory

pytestmark = pytest.mark.django_db
LISTS = {"comments", "mentions", "moves", "versions", "releases", "transfers", "assigned", "author_of"}


@pytest.fixture
def title(esha: User, ravi: User) -> Title:
    """Esha has left her traces on it."""
    title: Title = TitleFactory(name="Sintel", complete=True)
    with editing(title, by=esha) as copy:
        copy.name = "Sintel"
    plan(title, by=ravi, assignee=esha, due_on=date(2027, 1, 31))
    remark = comments.add(title, "@esha, @esha@example.com, @ravi: too long.", by=ravi)
    comments.add(title, "Shorter now, @ravi.", by=esha, reply_to=remark)
    comments.resolve(remark, by=esha)
    with transaction.atomic():
        moving.move(moving.locked(title), moves.SUBMIT, by=esha, note="Ready.")
    TitleVersion.objects.create(
        title=title, number=1, at=timezone.now(), by=esha, note="First.", source={"big": 1}, columns={},
        documents={}, checksum="0" * 64,
    )  # fmt: skip
    Release.objects.create(name="Friday", at=timezone.now(), by=esha)
    Transfer.objects.create(direction="export", format="csv", by=esha)
    return title


def held_on(user: User) -> dict[str, Any]:
    return personal_data.HOLDERS["newsroom"].export(user)


def erase(user: User) -> dict[str, int]:
    return personal_data.HOLDERS["newsroom"].erase(user)


def test_accounts_come_first_so_that_they_are_erased_last() -> None:
    assert list(personal_data.HOLDERS)[:2] == ["accounts", "newsroom"]


def test_a_copy_holds_all_that_somebody_did(title: Title, esha: User) -> None:
    held = held_on(esha)

    assert set(held) == LISTS
    assert [(one["about"], one["text"]) for one in held["comments"]] == [("Sintel", "Shorter now, @ravi.")]
    assert [(one["about"], one["seen_at"]) for one in held["mentions"]] == [("Sintel", None)]
    assert [(one["move"], one["note"]) for one in held["moves"]] == [("submit", "Ready.")]
    assert [(one["title__name"], one["number"]) for one in held["versions"]] == [("Sintel", 1)]
    assert [one["name"] for one in held["releases"]] == ["Friday"]
    assert [one["direction"] for one in held["transfers"]] == ["export"]
    assert [one["name"] for one in held["assigned"]] == ["Sintel"]
    assert [one["name"] for one in held["author_of"]] == ["Sintel"]


def test_a_copy_tells_nothing_of_what_others_said(title: Title, esha: User) -> None:
    assert "too long" not in str(held_on(esha))


def test_nothing_is_held_on_a_viewer(title: Title) -> None:
    assert held_on(UserFactory()) == {name: [] for name in LISTS}


def test_a_comment_on_what_was_deleted_is_in_the_copy_too(esha: User) -> None:
    title = TitleFactory()
    comments.add(title, "Delete it.", by=esha)
    title.delete()

    assert [one["about"] for one in held_on(esha)["comments"]] == ["something deleted"]


def test_erasing_takes_the_name_off_everything_and_leaves_the_work(
    title: Title, esha: User, ravi: User
) -> None:
    said = Comment.objects.count()
    counts = erase(esha)
    title.refresh_from_db()

    assert counts == {
        "mentions": 1, "comments": 1, "assignments": 1, "authorships": 1, "releases": 1, "transfers": 1,
    }  # fmt: skip
    assert Comment.objects.count() == said
    assert not Comment.objects.filter(author=esha).exists()
    assert not Comment.objects.filter(resolved_by=esha).exists()
    assert Comment.objects.exclude(resolved_at=None).count() == 1
    assert list(Mention.objects.values_list("user", flat=True)) == [ravi.pk]
    assert (title.assignee, title.due_on, list(title.authors.all())) == (None, date(2027, 1, 31), [])
    assert Release.objects.get().by is None
    assert Transfer.objects.get().by is None


def test_erasing_takes_the_name_out_of_what_others_wrote(title: Title, esha: User) -> None:
    erase(esha)

    assert sorted(Comment.objects.values_list("text", flat=True)) == [
        "Shorter now, @ravi.",
        "[former member of staff], [former member of staff], @ravi: too long.",
    ]


def test_erasing_leaves_others_alone_and_can_be_repeated(title: Title, esha: User, ravi: User) -> None:
    before = held_on(ravi)
    first = erase(esha)
    again = erase(esha)

    assert set(again) == set(first)
    assert set(again.values()) == {0}
    assert [one["at"] for one in held_on(ravi)["comments"]] == [one["at"] for one in before["comments"]]
    assert held_on(ravi)["mentions"] == before["mentions"]


@pytest.mark.django_db(transaction=True)
def test_the_record_of_moves_outlives_the_account_and_the_receipt_says_so(title: Title, esha: User) -> None:
    User.objects.filter(pk=esha.pk).update(is_staff=False)
    call_command("erase_account", esha.email, "--yes", verbosity=0)
    work()
    receipt: Any = DataRequest.objects.get()
    record, version = Transition.objects.get(), TitleVersion.objects.get()

    assert receipt.state == "done"
    assert receipt.result["erased"]["newsroom"]["comments"] == 1
    assert "record of who moved" in receipt.result["kept"]["newsroom"]
    assert not User.objects.filter(pk=esha.pk).exists()
    assert (record.by_id, version.by_id, record.who) == (esha.pk, esha.pk, "former member of staff")
    assert "esha" not in str(list(Comment.objects.values()))


@pytest.mark.django_db(transaction=True)
def test_the_copy_that_is_made_in_the_background_has_it(title: Title, esha: User) -> None:
    ask_for_copy(esha, caller=Caller("127.0.0.1", "", ""))
    work()
    result: Any = DataRequest.objects.get().result

    assert set(result["newsroom"]) == LISTS
    assert len(result["newsroom"]["moves"]) == 1
