import json
from typing import Any

import pytest

from apps.catalog import compile as compiling
from apps.catalog import snapshot
from apps.catalog.compile import Compiled
from apps.catalog.models import Artwork, Season, Title, TitleText, TitleVersion, Window
from apps.media.models import Asset, AudioTrack

from .desks import VARIANTS, match, movie, series, version
from .factories import ArtworkFactory, AssetFactory, TitleFactory

pytestmark = pytest.mark.django_db
POSTER = Artwork.Kind.POSTER


def compiled(title: Title) -> Compiled:
    taken = snapshot.take(title)
    return compiling.compile(taken.source, taken.facts)


def card(title: Title, language: str = "en") -> Any:
    return compiled(title).documents[language]["card"]


def document(title: Title, language: str = "en") -> Any:
    return compiled(title).documents[language]["document"]


def integers(value: Any) -> set[int]:
    if isinstance(value, dict):
        return {one for inner in value.values() for one in integers(inner)}
    if isinstance(value, list):
        return {one for inner in value for one in integers(inner)}
    return {value} if isinstance(value, int) else set()


def test_there_is_a_document_in_every_language_of_the_site() -> None:
    documents = compiled(movie(name="Fish")).documents

    assert list(documents) == ["en", "hi"]
    assert [one["name"] for one in documents.values()] == ["Fish", "फ़िल्म"]


def test_a_card_shows_what_lists_need() -> None:
    title = movie(name="Fish", slug="fish")
    told = card(title)

    assert told["artwork"].keys() == {"poster", "backdrop"}
    assert {name: value for name, value in told.items() if name != "artwork"} == {
        "id": str(title.public_id), "slug": "fish", "kind": "movie", "name": "Fish",
        "tagline": "A tagline.", "year": 2008,
        "maturity": {"value": 13, "label": "U/A 13+", "descriptors": ["violence", "language"]},
        "genres": [{"slug": "action", "name": "Action"}, {"slug": "comedy", "name": "Comedy"}],
        "tier": "free", "languages": ["en"], "duration_ms": 600_000,
    }  # fmt: skip


def test_a_document_is_the_card_and_the_rest() -> None:
    title = movie()
    told = document(title)

    assert told | {"artwork": 0} == told | card(title) | {"artwork": 0}
    assert (told["synopsis"], told["advice"]) == ("A long story.", "Some violence.")
    assert told["tracks"] == {"audio": ["en"], "subtitles": ["en", "hi"], "heights": [360, 720]}
    assert told["segments"] == [{"kind": "credits", "start_ms": 500_000, "end_ms": 600_000}]
    assert [one["role"] for one in told["credits"]] == ["director", "actor"]
    assert told["credits"][1]["character"] == "The hero"
    assert (told["seasons"], told["event"], told["placeholder"]) == ([], None, False)


def test_texts_fall_back_field_by_field() -> None:
    title = movie(name="Fish")
    told = document(title, "hi")

    assert (told["name"], told["synopsis"]) == ("फ़िल्म", "A long story.")
    assert [one["name"] for one in told["genres"]] == ["Action", "हास्य"]
    assert told["credits"][0]["person"]["name"] == "टॉन"
    assert told["extras"][0]["name"] == "झलक"


def test_a_title_without_texts_goes_by_its_working_name() -> None:
    assert card(TitleFactory(name="Fish"))["name"] == "Fish"


def test_only_extras_that_can_be_played_are_shown() -> None:
    extras = document(movie())["extras"]

    assert [(one["kind"], one["duration_ms"]) for one in extras] == [("trailer", 90_000)]


def test_a_placeholder_is_marked() -> None:
    title = series(seasons=1, episodes=1)
    Asset.objects.filter(episodes__season__title=title).update(placeholder=True)

    assert document(movie(asset=AssetFactory(placeholder=True)))["placeholder"] is True
    assert document(title)["seasons"][0]["episodes"][0]["placeholder"] is True


def test_a_series_counts_its_seasons_without_the_specials() -> None:
    title = series(seasons=2, episodes=3)
    Season.objects.create(title=title, number=0)
    told = card(title)

    assert (told["season_count"], told["episode_count"]) == (2, 6)
    assert "duration_ms" not in told


def test_a_series_lists_its_episodes() -> None:
    seasons = document(series(seasons=2))["seasons"]

    assert [(one["number"], one["name"]) for one in seasons] == [(1, "Part 1"), (2, "Part 2")]
    episode = seasons[0]["episodes"][1]
    assert (episode["number"], episode["name"], episode["synopsis"]) == (2, "Chapter 2", "It goes on.")
    assert episode["duration_ms"] == 600_000
    assert episode["artwork"]["still"]["width"] == 1280
    assert episode["segments"] == [{"kind": "intro", "start_ms": 1000, "end_ms": 30_000}]
    assert episode["credits"][0]["role"] == "guest"


def test_seasons_that_are_held_back_leave_no_trace() -> None:
    title = series(seasons=2)
    before = compiled(title)
    held = title.seasons.get(number=2)
    held.held = True
    held.save()
    after = compiled(title)

    assert after.documents["en"]["card"]["season_count"] == 1
    assert str(held.public_id) in json.dumps([before.documents, before.columns])
    assert str(held.public_id) not in json.dumps([after.documents, after.columns])
    assert len(after.columns["people"]) == len(before.columns["people"]) - 2


def test_a_match_tells_who_plays_when() -> None:
    told = card(match())

    assert told["kick_off_at"] == "2026-05-01T12:00:00Z"
    assert [one["slug"] for one in told["teams"]] == ["sri-lanka", "india"]
    assert document(match())["event"]["competition"] == "World Cup"


def test_pictures_have_addresses_on_the_site() -> None:
    title = movie()
    poster = title.artworks.get(kind=POSTER)
    told = card(title)["artwork"]["poster"]

    assert told["variants"][0] == {
        "url": f"/images/{poster.public_id}/200.avif", "format": "avif", "width": 200, "height": 300,
    }  # fmt: skip
    assert len(told["variants"]) == len(VARIANTS)
    assert (told["focal"], told["alt"]) == ({"x": 0.25, "y": 0.5}, "A picture.")
    assert "artwork/" not in json.dumps(compiled(title).documents)


def test_a_picture_in_the_language_comes_before_one_for_all_and_that_before_others() -> None:
    title = TitleFactory(original_language="ta")
    made: dict[str, Artwork] = {}
    for language in ("bn", "ta", "en", "", "hi"):
        made[language] = ArtworkFactory(title=title, kind=POSTER, language=language)

    for language in ("hi", "", "en", "ta", "bn"):
        chosen = card(title, "hi")["artwork"]["poster"]
        assert chosen["id"] == str(made[language].public_id)
        made[language].delete()
    assert card(title, "hi")["artwork"]["poster"] is None


def test_of_two_equal_pictures_the_newer_is_shown_and_unprepared_ones_never() -> None:
    title = TitleFactory()
    ArtworkFactory(title=title)
    newer = ArtworkFactory(title=title)
    ArtworkFactory(title=title, state=Artwork.State.UPLOADED)

    assert card(title)["artwork"]["poster"]["id"] == str(newer.public_id)


def test_columns_are_what_filters_ask_for() -> None:
    title = series(seasons=1, episodes=2)
    episode = title.seasons.get().episodes.get(number=2)
    AudioTrack.objects.create(asset=episode.asset, language="bn")
    columns = compiled(title).columns

    assert columns["genres"] == ["action", "comedy"]
    assert columns["tags"] == ["open"]
    assert columns["languages"] == ["bn", "en"]
    assert (columns["year"], columns["released_on"], columns["maturity"]) == (2008, "2008-04-10", 13)
    assert len(columns["people"]) == 4
    assert len(columns["windows"]) == 2


def test_the_tier_is_the_lowest_that_any_window_asks_for() -> None:
    title = movie()
    assert compiled(title).columns["tier"] == 0

    Window.objects.filter(title=title, tier=0).delete()
    assert card(title)["tier"] == "premium"


def test_what_is_not_rated_counts_as_for_adults_and_without_windows_as_premium() -> None:
    told = compiled(TitleFactory())

    assert (told.columns["maturity"], told.columns["tier"]) == (18, 10)
    assert told.documents["en"]["card"]["maturity"] is None


def test_offers_are_the_windows_level_by_level() -> None:
    title = series(seasons=1, episodes=1)
    source = snapshot.take(title).source
    season = source["seasons"][0]
    episode = season["episodes"][0]

    assert compiled(title).columns["offers"] == {
        "title": source["windows"],
        "seasons": {season["id"]: season["windows"]},
        "episodes": {episode["id"]: {"season": season["id"], "windows": episode["windows"]}},
    }


@pytest.mark.parametrize("made", [movie, series, match])
def test_compiling_is_pure_and_no_inner_id_gets_out(made: Any) -> None:
    title = made(pk=987_654_321)
    taken = snapshot.take(title)
    before = json.dumps([taken.source, taken.facts])
    first, second = compiling.compile(taken.source, taken.facts), compiled(title)

    assert first == second
    assert json.dumps([taken.source, taken.facts]) == before
    assert 987_654_321 not in integers([first.documents, first.columns])


def test_a_checksum_holds_for_what_was_stored_and_for_nothing_else() -> None:
    stored = TitleVersion.objects.get(pk=version(series()).pk)
    parts: Any = [stored.source, stored.columns, stored.documents]

    assert compiling.checksum(*parts) == stored.checksum
    for index, part in enumerate(parts):
        changed = [*parts]
        changed[index] = {**part, "x": 1}
        assert compiling.checksum(*changed) != stored.checksum


def test_a_text_without_words_changes_nothing() -> None:
    title = TitleFactory(name="Fish")
    TitleText.objects.create(title=title, language="hi")

    assert card(title, "hi")["name"] == "Fish"
