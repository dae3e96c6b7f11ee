"""Moving a title from its page: the dialogs, who sees them, and what is refused."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.catalog.models import Kind, Release, Title
from apps.catalog.services import publishing
from apps.workflow.models import Transition
from apps.workflow.moves import State

from .factories import TitleFactory, staff
from .newsday import again, approved, moves_of
from .pages import INPLACE, Desk, nothing_changes, told

pytestmark = pytest.mark.django_db


def buttons(answer: object) -> set[str]:
    """The moves that the page offers."""
    return set(re.findall(r'data-dialog="dialog-(\w+)"', answer.content.decode()))  # type: ignore[attr-defined]


@pytest.fixture
def title(esha: User) -> Title:
    return TitleFactory(complete=True, name="Sintel")


def test_a_title_goes_from_draft_to_live_by_its_buttons(
    esha: User, ravi: User, priya: User, title: Title
) -> None:
    assert Desk(esha).move(title, "submit", "Please look.").status_code == 204
    assert Desk(ravi).move(title, "approve").status_code == 204
    answer = Desk(priya).move(title, "publish", "Go.")

    assert answer["X-Newsroom-Go"] == Desk.url(title)
    assert again(title).state == State.PUBLISHED
    assert again(title).is_live
    assert moves_of(title) == ["submit", "approve", "publish"]
    assert list(Transition.objects.order_by("id").values_list("note", flat=True)) == [
        "Please look.",
        "",
        "Go.",
    ]


def test_without_javascript_the_dialog_is_a_page(esha: User, title: Title) -> None:
    client = Desk(esha).client
    with nothing_changes():
        page = client.get(Desk.url(title, "move", "submit"))
    assert "Submit for review" in page.content.decode()

    answer = client.post(Desk.url(title, "move", "submit"), {"note": ""})

    assert answer["Location"] == Desk.url(title)
    assert told(answer) == ["Submitted. It waits for somebody else to review it."]


@pytest.mark.parametrize(
    "move", ["submit", "publish", "schedule", "unpublish", "archive", "approve", "discard"]
)
def test_a_get_never_moves_anything(title: Title, omar: User, move: str) -> None:
    with nothing_changes():
        assert Desk(omar).client.get(Desk.url(title, "move", move)).status_code == 200


def test_a_move_without_the_csrf_token_is_refused(esha: User, title: Title) -> None:
    desk = Desk(esha, csrf=True)
    with nothing_changes():
        assert desk.client.post(desk.url(title, "move", "submit"), {"note": ""}).status_code == 403
        assert desk.client.post(desk.url(title), {"name": "x"}).status_code == 403


def test_unmet_gates_are_all_told_with_links_to_where_they_are_met(esha: User) -> None:
    title = TitleFactory()
    with nothing_changes():
        answer = Desk(esha).move(title, "submit")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Not yet. This is missing:" in page
    for detail in ("Choose the main video.", "Add a poster", "Write the synopsis", "Add a rights window."):
        assert detail in page
    assert f"{Desk.url(title)}#tab-windows" in page


def test_nobody_is_offered_to_approve_their_own_change_and_the_page_says_why(
    omar: User, title: Title
) -> None:
    Desk(omar).save(title, name="Mine")
    Desk(omar).move(title, "submit")

    answer = Desk(omar).open(title)
    assert "approve" not in buttons(answer)
    assert "You worked on this change" in answer.content.decode()
    with nothing_changes():
        assert "You worked on this change" in Desk(omar).move(title, "approve").content.decode()


def test_everybody_sees_the_buttons_of_their_role_in_this_state(
    esha: User, ravi: User, priya: User, title: Title
) -> None:
    def seen() -> list[set[str]]:
        return [buttons(Desk(one).open(title)) for one in (esha, ravi, priya)]

    assert seen() == [{"submit"}, set(), {"archive"}]
    publishing.submit(title, by=esha)
    assert seen() == [{"withdraw"}, {"approve", "request_changes"}, set()]
    publishing.approve(title, by=ravi)
    assert seen() == [{"revise"}, set(), {"publish", "schedule", "archive"}]
    publishing.publish(title, by=priya)
    assert seen() == [{"revise"}, set(), {"unpublish", "come_down"}]


@pytest.mark.parametrize(
    "move", ["approve", "publish", "schedule", "unpublish", "archive", "restore", "come_down"]
)
def test_a_move_that_is_not_among_somebodys_permissions_is_403(esha: User, title: Title, move: str) -> None:
    with nothing_changes():
        assert Desk(esha).move(title, move, "Because.").status_code == 403
        assert Desk(esha).client.get(Desk.url(title, "move", move)).status_code == 403


def test_who_may_not_see_titles_gets_to_none_of_their_pages(groups: None, title: Title) -> None:
    clerk = Desk(staff())
    pages = [("move", "submit"), ("presence",), ("plan",), ("comment",), ("versions",), ("compare",),
             ("preview",), ("history",), ("change",)]  # fmt: skip
    with nothing_changes():
        for page, *rest in pages:
            assert clerk.client.get(Desk.url(title, page, *rest)).status_code in {403, 405}, page
            assert clerk.client.post(Desk.url(title, page, *rest), **INPLACE).status_code in {403, 405}, page


def test_a_note_that_is_needed_is_asked_for(esha: User, ravi: User, title: Title) -> None:
    publishing.submit(title, by=esha)
    with nothing_changes():
        assert "This field is required" in Desk(ravi).move(title, "request_changes").content.decode()
    assert Desk(ravi).move(title, "request_changes", "The synopsis is too long.").status_code == 204


def test_a_move_on_what_somebody_has_saved_since_is_refused(esha: User, ravi: User, title: Title) -> None:
    publishing.submit(title, by=esha)
    with nothing_changes():
        answer = Desk(ravi).move(title, "approve", revision=str(title.revision + 1))
    assert "saved in another place" in answer.content.decode()


def test_a_move_from_the_wrong_state_is_refused_in_the_dialog(priya: User, title: Title) -> None:
    with nothing_changes():
        assert "not possible while this is draft" in Desk(priya).move(title, "publish").content.decode()


def test_an_unknown_move_is_404(omar: User, title: Title) -> None:
    assert Desk(omar).move(title, "roll_back", "x").status_code == 404
    assert Desk(omar).move(title, "explode").status_code == 404


def test_scheduling_asks_for_a_time_and_shows_it(esha: User, ravi: User, priya: User) -> None:
    title = approved(esha, ravi)
    at = (timezone.now() + timedelta(days=2)).replace(microsecond=0)
    desk = Desk(priya)
    with nothing_changes():
        assert "That time has passed." in desk.move(
            title, "schedule", at_0="2020-01-01", at_1="10:00"
        ).content.decode()  # fmt: skip

    desk.move(title, "schedule", at_0=f"{at:%Y-%m-%d}", at_1=f"{at:%H:%M:%S}")

    release = Release.objects.get()
    assert (release.at, release.action, again(title).state) == (at, "publish", State.SCHEDULED)
    page = desk.open(title).content.decode()
    assert f"{at:%H:%M}" in page
    assert "data-countdown" in page


def test_a_live_title_can_be_scheduled_to_come_down(esha: User, ravi: User, priya: User) -> None:
    title = approved(esha, ravi)
    publishing.publish(title, by=priya)

    Desk(priya).move(title, "come_down", at_0="2099-01-01", at_1="00:00:00")

    assert Release.objects.get().action == "unpublish"
    assert "come_down" not in buttons(Desk(priya).open(title))


def test_a_schedule_that_cannot_run_says_so_on_the_titles_page(esha: User, ravi: User, priya: User) -> None:
    title = approved(esha, ravi)
    Desk(priya).move(title, "schedule", at_0="2099-01-01", at_1="00:00:00")
    Release.objects.update(problem="Sintel: All rights windows have ended.")

    page = Desk(priya).open(title).content.decode()

    assert "This schedule cannot run." in page
    assert "All rights windows have ended." in page


def test_the_checklist_links_what_is_missing_to_its_tab(esha: User) -> None:
    title = TitleFactory(kind=Kind.SERIES)
    page = Desk(esha).open(title).content.decode()
    for tab in ("seasons", "artwork", "texts", "basics", "windows"):
        assert f'data-tablink="{tab}"' in page, tab
    assert 'data-tab="segments"' not in page
    assert 'data-tab="event"' not in page


def test_discarding_a_draft_brings_back_what_is_live(esha: User, ravi: User, priya: User) -> None:
    title = approved(esha, ravi)
    publishing.publish(title, by=priya)
    Desk(esha).save(again(title), **{"texts-0-tagline": "Worse."})

    assert Desk(esha).move(title, "discard").status_code == 204

    assert again(title).texts.get(language="en").tagline == "A tagline."
    assert "no changes since" in Desk(esha).open(title).content.decode()
