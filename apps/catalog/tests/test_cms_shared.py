"""People, genres, tags, teams and collections through the editorial API."""

from typing import Any
from uuid import uuid4

import pytest

from apps.accounts.models import User
from apps.accounts.tests.steps import SignIn, refused, refused_field
from apps.catalog.models import Collection, FormerSlug, Genre, Person, Tag, Team

from .cms import CMS, of, same_desk
from .factories import GenreFactory, PersonFactory, TitleFactory

pytestmark = pytest.mark.django_db
PEOPLE, GENRES, TAGS, TEAMS = (f"{CMS}/{name}" for name in ("people", "genres", "tags", "teams"))
COLLECTIONS = f"{CMS}/collections"


def test_a_person_is_added_renamed_and_found_by_name(sign_in: SignIn, esha: User) -> None:
    client = sign_in(esha)
    made = client.post(
        PEOPLE, {"name": "Colin Levy", "born_on": "1983-01-01", "texts": {"hi": {"name": "कॉलिन लेवी"}}}
    )

    assert made.status_code == 201, made.content
    person = Person.objects.get()
    assert made.json() == {
        "id": str(person.public_id),
        "slug": "colin-levy",
        "name": "Colin Levy",
        "born_on": "1983-01-01",
        "died_on": None,
        "texts": {"hi": {"name": "कॉलिन लेवी", "biography": ""}},
    }
    changed = client.patch(of(person), {"slug": "c-levy", "texts": {"hi": None, "en": {"biography": "A\nB"}}})
    assert changed.json()["texts"] == {"en": {"name": "", "biography": "A\nB"}}
    assert FormerSlug.objects.get().slug == "colin-levy"
    assert len(client.get(PEOPLE, {"q": "LEVY"}).json()["results"]) == 1
    assert client.get(PEOPLE, {"q": "nobody"}).json()["results"] == []
    assert client.delete(of(person)).status_code == 204


def test_words_have_addresses_of_their_own(sign_in: SignIn, esha: User) -> None:
    client = sign_in(esha)
    genre = client.post(GENRES, {"slug": "sci-fi", "name": "Sci-Fi", "names": {"hi": "विज्ञान"}})
    assert genre.json()["names"] == {"hi": "विज्ञान"}
    assert client.patch(of(Genre.objects.get()), {"names": {"hi": None}}).json()["names"] == {}
    assert client.post(TAGS, {"slug": "open", "name": "Open"}).status_code == 201
    assert client.post(TEAMS, {"slug": "india", "name": "India", "short_name": "IND"}).status_code == 201

    with same_desk():
        for path, body in (
            (GENRES, {"slug": "sci-fi", "name": "Other"}),
            (TAGS, {"slug": "open", "name": "Other"}),
            (TEAMS, {"slug": "india", "name": "Other"}),
        ):
            refused_field(client.post(path, body), "slug", "unique")
            refused_field(client.post(path, {"name": "No slug"}), "slug", "required")
    for thing in (Genre.objects.get(), Tag.objects.get(), Team.objects.get()):
        assert client.get(of(thing)).json()["slug"] == thing.slug
        assert client.delete(of(thing)).status_code == 204


@pytest.mark.parametrize(
    ("given", "path", "code"),
    [
        ({"name": ""}, "name", "blank"),
        ({"slug": "no spaces"}, "slug", "invalid"),
        ({"born_on": "2000-01-01", "died_on": "1999-01-01"}, "died_on", "invalid"),
        ({"texts": {"en": {"synopsis": "x"}}}, "texts.en.synopsis", "unknown_field"),
        ({"id": str(uuid4())}, "id", "unknown_field"),
    ],
)
def test_a_wrong_person_is_refused_by_the_field(
    sign_in: SignIn, esha: User, given: dict[str, Any], path: str, code: str
) -> None:
    person, client = PersonFactory(), sign_in(esha)

    with same_desk():
        refused_field(client.post(PEOPLE, {"name": "New", **given}), path, code)
        refused_field(client.patch(of(person), given), path, code)
        refused_field(client.patch(of(person), {}), "", "empty")


def test_a_former_address_is_not_given_to_somebody_else(sign_in: SignIn, esha: User) -> None:
    person, client = PersonFactory(slug="asha"), sign_in(esha)
    client.patch(of(person), {"slug": "asha-rao"})

    with same_desk():
        refused_field(client.post(PEOPLE, {"name": "Asha", "slug": "asha"}), "slug", "unique")
    assert client.post(PEOPLE, {"name": "Asha"}).json()["slug"] == "asha-2"


def test_what_is_in_use_stays_and_its_users_are_named(sign_in: SignIn, esha: User) -> None:
    title, person, genre = TitleFactory(name="Sintel"), PersonFactory(), GenreFactory()
    title.credits.create(person=person)
    title.genres.add(genre)
    client = sign_in(esha)

    with same_desk():
        for thing in (person, genre):
            answer = client.delete(of(thing))
            refused(answer, 409, "in_use")
            assert answer.json()["uses"] == ["Sintel (title)"]


def test_a_collection_is_ordered_by_hand_or_filled_by_rule(sign_in: SignIn, esha: User) -> None:
    one, two, client = TitleFactory(), TitleFactory(), sign_in(esha)
    ids = [str(two.public_id), str(one.public_id)]
    made = client.post(COLLECTIONS, {"name": "Open movies", "titles": ids, "published": True})

    assert made.status_code == 201, made.content
    collection = Collection.objects.get()
    assert made.json() == {
        "id": str(collection.public_id),
        "slug": "open-movies",
        "name": "Open movies",
        "published": True,
        "rule": None,
        "titles": ids,
        "texts": {},
    }
    rule = {"genres": ["comedy"], "max_rating": 7, "order": "newest"}
    assert client.patch(of(collection), {"rule": rule, "titles": []}).json()["rule"] == rule
    with same_desk():
        refused_field(client.patch(of(collection), {"titles": ids}), "titles", "invalid")
        refused_field(client.patch(of(collection), {"rule": {}}), "rule", "invalid")
        refused_field(client.patch(of(collection), {"rule": {"mood": "sad"}}), "rule.mood", "unknown_field")
        wrong = client.patch(of(collection), {"rule": {"max_rating": "7"}})
        refused_field(wrong, "rule.max_rating", "invalid_choice")
        years = {"min_year": 2020, "max_year": 2010}
        refused_field(client.patch(of(collection), {"rule": years}), "rule.max_year", "invalid")
    back = client.patch(of(collection), {"rule": None, "titles": ids[:1]})
    assert (back.json()["rule"], back.json()["titles"]) == (None, ids[:1])
    with same_desk():
        refused_field(client.patch(of(collection), {"titles": [ids[0]] * 2}), "titles", "unique")
        missing = client.patch(of(collection), {"titles": [ids[0], str(uuid4())]})
        refused_field(missing, "titles.1", "does_not_exist")
    assert client.delete(of(collection)).status_code == 204


def test_a_reviewer_only_reads_them(sign_in: SignIn, ravi: User) -> None:
    person, client = PersonFactory(), sign_in(ravi)

    with same_desk():
        assert client.get(PEOPLE).status_code == client.get(of(person)).status_code == 200
        refused(client.post(PEOPLE, {"name": "New"}), 403, "permission_denied")
        refused(client.patch(of(person), {"name": "New"}), 403, "permission_denied")
        refused(client.delete(of(person)), 403, "permission_denied")
