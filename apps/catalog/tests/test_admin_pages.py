"""The pages around a title: versions, differences, history, preview, presence, planning, comments."""

import pytest

from apps.accounts.models import User
from apps.catalog.models import Title
from apps.catalog.services import publishing
from apps.workflow.models import Comment, Mention

from .factories import TitleFactory
from .newsday import again, approve, edit
from .pages import INPLACE, Desk, nothing_changes, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def title(esha: User) -> Title:
    return TitleFactory(complete=True, name="Sintel")


@pytest.fixture
def twice(esha: User, ravi: User, priya: User) -> Title:
    """Published as "First tagline.", then as "Second tagline.", then edited once more."""
    title = TitleFactory(complete=True, name="Sintel")
    for tagline in ("First tagline.", "Second tagline."):
        edit(title, esha, tagline=tagline)
        publishing.publish(approve(again(title), esha, ravi), by=priya, note=f"With the {tagline.lower()}")
    return edit(title, esha, tagline="Third tagline.")


# --- Versions --------------------------------------------------------------------------------------------


def test_every_version_is_listed_with_who_published_it_when_and_why(esha: User, twice: Title) -> None:
    page = Desk(esha).open(twice, "versions").content.decode()
    for text in ("v1", "v2", "priya@example.com", "With the second tagline."):
        assert text in page


def test_any_two_versions_or_the_draft_can_be_compared(esha: User, twice: Title) -> None:
    def compared(query: str) -> list[tuple[str, str, str]]:
        answer = Desk(esha).client.get(f"{Desk.url(twice, 'compare')}?{query}")
        return [
            (one["change"].label, one["change"].before, one["change"].after)
            for one in answer.context["changes"]
        ]

    assert compared("from=1&to=2") == [("Tagline (English)", "First tagline.", "Second tagline.")]
    assert compared("from=2") == [("Tagline (English)", "Second tagline.", "Third tagline.")]
    assert compared("from=2&to=2") == []


@pytest.mark.parametrize("number", ["3", "999999999", "99999999999999999999"])
def test_a_version_that_is_not_there_is_404_or_the_draft(esha: User, twice: Title, number: str) -> None:
    answer = Desk(esha).client.get(f"{Desk.url(twice, 'compare')}?from={number}")
    assert answer.status_code == (200 if len(number) > 9 else 404)


def test_rolling_back_makes_a_version_live_and_leaves_the_draft(priya: User, twice: Title) -> None:
    answer = Desk(priya).client.post(
        Desk.url(twice, "restore", 1, "roll-back"), {"note": "The new one is wrong."}
    )

    assert told(answer) == ["v1 is live again."]
    live = again(twice).live_version
    assert live is not None
    assert live.number == 1
    assert again(twice).texts.get(language="en").tagline == "Third tagline."


def test_rolling_back_may_take_the_desk_along(priya: User, twice: Title) -> None:
    Desk(priya).client.post(Desk.url(twice, "restore", 1, "roll-back"), {"note": "Wrong.", "desk": "on"})
    assert again(twice).texts.get(language="en").tagline == "First tagline."


def test_rolling_back_needs_a_reason_and_the_permission(esha: User, priya: User, twice: Title) -> None:
    url = Desk.url(twice, "restore", 1, "roll-back")
    with nothing_changes():
        assert Desk(esha).client.post(url, {"note": "x"}).status_code == 403
        assert told(Desk(priya).client.post(url, {"note": " "})) == [
            "Say why, for those who read this later."
        ]  # fmt: skip
        assert Desk(priya).client.get(url).status_code == 405


def test_a_version_can_be_put_on_the_desk_alone(esha: User, twice: Title) -> None:
    url = Desk.url(twice, "restore", 1, "desk")
    with nothing_changes():
        stale = Desk(esha).client.post(url, {"revision": str(twice.revision + 7)})
    assert told(stale)[0].startswith("This was saved in another place")

    Desk(esha).client.post(url, {"revision": str(again(twice).revision)})

    assert again(twice).texts.get(language="en").tagline == "First tagline."
    live = again(twice).live_version
    assert live is not None
    assert live.number == 2


def test_the_history_tells_moves_and_comments_in_one_line_of_time(esha: User, twice: Title) -> None:
    Desk(esha).post(Desk.url(twice, "comment"), text="I think the first was better.")

    events = Desk(esha).open(twice, "history").context["events"]

    assert [("comment" if "comment" in one else one["move"].move) for one in events][:3] == [
        "comment", "revise", "publish",
    ]  # fmt: skip
    assert len(events) == 1 + 2 * 4


def test_the_preview_is_a_link_that_opens_without_an_account(esha: User, title: Title) -> None:
    url = Desk(esha).open(title, "preview").context["url"]
    assert "/preview/" in url


# --- Who is here, and whose turn it is -----------------------------------------------------------------


def test_two_editors_see_each_other_and_what_was_saved(esha: User, omar: User, title: Title) -> None:
    url = Desk.url(title, "presence")
    assert Desk(esha).post(url).json()["others"] == []
    (other,) = Desk(omar).post(url).json()["others"]
    assert other["name"] == "esha@example.com"

    Desk(omar).save(title, name="Another")

    assert Desk(esha).post(url).json()["revision"] == 1


def test_who_only_reads_is_not_shown_as_editing(esha: User, ravi: User, title: Title) -> None:
    assert Desk(ravi).post(Desk.url(title, "presence")).status_code == 403
    assert Desk(esha).client.get(Desk.url(title, "presence")).status_code == 405


def test_planning_is_no_edit(esha: User, ravi: User, title: Title) -> None:
    plan = {"plan-assignee": ravi.pk, "plan-due_on": "2027-01-31", "plan-priority": "40"}
    publishing.submit(title, by=esha)

    assert "Saved." in Desk(esha).post(Desk.url(title, "plan"), **plan).content.decode()

    title = again(title)
    assert (title.assignee, str(title.due_on), title.priority) == (ravi, "2027-01-31", 40)
    assert title.revision == 0


def test_a_plan_for_a_viewer_or_a_wrong_day_is_refused(esha: User, viewer: User, title: Title) -> None:
    url = Desk.url(title, "plan")
    with nothing_changes():
        for wrong in ({"plan-assignee": viewer.pk}, {"plan-due_on": "31.1."}, {"plan-priority": "99"}):
            given = {"plan-assignee": "", "plan-due_on": "", "plan-priority": "20", **wrong}
            assert "nr-error" in Desk(esha).post(url, **given).content.decode()


# --- Comments ------------------------------------------------------------------------------------------


def test_a_remark_is_answered_resolved_and_taken_up_again(esha: User, ravi: User, title: Title) -> None:
    Desk(esha).post(Desk.url(title, "comment"), text="Is the tagline right?")
    remark = Comment.objects.get()
    page = Desk(ravi).post(Desk.url(title, "comment"), text="It is.", reply_to=remark.pk).content.decode()
    assert "Is the tagline right?" in page
    assert "It is." in page

    settle = Desk.url(title, "settle", remark.pk)
    assert "resolved by ravi@example.com" in Desk(ravi).post(settle, deed="resolve").content.decode()
    assert "resolved by" not in Desk(esha).post(settle, deed="reopen").content.decode()


def test_a_refused_comment_is_told_and_keeps_its_text(esha: User, title: Title) -> None:
    with nothing_changes():
        page = Desk(esha).post(Desk.url(title, "comment"), text="Ask @nobody").content.decode()
    assert "@nobody: nobody who works here" in page
    assert "Ask @nobody" in page


def test_what_somebody_says_is_never_markup(esha: User, title: Title) -> None:
    page = Desk(esha).post(Desk.url(title, "comment"), text="<script>alert(1)</script>").content.decode()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_a_mention_is_on_the_overview_until_it_was_looked_at(esha: User, ravi: User, title: Title) -> None:
    Desk(esha).post(Desk.url(title, "comment"), text="@ravi, please look.")
    assert "@ravi, please look." in Desk(ravi).client.get("/admin/").content.decode()
    assert "data-seen" in Desk(ravi).open(title).content.decode()
    assert Mention.objects.get().seen_at is None

    assert Desk(ravi).post(Desk.url(title, "seen")).status_code == 204

    assert "@ravi, please look." not in Desk(ravi).client.get("/admin/").content.decode()


def test_the_list_of_comments_says_what_each_is_about(esha: User, title: Title) -> None:
    Desk(esha).post(Desk.url(title, "comment"), text="Is the tagline right?")
    gone = TitleFactory()
    Desk(esha).post(Desk.url(gone, "comment"), text="Never mind.")
    number = gone.pk
    gone.delete()

    page = Desk(esha).client.get("/admin/workflow/comment/")

    assert f">{title}</a>" in page.content.decode()
    assert f"title {number}" in page.content.decode()
    assert [one.text for one in page.context["cl"].result_list] == ["Never mind.", "Is the tagline right?"]


def test_a_comment_on_another_title_cannot_be_settled_here(esha: User, title: Title) -> None:
    other = TitleFactory()
    Desk(esha).post(Desk.url(other, "comment"), text="Of another.")
    with nothing_changes():
        url = Desk.url(title, "settle", Comment.objects.get().pk)
        assert Desk(esha).client.post(url, {"deed": "resolve"}, **INPLACE).status_code == 404
        assert Desk(esha).post(Desk.url(title, "comment"), text="x", reply_to="abc").status_code == 404


def test_pages_of_a_title_that_is_not_there_are_404(omar: User, title: Title) -> None:
    gone = Title(pk=title.pk + 1000)
    for page in ("versions", "compare", "preview", "history"):
        assert Desk(omar).open(gone, page).status_code == 404, page
