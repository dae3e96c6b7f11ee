"""Seasons, episodes, extras and rights windows through the editorial API."""

import threading
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from apps.accounts.models import User
from apps.accounts.tests.steps import SignIn, refused, refused_field
from apps.catalog.models import (
    Artwork,
    Collection,
    CollectionItem,
    CollectionText,
    Contestant,
    Credit,
    Episode,
    EpisodeText,
    Event,
    ExternalId,
    Extra,
    ExtraText,
    Genre,
    GenreName,
    Kind,
    Person,
    PersonText,
    Release,
    ReleaseItem,
    Season,
    SeasonText,
    Segment,
    Tag,
    Team,
    Title,
    TitleText,
    Window,
)
from apps.catalog.services import promises, publishing
from apps.workflow.moves import State

from .cms import CMS, of, same_desk, went_live
from .factories import ArtworkFactory, AssetFactory, PersonFactory, TitleFactory, WindowFactory

pytestmark = pytest.mark.django_db
SEASONS, EPISODES, EXTRAS, WINDOWS = (
    f"{CMS}/{name}" for name in ("seasons", "episodes", "extras", "windows")
)


@pytest.fixture
def series(groups: None) -> Title:
    return TitleFactory(name="Demo Series", kind=Kind.SERIES)


def test_a_series_grows_season_by_episode(sign_in: SignIn, esha: User, series: Title) -> None:
    client, asset, person = sign_in(esha), AssetFactory(), PersonFactory(name="Asha")

    season = client.post(
        SEASONS, {"title": str(series.public_id), "number": 1, "texts": {"en": {"name": "The first"}}}
    )
    assert season.status_code == 201, season.content
    assert season.json() == {
        "id": str(Season.objects.get().public_id),
        "title": str(series.public_id),
        "revision": 1,
        "number": 1,
        "held": False,
        "texts": {"en": {"name": "The first", "tagline": "", "synopsis": ""}},
    }
    episode = client.post(
        EPISODES,
        {
            "season": season.json()["id"],
            "revision": 1,
            "number": 1,
            "name": "Pilot",
            "released_on": "2026-05-01",
            "asset": str(asset.public_id),
            "credits": [{"person": str(person.public_id), "role": "guest", "character": "Herself"}],
            "segments": [{"kind": "ad_break", "start_ms": 60_000, "end_ms": 60_000}],
            "external_ids": {"house": "E-1"},
        },
    )
    assert episode.status_code == 201, episode.content
    assert episode["ETag"] == '"2"'
    made = Episode.objects.get()
    assert episode.json() == {
        "id": str(made.public_id),
        "title": str(series.public_id),
        "revision": 2,
        "season": season.json()["id"],
        "number": 1,
        "name": "Pilot",
        "released_on": "2026-05-01",
        "asset": str(asset.public_id),
        "texts": {},
        "credits": [
            {"person": str(person.public_id), "name": "Asha", "role": "guest", "character": "Herself"}
        ],
        "segments": [{"kind": "ad_break", "start_ms": 60_000, "end_ms": 60_000}],
        "external_ids": {"house": "E-1"},
    }
    changed = client.patch(of(made), {"revision": 2, "number": 7, "asset": None})
    assert (changed.status_code, changed.json()["number"], changed.json()["asset"]) == (200, 7, None)
    assert client.delete(of(made), headers={"If-Match": changed["ETag"]}).status_code == 204
    series.refresh_from_db()
    assert (series.revision, list(series.authors.all())) == (4, [esha])


def test_numbers_are_taken_once(sign_in: SignIn, esha: User, series: Title) -> None:
    season = series.seasons.create(number=1)
    one, two = season.episodes.create(number=1), season.episodes.create(number=2)
    client, title = sign_in(esha), str(series.public_id)

    with same_desk():
        refused_field(client.post(SEASONS, {"title": title, "number": 1}), "number", "unique")
        answer = client.post(EPISODES, {"season": str(season.public_id), "number": 2})
        refused_field(answer, "number", "unique")
        refused_field(client.patch(of(two), {"revision": 0, "number": one.number}), "number", "unique")
        for wrong in (-1, 32_768, "1", 1.5, None):
            refused_field(client.post(SEASONS, {"title": title, "number": wrong}), "number")


def test_only_a_series_has_seasons(sign_in: SignIn, esha: User) -> None:
    movie = TitleFactory()

    with same_desk():
        answer = sign_in(esha).post(SEASONS, {"title": str(movie.public_id), "number": 1})

    refused_field(answer, "title", "invalid")


def test_an_extra_stands_beside_the_main_video(sign_in: SignIn, esha: User) -> None:
    title, client = TitleFactory(), sign_in(esha)
    made = client.post(EXTRAS, {"title": str(title.public_id), "name": "Trailer", "kind": "teaser"})

    assert made.status_code == 201, made.content
    extra = title.extras.get()
    assert made.json() == {
        "id": str(extra.public_id),
        "title": str(title.public_id),
        "revision": 1,
        "kind": "teaser",
        "name": "Trailer",
        "asset": None,
        "order": 0,
        "texts": {},
    }
    changed = client.patch(of(extra), {"revision": 1, "texts": {"hi": {"name": "ट्रेलर"}}})
    assert changed.json()["texts"]["hi"]["name"] == "ट्रेलर"
    assert client.delete(of(extra), headers={"If-Match": '"2"'}).status_code == 204


def test_a_window_says_where_when_and_for_whom(sign_in: SignIn, esha: User, series: Title) -> None:
    season, client = series.seasons.create(number=1), sign_in(esha)
    body = {
        "scope": "only",
        "countries": ["IN", "NP"],
        "tier": "premium",
        "starts_at": "2027-01-01T00:00:00+05:30",
        "ends_at": "2028-01-01T00:00:00Z",
        "max_height": 1080,
        "languages": ["hi", "ta"],
    }
    made = client.post(WINDOWS, {"season": str(season.public_id), **body})

    assert made.status_code == 201, made.content
    window = Window.objects.get()
    assert made.json() == body | {
        "id": str(window.public_id),
        "title": None,
        "season": str(season.public_id),
        "episode": None,
        "revision": 1,
        "starts_at": "2026-12-31T18:30:00Z",
    }
    assert (window.season, window.tier) == (season, 10)
    changed = client.patch(of(window), {"revision": 1, "scope": "everywhere", "countries": []})
    assert (changed.status_code, changed.json()["countries"]) == (200, [])


@pytest.mark.parametrize(
    ("given", "path", "code"),
    [
        ({"scope": "only"}, "countries", "invalid"),
        ({"countries": ["IN"]}, "countries", "invalid"),
        ({"scope": "only", "countries": ["in"]}, "countries.0", "invalid_choice"),
        ({"scope": "only", "countries": ["IN", "XX"]}, "countries.1", "invalid_choice"),
        ({"scope": "only", "countries": "IN"}, "countries", "not_a_list"),
        ({"scope": "nowhere"}, "scope", "invalid_choice"),
        ({"tier": 10}, "tier", "invalid_choice"),
        ({"tier": "gold"}, "tier", "invalid_choice"),
        ({"starts_at": "2027-01-01T00:00:00"}, "starts_at", "zone"),
        ({"starts_at": "2027-01-01"}, "starts_at", ""),
        ({"starts_at": "2027-01-01T00:00:00Z", "ends_at": "2027-01-01T00:00:00Z"}, "ends_at", "invalid"),
        ({"max_height": 100}, "max_height", "min_value"),
        ({"languages": ["Hindi"]}, "languages.0", "invalid"),
    ],
)
def test_a_wrong_window_is_refused_by_its_field(
    sign_in: SignIn, esha: User, given: dict[str, Any], path: str, code: str
) -> None:
    title = TitleFactory()
    window, client = WindowFactory(title=title), sign_in(esha)

    with same_desk():
        refused_field(client.post(WINDOWS, {"title": str(title.public_id), **given}), path, code)
        refused_field(client.patch(of(window), {"revision": 0, **given}), path, code)


def test_a_window_belongs_to_exactly_one_thing(sign_in: SignIn, esha: User, series: Title) -> None:
    season, client = series.seasons.create(number=1), sign_in(esha)
    both = {"title": str(series.public_id), "season": str(season.public_id)}
    window = WindowFactory(season=season)

    with same_desk():
        refused_field(client.post(WINDOWS, {}), "title")
        refused_field(client.post(WINDOWS, both), "title")
        refused_field(client.post(WINDOWS, {"title": str(uuid4())}), "title", "does_not_exist")
        moved = {"revision": 0, "title": str(series.public_id)}
        refused_field(client.patch(of(window), moved), "title", "unknown_field")


def test_every_promise_of_the_tables_has_words_for_editors() -> None:
    """Of those that a caller can break; whose row it is, and what services write, cannot be said wrong."""
    services = {"done_releases_ran", "artwork_of_one_thing", "window_of_one_thing",
                "credit_in_one_thing", "segment_in_one_thing", "external_id_of_one_thing"}  # fmt: skip
    tables = [
        Title, TitleText, Season, SeasonText, Episode, EpisodeText, Extra, ExtraText, Window, Credit, Segment,
        ExternalId, Event, Contestant, Artwork, Person, PersonText, Genre, GenreName, Tag, Team, Collection,
        CollectionText, CollectionItem, Release, ReleaseItem,
    ]  # fmt: skip
    promised = {constraint.name for table in tables for constraint in table._meta.constraints}

    assert promised - promises.PROMISES.keys() == services
    with connection.cursor() as cursor:
        cursor.execute("SELECT conname FROM pg_constraint UNION SELECT indexname FROM pg_indexes")
        assert promises.PROMISES.keys() <= {name for (name,) in cursor.fetchall()}


# --- One save at a time ------------------------------------------------------------------------------


def test_all_under_a_title_shares_its_revision(sign_in: SignIn, esha: User, series: Title) -> None:
    season = series.seasons.create(number=1)
    episode, window = season.episodes.create(number=1), WindowFactory(season=season)
    extra = series.extras.create(name="Trailer")
    client = sign_in(esha)
    assert client.patch(of(season), {"revision": 0, "held": True}).json()["revision"] == 1

    with same_desk():
        for thing, change in (
            (season, {"held": False}),
            (episode, {"name": "Pilot"}),
            (window, {"tier": "premium"}),
            (extra, {"order": 3}),
        ):
            refused(client.patch(of(thing), {"revision": 0, **change}), 409, "edit_conflict")
            refused_field(client.patch(of(thing), change), "revision", "required")
            refused(client.delete(of(thing), headers={"If-Match": '"0"'}), 409, "edit_conflict")
            refused_field(client.delete(of(thing)), "revision", "required")
        stale = {"season": str(season.public_id), "number": 2, "revision": 0}
        refused(client.post(EPISODES, stale), 409, "edit_conflict")


def test_a_change_under_a_live_title_takes_it_back_to_draft_and_stays_off_the_shelf(
    sign_in: SignIn, esha: User, ravi: User, priya: User
) -> None:
    series = TitleFactory(kind=Kind.SERIES, complete=True)
    went_live(series, esha, ravi, priya)
    shelf = list(series.listing.documents.values_list("document", flat=True))
    episode = Episode.objects.filter(season__title=series).first()
    assert episode
    revision = series.revision
    answer = sign_in(esha).patch(of(episode), {"revision": revision, "name": "Renamed"})

    assert answer.status_code == 200, answer.content
    series.refresh_from_db()
    assert (series.state, series.is_live, series.revision) == (State.DRAFT, True, revision + 1)
    assert list(series.listing.documents.values_list("document", flat=True)) == shelf
    assert series.authors.get() == esha


def test_nothing_under_a_title_in_review_changes(sign_in: SignIn, esha: User) -> None:
    series = TitleFactory(kind=Kind.SERIES, complete=True)
    publishing.submit(series, by=esha)
    season, client, title = series.seasons.get(), sign_in(esha), str(series.public_id)

    with same_desk():
        refused(client.post(SEASONS, {"title": title, "number": 2}), 409, "locked")
        refused(client.post(EPISODES, {"season": str(season.public_id), "number": 9}), 409, "locked")
        refused(client.post(EXTRAS, {"title": title, "name": "Trailer"}), 409, "locked")
        refused(client.post(WINDOWS, {"title": title}), 409, "locked")
        refused(client.patch(of(season), {"revision": 0, "held": True}), 409, "locked")
        refused(client.delete(of(season), headers={"If-Match": '"0"'}), 409, "locked")


def test_a_dropped_season_takes_its_episodes_and_leaves_pictures_to_versions(
    sign_in: SignIn, esha: User, series: Title
) -> None:
    season = series.seasons.create(number=1)
    episode = season.episodes.create(number=1)
    still = ArtworkFactory(episode=episode, kind=Artwork.Kind.STILL)

    assert sign_in(esha).delete(of(season), headers={"If-Match": '"0"'}).status_code == 204
    assert not Episode.objects.exists()
    still.refresh_from_db()
    assert (still.title, still.dropped) == (series, True)


@pytest.mark.django_db(transaction=True)
def test_of_two_editors_who_add_the_same_number_at_once_one_is_refused(
    sign_in: SignIn, esha: User, omar: User
) -> None:
    series = TitleFactory(kind=Kind.SERIES)
    clients = [sign_in(esha), sign_in(omar)]
    gate, answers = threading.Barrier(2), []

    def add(client: Any) -> None:
        gate.wait(10)
        answers.append(client.post(SEASONS, {"title": str(series.public_id), "number": 1}))
        connection.close()

    threads = [threading.Thread(target=add, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted(answer.status_code for answer in answers) == [201, 400]
    refused_field(next(one for one in answers if one.status_code == 400), "number", "unique")
    series.refresh_from_db()
    assert (series.seasons.count(), series.revision) == (1, 1)


# --- Lists and permissions ---------------------------------------------------------------------------


def test_lists_are_narrowed_to_an_owner(sign_in: SignIn, ravi: User, series: Title) -> None:
    first, second = series.seasons.create(number=1), series.seasons.create(number=2)
    elsewhere = TitleFactory(kind=Kind.SERIES).seasons.create(number=1)
    for season in (first, second, elsewhere):
        season.episodes.create(number=1)
        WindowFactory(season=season)
    client = sign_in(ravi)

    def found(path: str, **query: Any) -> int:
        answer = client.get(path, {name: str(one.public_id) for name, one in query.items()})
        assert answer.status_code == 200, answer.content
        return len(answer.json()["results"])

    assert (found(SEASONS), found(SEASONS, title=series)) == (3, 2)
    assert (found(EPISODES, title=series), found(EPISODES, season=second)) == (2, 1)
    assert (found(EPISODES, title=series, season=elsewhere), found(WINDOWS, season=first)) == (0, 1)
    refused_field(client.get(SEASONS, {"title": "nonsense"}), "title", "invalid")


def test_a_reviewer_reads_and_changes_nothing(sign_in: SignIn, ravi: User, series: Title) -> None:
    season = series.seasons.create(number=1)
    episode, window = season.episodes.create(number=1), WindowFactory(title=series)
    extra = series.extras.create(name="Trailer")
    client = sign_in(ravi)

    with same_desk():
        for path, body in (
            (SEASONS, {"title": str(series.public_id), "number": 2}),
            (EPISODES, {"season": str(season.public_id), "number": 2}),
            (EXTRAS, {"title": str(series.public_id), "name": "Teaser"}),
            (WINDOWS, {"title": str(series.public_id)}),
        ):
            assert client.get(path).status_code == 200
            refused(client.post(path, body), 403, "permission_denied")
        for thing, change in (
            (season, {"held": True}),
            (episode, {"name": "Pilot"}),
            (window, {"tier": "premium"}),
            (extra, {"order": 1}),
        ):
            assert client.get(of(thing)).status_code == 200
            refused(client.patch(of(thing), {"revision": 0, **change}), 403, "permission_denied")
            refused(client.delete(of(thing), headers={"If-Match": '"0"'}), 403, "permission_denied")
