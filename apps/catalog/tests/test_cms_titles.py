"""Titles through the editorial API."""

from typing import Any
from uuid import uuid4

import pytest

from apps.accounts.models import User
from apps.accounts.tests.steps import SignIn, refused, refused_field
from apps.catalog.models import FormerSlug, Kind, Tag, Team, Title
from apps.catalog.services import publishing
from apps.workflow.moves import State

from .cms import TITLES, of, same_desk, went_live
from .factories import AssetFactory, GenreFactory, PersonFactory, TitleFactory

pytestmark = pytest.mark.django_db


def test_an_editor_makes_a_title_with_all_its_parts_at_once(sign_in: SignIn, esha: User) -> None:
    GenreFactory(slug="comedy"), GenreFactory(slug="kids")
    Tag.objects.create(slug="open-movie", name="Open movie")
    director, asset = PersonFactory(name="Sacha"), AssetFactory()

    answer = sign_in(esha).post(
        TITLES,
        {
            "name": "Big Buck Bunny",
            "maturity": "U",
            "descriptors": ["none"],
            "asset": str(asset.public_id),
            "genres": ["comedy", "kids"],
            "tags": ["open-movie"],
            "texts": {"en": {"name": "Big Buck Bunny", "synopsis": "A giant rabbit.\nAnd revenge."}},
            "credits": [{"person": str(director.public_id), "role": "director"}],
            "segments": [{"kind": "credits", "start_ms": 500_000, "end_ms": 596_000}],
            "external_ids": {"imdb": "tt1254207"},
        },
    )

    assert answer.status_code == 201, answer.content
    made = answer.json()
    title = Title.objects.get()
    assert (title.slug, title.state, title.revision) == ("big-buck-bunny", State.DRAFT, 0)
    assert list(title.authors.all()) == [esha]
    assert answer["ETag"] == '"0"'
    assert made | {"created_at": "", "updated_at": ""} == {
        "id": str(title.public_id),
        "slug": "big-buck-bunny",
        "kind": "movie",
        "name": "Big Buck Bunny",
        "state": "draft",
        "live_version": None,
        "revision": 0,
        "original_language": "en",
        "released_on": None,
        "maturity": "U",
        "assignee": None,
        "due_on": None,
        "priority": "normal",
        "created_at": "",
        "updated_at": "",
        "descriptors": ["none"],
        "announced": False,
        "asset": str(asset.public_id),
        "genres": ["comedy", "kids"],
        "tags": ["open-movie"],
        "texts": {
            "en": {
                "name": "Big Buck Bunny",
                "tagline": "",
                "synopsis": "A giant rabbit.\nAnd revenge.",
                "advice": "",
            }
        },
        "credits": [
            {"person": str(director.public_id), "name": "Sacha", "role": "director", "character": ""}
        ],
        "segments": [{"kind": "credits", "start_ms": 500_000, "end_ms": 596_000}],
        "external_ids": {"imdb": "tt1254207"},
        "event": None,
        "authors": [esha.email],
    }


def test_a_change_sets_what_it_names_and_leaves_the_rest(sign_in: SignIn, esha: User) -> None:
    title = TitleFactory(complete=True)
    hindi = title.texts.get(language="hi")

    answer = sign_in(esha).patch(
        of(title),
        {"revision": 0, "maturity": "U/A 13+", "texts": {"en": {"synopsis": "Another."}, "hi": None}},
    )

    assert answer.status_code == 200, answer.content
    title.refresh_from_db()
    assert (title.maturity, title.descriptors, title.revision) == (13, ["none"], 1)
    english = title.texts.get(language="en")
    assert (english.synopsis, english.tagline) == ("Another.", "A tagline.")
    assert not title.texts.filter(pk=hindi.pk).exists()
    assert (answer["ETag"], answer.json()["revision"]) == ('"1"', 1)


def test_credits_and_segments_that_stay_keep_their_rows(sign_in: SignIn, esha: User) -> None:
    title, one, two, three = TitleFactory(), PersonFactory(), PersonFactory(), PersonFactory()
    client = sign_in(esha)

    def credit(person: Any, character: str = "") -> dict[str, str]:
        return {"person": str(person.public_id), "role": "actor", "character": character}

    client.patch(of(title), {"revision": 0, "credits": [credit(one), credit(two, "Sintel")]})
    before = {row.person_id: row.pk for row in title.credits.all()}
    answer = client.patch(of(title), {"revision": 1, "credits": [credit(two, "Sintel"), credit(three)]})

    assert answer.status_code == 200, answer.content
    rows = list(title.credits.all())
    assert [(row.person_id, row.order) for row in rows] == [(two.pk, 0), (three.pk, 1)]
    assert rows[0].pk == before[two.pk]


def test_a_sports_title_has_its_event(sign_in: SignIn, esha: User) -> None:
    Team.objects.create(slug="india", name="India"), Team.objects.create(slug="nepal", name="Nepal")
    event = {
        "sport": "Cricket",
        "competition": "Asia Cup",
        "round": "Final",
        "kick_off_at": "2027-02-01T14:30:00+05:30",
        "contestants": ["nepal", "india"],
    }
    client = sign_in(esha)
    answer = client.post(TITLES, {"name": "Final", "kind": "sport", "event": event})

    assert answer.status_code == 201, answer.content
    assert answer.json()["event"] == event | {
        "season": "",
        "venue": "",
        "kick_off_at": "2027-02-01T09:00:00Z",
    }
    title = Title.objects.get()
    answer = client.patch(of(title), {"revision": 0, "event": None})
    assert answer.json()["event"] is None
    with same_desk():
        refused_field(client.patch(of(title), {"revision": 1, "kind": "movie", "event": event}), "event")


def test_another_address_leads_from_the_former_one(sign_in: SignIn, esha: User) -> None:
    title, other = TitleFactory(slug="sintel"), TitleFactory(slug="tears-of-steel")
    client = sign_in(esha)

    assert client.patch(of(title), {"revision": 0, "slug": "sintel-2010"}).json()["slug"] == "sintel-2010"
    assert FormerSlug.objects.get().slug == "sintel"
    with same_desk():
        refused_field(client.patch(of(other), {"revision": 0, "slug": "sintel"}), "slug", "unique")
        refused_field(client.post(TITLES, {"name": "New", "slug": "tears-of-steel"}), "slug", "unique")


# --- What is refused ---------------------------------------------------------------------------------


def test_a_stale_revision_overwrites_nothing(sign_in: SignIn, esha: User, omar: User) -> None:
    title = TitleFactory()
    theirs = sign_in(omar).patch(of(title), {"revision": 0, "name": "Theirs"})
    assert theirs.status_code == 200

    client = sign_in(esha)
    with same_desk():
        refused(client.patch(of(title), {"revision": 0, "name": "Mine"}), 409, "edit_conflict")
        stale = client.patch(of(title), {"name": "Mine"}, headers={"If-Match": '"0"'})
        refused(stale, 409, "edit_conflict")
        refused(client.delete(of(title), headers={"If-Match": '"0"'}), 409, "edit_conflict")


def test_a_change_and_a_deletion_say_which_revision_they_saw(sign_in: SignIn, esha: User) -> None:
    title, client = TitleFactory(), sign_in(esha)

    with same_desk():
        refused_field(client.patch(of(title), {"name": "Other"}), "revision", "required")
        refused_field(client.delete(of(title)), "revision", "required")
        for header in ("0", '"0x"', "*", 'W/"0"', '"0", "1"'):
            answer = client.patch(of(title), {"name": "Other"}, headers={"If-Match": header})
            refused_field(answer, "If-Match", "invalid")
        both = client.patch(of(title), {"name": "Other", "revision": 0}, headers={"If-Match": '"1"'})
        refused_field(both, "revision", "invalid")
        refused_field(client.patch(of(title), {"revision": 0}), "", "empty")
    assert client.patch(of(title), {"name": "Other"}, headers={"If-Match": '"0"'}).status_code == 200
    assert client.delete(of(title), headers={"If-Match": '"1"'}).status_code == 204
    assert not Title.objects.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("state", "published"),
        ("live_version", 1),
        ("authors", []),
        ("popularity", 9),
        ("id", "00000000-0000-4000-8000-000000000001"),
        ("public_id", "00000000-0000-4000-8000-000000000001"),
        ("assignee", "esha@example.com"),
        ("created_at", "2020-01-01T00:00:00Z"),
        ("seasons", []),
    ],
)
def test_nobody_sets_what_only_deeds_set(sign_in: SignIn, esha: User, name: str, value: Any) -> None:
    title, client = TitleFactory(), sign_in(esha)

    with same_desk():
        refused_field(client.patch(of(title), {"revision": 0, name: value}), name, "unknown_field")
        refused_field(client.post(TITLES, {"name": "New", name: value}), name, "unknown_field")


def test_a_new_title_has_no_revision_to_set(sign_in: SignIn, esha: User) -> None:
    refused_field(sign_in(esha).post(TITLES, {"name": "New", "revision": 7}), "revision", "unknown_field")


@pytest.mark.parametrize(
    ("given", "path", "code"),
    [
        ({"name": ""}, "name", "blank"),
        ({"name": 7}, "name", "invalid"),
        ({"kind": "opera"}, "kind", "invalid_choice"),
        ({"maturity": "PG"}, "maturity", "invalid_choice"),
        ({"maturity": 13}, "maturity", "invalid_choice"),
        ({"descriptors": ["none", "boredom"]}, "descriptors.1", "invalid_choice"),
        ({"original_language": "english"}, "original_language", "invalid"),
        ({"released_on": "2026-02-30"}, "released_on", "invalid"),
        ({"asset": "0" * 32}, "asset", "invalid"),
        ({"asset": str(uuid4())}, "asset", "does_not_exist"),
        ({"genres": ["nonsense"]}, "genres.0", "does_not_exist"),
        ({"tags": ["nonsense"]}, "tags.0", "does_not_exist"),
        ({"texts": {"fr": {"name": "Nom"}}}, "texts.fr", "unknown_field"),
        ({"texts": {"en": {"title": "Name"}}}, "texts.en.title", "unknown_field"),
        ({"texts": {"en": {"name": "x" * 201}}}, "texts.en.name", "max_length"),
        ({"texts": {"en": {"synopsis": "a\x00b"}}}, "texts.en.synopsis", ""),
        ({"credits": [{"person": str(uuid4()), "role": "actor"}]}, "credits.0.person", "does_not_exist"),
        ({"credits": [{"role": "actor"}]}, "credits.0.person", "required"),
        ({"segments": [{"kind": "intro", "start_ms": 9, "end_ms": 9}]}, "segments.0.end_ms", "invalid"),
        ({"segments": [{"kind": "intro", "start_ms": -1, "end_ms": 9}]}, "segments.0.start_ms", "min_value"),
        ({"external_ids": {"imdb": ""}}, "external_ids.imdb", "blank"),
        ({"external_ids": {"isbn": "1"}}, "external_ids.isbn", "unknown_field"),
        ({"event": {"sport": "Chess"}}, "event.competition", "required"),
        ({"slug": "no spaces"}, "slug", "invalid"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_stored(
    sign_in: SignIn, esha: User, given: dict[str, Any], path: str, code: str
) -> None:
    title, client = TitleFactory(), sign_in(esha)

    with same_desk():
        refused_field(client.patch(of(title), {"revision": 0, **given}), path, code)
        refused_field(client.post(TITLES, {"name": "New", **given}), path, code)


def test_what_the_database_promises_is_told_by_its_field(sign_in: SignIn, esha: User) -> None:
    taken = TitleFactory()
    taken.external_ids.create(scheme="imdb", value="tt1")
    person, title, client = PersonFactory(), TitleFactory(), sign_in(esha)
    credit = {"person": str(person.public_id), "role": "actor"}
    segment = {"kind": "intro", "start_ms": 0, "end_ms": 9}
    series_with_video = {"kind": "series", "asset": str(AssetFactory().public_id)}

    with same_desk():
        for given, path, code in (
            ({"external_ids": {"imdb": "tt1"}}, "external_ids", "unique"),
            ({"credits": [credit, credit]}, "credits.1", "unique"),
            ({"segments": [segment, segment]}, "segments.1", "unique"),
            (series_with_video, "asset", "invalid"),
        ):
            refused_field(client.patch(of(title), {"revision": 0, **given}), path, code)
            refused_field(client.post(TITLES, {"name": "New", **given}), path, code)


def test_a_kind_stays_where_it_has_to(sign_in: SignIn, esha: User, ravi: User, priya: User) -> None:
    series = TitleFactory(kind=Kind.SERIES)
    series.seasons.create(number=1)
    shown = TitleFactory(complete=True)
    went_live(shown, esha, ravi, priya)
    client = sign_in(esha)

    with same_desk():
        refused_field(client.patch(of(series), {"revision": 0, "kind": "movie"}), "kind", "invalid")
        refused_field(client.patch(of(shown), {"revision": 0, "kind": "sport"}), "kind", "fixed")


def test_a_title_in_review_is_locked(sign_in: SignIn, esha: User) -> None:
    title, client = TitleFactory(complete=True), sign_in(esha)
    publishing.submit(title, by=esha)

    with same_desk():
        refused(client.patch(of(title), {"revision": 0, "name": "Other"}), 409, "locked")
        refused(client.delete(of(title), headers={"If-Match": '"0"'}), 409, "locked")


def test_what_was_published_or_is_in_use_is_not_deleted(
    sign_in: SignIn, esha: User, ravi: User, priya: User
) -> None:
    title, client = TitleFactory(complete=True), sign_in(esha)
    went_live(title, esha, ravi, priya)
    publishing.revise(title, by=esha)

    with same_desk():
        refused(client.delete(of(title), headers={"If-Match": '"0"'}), 409, "was_published")
