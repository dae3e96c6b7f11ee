"""Comments on everything that has a page in the newsroom, beside titles: `test_admin_pages` has those."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.accounts.models import User
from apps.catalog.models import Collection, Episode, Genre, Kind, Release, Season, Tag, Team, Title
from apps.catalog.services import releases
from apps.core import jobs
from apps.workflow.models import Comment, Mention

from .factories import PersonFactory, TitleFactory
from .newsday import approved, soon
from .pages import Desk, nothing_changes

pytestmark = pytest.mark.django_db


def series() -> Title:
    made: Title = TitleFactory(kind=Kind.SERIES, complete=True, name="Monsoon Radio")
    return made


def season() -> Season:
    return series().seasons.get()


def episode() -> Episode:
    return season().episodes.get(number=1)


THINGS: dict[str, Callable[[], Any]] = {
    "season": season,
    "episode": episode,
    "person": PersonFactory,
    "genre": lambda: Genre.objects.create(slug="drama", name="Drama"),
    "tag": lambda: Tag.objects.create(slug="open", name="Open"),
    "team": lambda: Team.objects.create(slug="india", name="India"),
    "collection": lambda: Collection.objects.create(slug="picks", name="Picks"),
}


@pytest.fixture(params=[*THINGS, "release"])
def thing(request: Any, esha: User, ravi: User, priya: User) -> Any:
    if request.param != "release":
        return THINGS[request.param]()
    items = [releases.Entry(approved(esha, ravi))]
    return releases.compose("Friday", action=Release.Action.PUBLISH, at=soon(), items=items, by=priya)


def test_whatever_has_a_page_can_be_talked_about(esha: User, ravi: User, thing: Any) -> None:
    Desk(esha).post(Desk.url(thing, "comment"), text="Is this right?")
    remark = Comment.objects.get()
    assert remark.subject == thing
    Desk(ravi).post(Desk.url(thing, "comment"), text="It is.", reply_to=remark.pk)
    settled = Desk(ravi).post(Desk.url(thing, "settle", remark.pk), deed="resolve").content.decode()

    assert "resolved by ravi@example.com" in settled
    page = Desk(esha).open(thing).content.decode()
    for text in ("Is this right?", "It is.", "resolved by ravi@example.com"):
        assert text in page


def test_who_was_named_finds_the_thing_from_the_overview(esha: User, ravi: User, thing: Any) -> None:
    Desk(esha).post(Desk.url(thing, "comment"), text="@ravi, please look.")

    assert (
        f'href="{Desk.url(thing)}">@ravi, please look.' in Desk(ravi).client.get("/admin/").content.decode()
    )
    assert "data-seen" in Desk(ravi).open(thing).content.decode()
    assert Desk(ravi).post(Desk.url(thing, "seen")).status_code == 204
    assert Mention.objects.get().seen_at is not None


def test_a_remark_about_something_else_is_not_settled_here(esha: User, thing: Any) -> None:
    other = TitleFactory()
    Desk(esha).post(Desk.url(other, "comment"), text="Of another.")

    with nothing_changes():
        url = Desk.url(thing, "settle", Comment.objects.get().pk)
        assert Desk(esha).post(url, deed="resolve").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_the_mail_says_which_season_is_meant(esha: User, ravi: User, mailoutbox: list[Any]) -> None:
    meant = season()
    Desk(esha).post(Desk.url(meant, "comment"), text="@ravi, please look.")
    jobs.work(None, 1, wait=False)

    (mail,) = mailoutbox
    assert mail.subject == "esha@example.com mentioned you: Monsoon Radio: Season 1"
    assert Desk.url(meant) in mail.body


def test_a_mention_outlives_what_it_was_about(esha: User, ravi: User) -> None:
    tag = THINGS["tag"]()
    Desk(esha).post(Desk.url(tag, "comment"), text="@ravi, this can go.")
    tag.delete()

    assert "@ravi, this can go." in Desk(ravi).client.get("/admin/").content.decode()
