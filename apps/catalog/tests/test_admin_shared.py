"""People, genres, tags, teams and collections in the newsroom, and what happens to what is in use."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission

from apps.accounts.models import User
from apps.catalog.models import (
    Collection,
    Contestant,
    Credit,
    Episode,
    Event,
    FormerSlug,
    Genre,
    Kind,
    Person,
    Tag,
    Team,
    Title,
)
from apps.catalog.services import publishing

from .factories import AssetFactory, GenreFactory, PersonFactory, TitleFactory
from .newsday import approved
from .pages import Desk, form_on, nothing_changes, told

pytestmark = pytest.mark.django_db


def add(desk: Desk, model: str, **given: Any) -> Any:
    url = f"/admin/catalog/{model}/add/"
    blank = form_on(desk.client.get(url), f"{model}_form")
    return desk.client.post(url, {**blank, **given, "_continue": "1"})


def items(*titles: Title, start: int = 0) -> dict[str, Any]:
    """Rows of a collection, new from `start` on."""
    rows: dict[str, Any] = {"items-TOTAL_FORMS": start + len(titles)}
    for index, title in enumerate(titles, start=start):
        rows |= {f"items-{index}-title": title.pk, f"items-{index}-order": "0"}
    return rows


def test_a_person_has_a_name_and_a_life_in_every_language(esha: User) -> None:
    add(
        Desk(esha),
        "person",
        name="Halina Reijn",
        born_on="1975-11-10",
        name_hi="हलीना",
        biography_en="An actress.",
    )

    person = Person.objects.get()
    assert (person.slug, str(person.born_on)) == ("halina-reijn", "1975-11-10")
    assert {text.language: (text.name, text.biography) for text in person.texts.all()} == {
        "hi": ("हलीना", ""), "en": ("", "An actress."),
    }  # fmt: skip
    assert form_on(Desk(esha).open(person), "person_form")["name_hi"] == "हलीना"


def test_a_renamed_person_is_still_found_at_the_old_address(esha: User) -> None:
    person = PersonFactory(slug="old")
    Desk(esha).save(person, slug="new", name_hi="", name="New Name")
    person.refresh_from_db()
    assert (person.slug, person.name) == ("new", "New Name")
    assert FormerSlug.objects.get(person=person).slug == "old"


def test_what_a_service_refuses_is_told_on_the_page(esha: User) -> None:
    PersonFactory(slug="taken")
    person = PersonFactory()
    with nothing_changes():
        answer = Desk(esha).save(person, slug="taken")
        assert answer.context["adminform"].form.errors["slug"]
        dead = Desk(esha).save(person, born_on="2000-01-01", died_on="1999-01-01")
        assert dead.status_code == 200
        assert dead.context["adminform"].form.errors


def test_a_genre_is_renamed_in_a_language_and_loses_it_again(esha: User) -> None:
    genre = GenreFactory(slug="drama", name="Drama")
    Desk(esha).save(genre, name_hi="नाटक")
    assert genre.names.get().name == "नाटक"
    Desk(esha).save(genre, name_hi="")
    assert not genre.names.exists()


def test_tags_and_teams_are_added(esha: User) -> None:
    add(Desk(esha), "tag", name="Autumn", slug="autumn")
    add(Desk(esha), "team", name="India", short_name="IND", slug="india")
    assert (Tag.objects.get().name, Team.objects.get().short_name) == ("Autumn", "IND")


def test_where_something_is_used_is_shown_and_keeps_it_from_being_deleted(esha: User) -> None:
    title = TitleFactory(name="Sintel")
    genre, person, team = GenreFactory(), PersonFactory(), Team.objects.create(slug="a", name="A")
    title.genres.add(genre)
    Credit.objects.create(title=title, person=person)
    event = Event.objects.create(title=title, sport="x", competition="Cup", kick_off_at="2026-01-01T00:00Z")
    Contestant.objects.create(event=event, team=team)
    desk = Desk(esha)

    for thing in (genre, person, team):
        assert "Sintel" in desk.open(thing).content.decode()
        assert "Sintel" in desk.open(thing, "delete").content.decode()
        with nothing_changes():
            desk.client.post(Desk.url(thing, "delete"), {"post": "yes"})


def test_what_nothing_uses_is_deleted(esha: User) -> None:
    genre = GenreFactory()
    Desk(esha).client.post(Desk.url(genre, "delete"), {"post": "yes"})
    assert not Genre.objects.exists()


def test_reviewers_change_none_of_it(ravi: User) -> None:
    genre, person = GenreFactory(), PersonFactory()
    with nothing_changes():
        for thing in (genre, person):
            assert Desk(ravi).client.post(Desk.url(thing), {"name": "x"}).status_code == 403
            assert Desk(ravi).client.post(Desk.url(thing, "delete"), {"post": "yes"}).status_code == 403
        for model in ("genre", "tag", "team", "person", "collection", "release", "title"):
            assert Desk(ravi).client.post(f"/admin/catalog/{model}/add/", {"name": "x"}).status_code == 403, (
                model
            )


# --- Collections ------------------------------------------------------------------------------------------


def test_a_collection_is_put_into_order_by_hand(esha: User) -> None:
    first, second, third = (TitleFactory(name=name) for name in ("First", "Second", "Third"))
    desk = Desk(esha)
    add(desk, "collection", name="Best of 2026", name_en="The best of 2026", **items(first, second))
    collection = Collection.objects.get()
    assert list(collection.items.values_list("title__name", flat=True)) == ["First", "Second"]

    desk.save(collection, **items(third, start=2), **{"items-0-order": "1", "items-1-order": "0"})
    assert list(collection.items.values_list("title__name", flat=True)) == ["Second", "First", "Third"]

    desk.save(collection, **{"items-1-DELETE": "on"})
    assert list(collection.items.values_list("title__name", flat=True)) == ["Second", "Third"]
    assert collection.texts.get().name == "The best of 2026"


def test_a_title_is_in_a_collection_once(esha: User) -> None:
    title = TitleFactory()
    with nothing_changes():
        answer = add(Desk(esha), "collection", name="Twice", **items(title, title))
    assert answer.status_code == 200


def test_a_rule_is_made_of_fields_and_says_what_it_means(esha: User, ravi: User, priya: User) -> None:
    title = approved(esha, ravi)
    publishing.publish(title, by=priya)
    GenreFactory(slug="drama")

    rule = {"rule_kinds": ["movie"], "rule_max_rating": "7", "rule_languages": "en, hi",
            "rule_order": "newest", "rule_limit": "20"}  # fmt: skip
    answer = add(Desk(esha), "collection", name="Movies", by_rule="on", **rule)

    collection = Collection.objects.get()
    assert collection.rule == {
        "kinds": ["movie"], "max_rating": 7, "languages": ["en", "hi"], "order": "newest", "limit": 20,
    }  # fmt: skip
    assert any(line.startswith("The rule means 1 of the titles") for line in told(answer))
    assert form_on(Desk(esha).open(collection), "collection_form")["rule_languages"] == "en, hi"


def test_a_rule_that_means_nothing_is_refused_at_its_field(esha: User) -> None:
    with nothing_changes():
        empty = add(Desk(esha), "collection", name="Empty", by_rule="on")
        assert "by_rule" in empty.context["adminform"].form.errors
        years = add(
            Desk(esha), "collection", name="Years", by_rule="on", rule_min_year="2020", rule_max_year="1999"
        )
        assert "rule_max_year" in years.context["adminform"].form.errors
        limit = add(Desk(esha), "collection", name="Limit", by_rule="on", rule_limit="0")
        assert "rule_limit" in limit.context["adminform"].form.errors


def test_a_rule_is_dropped_when_the_collection_is_filled_by_hand_again(esha: User) -> None:
    collection = Collection.objects.create(slug="a", name="A", by_rule=True, rule={"kinds": ["movie"]})
    Desk(esha).save(collection, by_rule=None)
    collection.refresh_from_db()
    assert (collection.by_rule, collection.rule) == (False, {})


# --- Videos -----------------------------------------------------------------------------------------------


def test_nobody_makes_or_changes_a_video_by_a_form(omar: User) -> None:
    asset = AssetFactory()
    omar.is_superuser = True
    omar.save()
    with nothing_changes():
        assert Desk(omar).client.post("/admin/media/asset/add/", {"name": "x"}).status_code == 405
        assert Desk(omar).client.post(Desk.url(asset), {"name": "x"}).status_code == 403


def test_fields_for_a_video_offer_to_upload_it_to_those_who_may(esha: User) -> None:
    series = TitleFactory(complete=True, kind=Kind.SERIES)
    episode = Episode.objects.filter(season__title=series).first()
    pages = [Desk(esha).open(one).content.decode() for one in (TitleFactory(complete=True), series, episode)]
    for page in pages:
        assert 'data-upload="/admin/media/asset/uploads/"' in page
        assert "/admin/media/asset/add/" not in page

    esha.groups.get().permissions.remove(Permission.objects.get(codename="add_asset"))
    page = Desk(User.objects.get(pk=esha.pk)).open(TitleFactory(complete=True)).content.decode()
    assert "data-upload" not in page
