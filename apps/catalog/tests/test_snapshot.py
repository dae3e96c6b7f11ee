import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.catalog import snapshot, sources
from apps.catalog.models import Credit, Extra, Season, Title

from .desks import NOON, episode, match, movie, series
from .factories import ArtworkFactory, GenreFactory, PersonFactory, TitleFactory, WindowFactory

pytestmark = pytest.mark.django_db
MOST_QUERIES = 25


def queries(*titles: Title) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        snapshot.take_many(titles)
    return len(captured)


def names(source: dict[str, Any], key: str) -> list[str]:
    return [one["name"] for one in source[key]]


def test_a_bare_draft_has_every_key_and_nothing_in_them() -> None:
    title = TitleFactory(name="Fish", slug="fish")

    assert snapshot.take(title).source == {
        "id": str(title.public_id), "kind": "movie", "name": "Fish", "slug": "fish",
        "original_language": "en", "released_on": None, "maturity": None, "descriptors": [],
        "announced": False, "asset": None, "texts": {}, "genres": [], "tags": [], "external_ids": {},
        "event": None, "credits": [], "artworks": [], "windows": [], "segments": [], "extras": [],
        "seasons": [],
    }  # fmt: skip


def test_a_movie_is_told_in_full() -> None:
    title = movie(name="Fish")
    source = snapshot.take(title).source

    assert source["released_on"] == "2008-04-10"
    assert source["asset"] == str(title.asset.public_id)
    assert source["genres"] == ["action", "comedy"]
    assert source["tags"] == ["open"]
    assert source["external_ids"] == {"imdb": f"tt{title.pk}"}
    assert source["texts"]["en"] == {
        "name": "Fish", "tagline": "A tagline.", "synopsis": "A long story.", "advice": "Some violence.",
    }  # fmt: skip
    assert [one["role"] for one in source["credits"]] == ["director", "actor"]
    assert source["windows"][0] | {"id": ""} == {
        "id": "", "scope": "only", "countries": ["IN", "NP"], "tier": 10, "starts_at": "2026-05-01T12:00:00Z",
        "ends_at": None, "max_height": None, "languages": [],
    }  # fmt: skip
    assert [one["kind"] for one in source["artworks"]] == ["backdrop", "poster"]
    assert source["extras"][0]["texts"] == {"hi": {"name": "झलक", "tagline": "", "synopsis": ""}}
    assert source["segments"][0]["start_ms"] == 500_000


def test_a_series_has_its_seasons_and_episodes_by_number() -> None:
    title = series(seasons=1, episodes=0)
    season = title.seasons.get()
    late, early = episode(season, 7), episode(season, 3)
    Season.objects.create(title=title, number=0)
    seasons = snapshot.take(title).source["seasons"]

    assert [one["number"] for one in seasons] == [0, 1]
    assert [one["id"] for one in seasons[1]["episodes"]] == [str(early.public_id), str(late.public_id)]
    told = seasons[1]["episodes"][0]
    assert told["external_ids"] == {"tvdb": str(early.pk)}
    assert told["windows"][0]["ends_at"] == "2026-05-01T12:00:00Z"
    assert [len(told[key]) for key in ("credits", "artworks", "windows", "segments")] == [1, 1, 1, 1]


def test_an_event_names_its_teams_the_home_team_first() -> None:
    taken = snapshot.take(match())

    assert taken.source["event"]["contestants"] == ["sri-lanka", "india"]
    assert taken.source["event"]["kick_off_at"] == "2026-05-01T12:00:00Z"
    assert taken.facts["teams"]["india"] == {"name": "India", "short_name": ""}


@pytest.mark.parametrize("made", [movie, series, match])
def test_a_snapshot_survives_json_and_is_the_same_each_time(made: Any) -> None:
    title = made()
    taken = snapshot.take(title)

    assert json.loads(json.dumps(taken.source)) == taken.source
    assert json.loads(json.dumps(taken.facts)) == taken.facts
    assert json.dumps(snapshot.take(title).source) == json.dumps(taken.source)


def test_dropped_pictures_are_not_at_the_desk() -> None:
    title = movie()
    dropped = ArtworkFactory(title=title, dropped=True)

    assert str(dropped.public_id) not in json.dumps(snapshot.take(title).source)


def test_facts_tell_of_people_videos_and_pictures() -> None:
    title = movie()
    facts = snapshot.take(title).facts

    director = next(one for one in facts["people"].values() if one["name"] == "Ton Roosendaal")
    assert director["names"] == {"hi": "टॉन"}
    assert facts["genres"]["comedy"] == {"name": "Comedy", "names": {"hi": "हास्य"}}
    assert facts["tags"] == {"open": "Open film"}
    assert facts["assets"][str(title.asset.public_id)] == {
        "state": "ready", "placeholder": False, "duration_ms": 600_000, "heights": [360, 720],
        "audio": ["en"], "subtitles": ["en", "hi"],
    }  # fmt: skip
    assert len(facts["assets"]) == 3
    assert {one["state"] for one in facts["artworks"].values()} == {"ready"}


def test_held_seasons_are_left_out_of_what_is_published_unless_they_are_released() -> None:
    title = series(seasons=3)
    second, third = title.seasons.filter(number__gt=1)
    title.seasons.filter(number__gt=1).update(held=True)

    def numbers(source: Any) -> list[int]:
        return [one["number"] for one in source["seasons"]]

    assert numbers(snapshot.take(title).source) == [1, 2, 3]
    assert numbers(sources.without_held(snapshot.take(title).source)) == [1]
    assert numbers(sources.without_held(snapshot.take(title, releasing=[third.pk]).source)) == [1, 3]
    assert Season.objects.get(pk=second.pk).held


def test_the_number_of_queries_does_not_depend_on_the_size() -> None:
    small, large = series(seasons=1, episodes=1), series(seasons=3, episodes=4)
    cup = match()

    assert queries(small) == queries(large) == queries(small, large) <= MOST_QUERIES
    assert queries(cup, small, large) <= MOST_QUERIES


def test_several_titles_are_taken_as_each_by_itself_in_the_order_asked_for() -> None:
    titles: list[Title] = [series(), movie(), match(), TitleFactory()]

    assert [one.source for one in snapshot.take_many(titles)] == [snapshot.take(one).source for one in titles]
    assert snapshot.take_many([]) == []


def test_equals_keep_the_order_in_which_they_were_added() -> None:
    title = TitleFactory()
    credited = [Credit.objects.create(title=title, person=PersonFactory()) for _ in range(5)]
    extras = [Extra.objects.create(title=title, name=str(number)) for number in range(5)]
    windows = [WindowFactory(title=title, starts_at=NOON) for _ in range(5)]
    WindowFactory(title=title, starts_at=NOON - timedelta(days=1))
    source = snapshot.take(title).source

    assert [one["id"] for one in source["credits"]] == [str(one.public_id) for one in credited]
    assert names(source, "extras") == [one.name for one in extras]
    assert [one["id"] for one in source["windows"]][1:] == [str(one.public_id) for one in windows]


def test_names_are_those_of_all_that_the_sources_refer_to() -> None:
    title = match()
    source = snapshot.take(title).source
    other = GenreFactory(slug="drama", name="Drama")
    found = snapshot.names_of(source, {**source, "genres": [other.slug, "gone"]})

    assert found["drama"] == "Drama"
    assert found["comedy"] == "Comedy"
    assert found["open"] == "Open film"
    assert found["india"] == "India"
    assert found[str(title.asset.public_id)] == title.asset.name
    assert "Ton Roosendaal" in found.values()
    assert "gone" not in found
