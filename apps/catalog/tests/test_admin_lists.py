"""The newsroom's lists: what they cost, find and narrow, and what is done to many at once."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.catalog.admin import gaps, title_filters
from apps.catalog.models import (
    Artwork,
    Collection,
    Credit,
    Episode,
    ExternalId,
    Kind,
    Season,
    Tag,
    Title,
    TitleText,
    Window,
)
from apps.catalog.services import publishing
from apps.workflow.moves import State
from apps.workflow.services import planning

from .factories import (
    ArtworkFactory,
    AssetFactory,
    GenreFactory,
    PersonFactory,
    TitleFactory,
    WindowFactory,
)
from .newsday import again, approved
from .pages import Desk, nothing_changes, told

pytestmark = pytest.mark.django_db
LIST = "/admin/catalog/title/"
LISTS = [
    LIST, "/admin/catalog/person/", "/admin/catalog/genre/", "/admin/catalog/tag/", "/admin/catalog/team/",
    "/admin/catalog/collection/", "/admin/catalog/release/", "/admin/catalog/titleversion/",
    "/admin/catalog/artwork/", "/admin/workflow/transition/", "/admin/workflow/comment/",
    "/admin/media/asset/", "/admin/catalog/transfer/",
]  # fmt: skip


def found(desk: Desk, query: str) -> list[str]:
    answer = desk.client.get(f"{LIST}?{query}")
    assert answer.status_code == 200
    return sorted(title.name for title in answer.context["cl"].result_list)


def bulk(desk: Desk, action: str, *titles: Title, **given: Any) -> Any:
    chosen = {"action": action, "index": "0", "_selected_action": [title.pk for title in titles]}
    return desk.client.post(LIST, {**chosen, "sure": "1", **given})


@pytest.fixture
def boss(groups: None) -> Desk:
    from apps.accounts.tests.factories import UserFactory

    return Desk(UserFactory(is_staff=True, is_superuser=True))


# --- What they cost -------------------------------------------------------------------------------


def many(esha: User, ravi: User, priya: User) -> None:
    for number in range(7):
        title = approved(esha, ravi, name=f"Title {number}")
        publishing.publish(title, by=priya)
        planning.plan(title, by=esha, assignee=esha)
        person = PersonFactory()
        Credit.objects.create(title=title, person=person)
        ArtworkFactory(person=person, kind=Artwork.Kind.PORTRAIT)
        title.genres.add(GenreFactory())
        Tag.objects.create(slug=f"tag-{number}", name=f"Tag {number}")
        Collection.objects.create(slug=f"collection-{number}", name=f"Collection {number}").titles.add(title)
        Desk(esha).post(Desk.url(title, "comment"), text="Good.")


def test_a_list_costs_twelve_queries_at_most_however_long_it_is(
    boss: Desk, esha: User, ravi: User, priya: User, django_assert_max_num_queries: Any
) -> None:
    many(esha, ravi, priya)
    for url in LISTS:
        boss.client.get(url)
        with django_assert_max_num_queries(12):
            assert boss.client.get(url).status_code == 200, url
        with django_assert_max_num_queries(12):
            assert boss.client.get(f"{url}?q=title").status_code == 200, url


def test_the_list_of_titles_costs_as_much_with_every_filter_set(
    boss: Desk, esha: User, ravi: User, priya: User, django_assert_max_num_queries: Any
) -> None:
    many(esha, ravi, priya)
    names = [one.parameter_name for one in boss_filters()]
    query = "&".join(f"{name}={value}" for name, value in FIRST.items())
    assert set(FIRST) == set(names)
    with django_assert_max_num_queries(12):
        assert boss.client.get(f"{LIST}?{query}&q=title&o=1").status_code == 200


FIRST = {
    "queue": "mine", "state": "published", "kind": "movie", "live": "yes", "ready": "no", "rights": "free",
    "missing": "synopsis_hi", "due": "none", "priority": "20", "genre": "genre-1", "tag": "tag-1",
}  # fmt: skip


def boss_filters() -> Any:
    from django.contrib import admin

    return admin.site._registry[Title].list_filter


# --- Finding --------------------------------------------------------------------------------------


def test_a_title_is_found_by_its_names_address_ids_and_people(esha: User) -> None:
    desk = Desk(esha)
    title = TitleFactory(name="Working name", slug="an-address")
    TitleText.objects.create(title=title, language="hi", name="सिंटेल")
    ExternalId.objects.create(title=title, scheme="imdb", value="tt1727587")
    Credit.objects.create(title=title, person=PersonFactory(name="Halina Reijn"))
    series = TitleFactory(kind=Kind.SERIES, name="A series")
    episode = Episode.objects.create(season=Season.objects.create(title=series, number=1), number=1)
    Credit.objects.create(episode=episode, person=PersonFactory(name="Only a guest"))

    for term in ("working", "an-addr", "सिंटेल", "TT1727587", "halina"):
        assert found(desk, f"q={term}") == ["Working name"], term
    assert found(desk, "q=guest") == ["A series"]
    assert found(desk, "q=nothing like it") == []
    assert len(found(desk, "q= ")) == 2


def test_filters_narrow_the_list_to_what_they_say(esha: User, ravi: User, priya: User) -> None:
    desk = Desk(esha)
    live = approved(esha, ravi, name="Live")
    publishing.publish(live, by=priya)
    draft = TitleFactory(name="Draft", kind=Kind.SERIES)
    complete = TitleFactory(name="Complete", complete=True)
    complete.genres.add(GenreFactory(slug="drama"))
    today = timezone.now().date()
    planning.plan(draft, by=esha, assignee=esha, due_on=today - timedelta(days=1), priority=40)
    planning.plan(complete, by=esha, due_on=today + timedelta(days=3))
    Window.objects.filter(title=complete).update(tier=10)

    both = ["Complete", "Draft"]
    expected = {
        "state=published": ["Live"], "state=draft&kind=movie": ["Complete"], "kind=series": ["Draft"],
        "live=yes": ["Live"], "live=never": both, "live=no": both, "live=changed": [],
        "genre=drama": ["Complete"], "ready=yes": ["Complete"], "ready=no": ["Draft"],
        "missing=poster": ["Draft"], "missing=synopsis_hi": [*both, "Live"], "missing=synopsis_en": ["Draft"],
        "missing=rating": ["Draft"], "missing=windows": ["Draft"], "missing=genres": ["Draft", "Live"],
        "rights=free": ["Live"], "rights=premium": ["Complete"],
        "queue=assigned": ["Draft"], "queue=unassigned": ["Complete", "Live"], "queue=mine": ["Draft"],
        "due=over": ["Draft"], "due=week": ["Complete"], "due=none": ["Live"], "priority=40": ["Draft"],
    }  # fmt: skip
    assert {query: found(desk, query) for query in expected} == expected


def test_windows_are_found_by_when_they_are_open(esha: User) -> None:
    now = timezone.now()
    day = timedelta(days=1)
    for name, starts, ends in (
        ("Ending", None, now + 3 * day), ("Ended", None, now - day), ("Later", now + day, None),
        ("For good", None, None),
    ):  # fmt: skip
        WindowFactory(title=TitleFactory(name=name), starts_at=starts, ends_at=ends)
    desk = Desk(esha)
    assert [found(desk, f"rights={one}") for one in ("ending", "ended", "later")] == [
        ["Ending"], ["Ended"], ["Later"],
    ]  # fmt: skip


def test_a_filter_that_is_not_offered_narrows_nothing(esha: User) -> None:
    TitleFactory(name="One")
    for query in ("state=asleep", "priority=abc", "missing=everything", "rights=all", "queue=yours"):
        assert found(Desk(esha), query) == ["One"], query


def test_complete_means_what_the_checklist_means(esha: User) -> None:
    """Titles that each lack one thing: the query and the gates agree on every one."""

    def without(change: Any, **fields: Any) -> Title:
        title = TitleFactory(complete=True, **fields)
        change(title)
        return again(title)

    sport = TitleFactory(complete=True, kind=Kind.SPORT)
    titles: list[Title] = [
        without(lambda title: None),
        without(lambda title: None, kind=Kind.SERIES),
        sport,
        without(lambda title: title.artworks.filter(kind="poster").update(dropped=True)),
        without(lambda title: title.artworks.filter(kind="backdrop").update(state="failed")),
        without(lambda title: title.texts.update(synopsis="  ")),
        without(lambda title: title.texts.filter(language="en").update(name="")),
        without(lambda title: title.windows.update(ends_at=timezone.now())),
        without(lambda title: title.windows.all().delete()),
        without(lambda title: Title.objects.filter(pk=title.pk).update(maturity=None)),
        without(lambda title: Title.objects.filter(pk=title.pk).update(descriptors=["none", "sex"])),
        without(lambda title: Title.objects.filter(pk=title.pk).update(descriptors=[])),
        without(lambda title: Title.objects.filter(pk=title.pk).update(asset=None)),
        without(lambda title: Episode.objects.filter(number=1).update(asset=None), kind=Kind.SERIES),
        without(lambda title: title.seasons.update(held=True), kind=Kind.SERIES),
        without(lambda title: title.seasons.all().delete(), kind=Kind.SERIES),
        without(lambda title: Title.objects.filter(pk=title.pk).update(asset=AssetFactory(state="failed"))),
    ]  # fmt: skip
    complete = set(gaps.ready(Title.objects.all(), timezone.now()))
    for title in titles:
        assert all(gate.met for gate in publishing.checklist(title)) == (title in complete), title


# --- Many at once ---------------------------------------------------------------------------------


def test_a_bulk_action_asks_first_and_then_tells_what_became_of_each(esha: User) -> None:
    desk = Desk(esha)
    ready, bare = TitleFactory(complete=True, name="Ready"), TitleFactory(name="Bare")
    with nothing_changes():
        chosen = {"action": "submit", "index": "0", "_selected_action": [ready.pk, bare.pk]}
        page = desk.client.post(LIST, chosen).content.decode()
    assert "Submit for review: 2 titles" in page

    lines = told(bulk(desk, "submit", ready, bare, note="All of them."))

    assert "Submit for review: 1 done, 1 refused." in lines
    assert any(line.startswith("Bare: Not yet:") for line in lines)
    assert (again(ready).state, again(bare).state) == (State.IN_REVIEW, State.DRAFT)


def test_many_are_assigned_and_tagged(esha: User, ravi: User) -> None:
    desk, tag = Desk(esha), Tag.objects.create(slug="autumn", name="Autumn")
    titles = [TitleFactory() for _ in range(3)]

    assert told(bulk(desk, "assign", *titles, assignee=ravi.pk)) == ["Assign: 3 done."]
    assert told(bulk(desk, "tag", *titles, tag=tag.pk)) == ["Add a tag: 3 done."]
    assert told(bulk(desk, "tag", *titles, tag=tag.pk)) == ["Add a tag: 3 done."]

    for title in map(again, titles):
        assert (title.assignee, list(title.tags.all()), title.revision) == (ravi, [tag], 1)


def test_four_eyes_hold_in_bulk(omar: User, esha: User) -> None:
    mine, theirs = TitleFactory(complete=True, name="Mine"), TitleFactory(complete=True, name="Theirs")
    for title, author in ((mine, omar), (theirs, esha)):
        Desk(author).save(title, name=title.name + "!")
        publishing.submit(again(title), by=author)

    lines = told(bulk(Desk(omar), "approve", mine, theirs))

    assert (again(mine).state, again(theirs).state) == (State.IN_REVIEW, State.APPROVED)
    assert any("You worked on this change" in line for line in lines)


def test_drafts_are_deleted_and_what_was_live_is_not(esha: User, ravi: User, priya: User) -> None:
    live, draft = approved(esha, ravi, name="Live"), TitleFactory(name="Draft")
    publishing.publish(live, by=priya)

    lines = told(bulk(Desk(esha), "delete", live, draft))

    assert list(Title.objects.all()) == [live]
    assert any("stays on record" in line for line in lines)


@pytest.mark.parametrize("action", ["approve", "publish", "unpublish", "archive", "delete_selected"])
def test_an_action_that_is_not_somebodys_does_nothing(esha: User, action: str) -> None:
    title = TitleFactory(complete=True)
    with nothing_changes():
        bulk(Desk(esha), action, title, note="x", post="yes")


def test_everybody_is_offered_the_actions_of_their_role(esha: User, ravi: User, priya: User) -> None:
    TitleFactory()

    def offered(user: User) -> set[str]:
        form = Desk(user).client.get(LIST).context["action_form"]
        return {name for name, _ in form.fields["action"].choices if name}

    assert offered(esha) == {"submit", "assign", "tag", "delete"}
    assert offered(ravi) == {"approve", "request_changes", "assign"}
    assert offered(priya) == {"publish", "unpublish", "archive", "assign"}


def test_every_filter_is_used_by_the_list() -> None:
    own = {
        one
        for one in vars(title_filters).values()
        if isinstance(one, type) and issubclass(one, title_filters.Pick)
    }
    assert own - {title_filters.Pick} == set(boss_filters())
