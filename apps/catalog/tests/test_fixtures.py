"""The fixtures: what they hold, and that loading them again does no harm."""

from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db.models import Q

from apps.accounts.maturity import Maturity
from apps.accounts.models import User
from apps.catalog.management.clips import CLIPS, film_for, videos_of
from apps.catalog.management.commands.demo_catalogue import FIXTURES
from apps.catalog.models import Genre, Kind, Listing, Person, Title
from apps.catalog.services import contents, publishing
from apps.media.models import Asset, AssetState, Rendition
from apps.workflow.moves import State

from .factories import ArtworkFactory, load_groups

pytestmark = pytest.mark.django_db

# As in the specification: kind, rating, premium or not, genres, highest rung, audio, subtitles.
SPECIFIED = {
    "big-buck-bunny": (Kind.MOVIE, Maturity.U, 0, ["comedy", "kids"], 720, "en", "en hi"),
    "sintel": (Kind.MOVIE, Maturity.UA_13, 0, ["action", "drama"], 1080, "en", "en"),
    "tears-of-steel": (Kind.MOVIE, Maturity.UA_13, 10, ["action", "sci-fi"], 1080, "en hi", "en hi"),
    "demo-series": (Kind.SERIES, Maturity.UA_7, 0, ["drama"], 720, "en", "en"),
}


def load() -> None:
    call_command("loaddata", *FIXTURES, verbosity=0)


@pytest.fixture
def loaded(db: None) -> None:
    load()


def counts() -> dict[str, int]:
    return {
        model._meta.label: model._default_manager.count()
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed
    }


def publish(title: Title, esha: User, ravi: User, priya: User) -> None:
    for kind in ("poster", "backdrop"):
        ArtworkFactory(title=title, kind=kind)
    Asset.objects.update(state=AssetState.READY, duration_ms=24_000)
    title.authors.add(esha)
    publishing.submit(title, by=esha)
    publishing.approve(title, by=ravi)
    publishing.publish(title, by=priya)


def test_the_groups_of_tests_are_those_that_are_loaded() -> None:
    def groups() -> set[tuple[str, str, str]]:
        rows = Group.objects.values_list("name", "permissions__codename", "permissions__content_type__model")
        return set(rows)

    load_groups()
    load_groups()
    ours = groups()
    Group.objects.all().delete()
    call_command("loaddata", "groups", verbosity=0)

    assert ours == groups()


@pytest.mark.parametrize("slug", SPECIFIED)
def test_the_specified_titles_are_there(loaded: None, slug: str) -> None:
    kind, maturity, tier, genres, height, audio, subtitles = SPECIFIED[slug]

    title = Title.objects.get(slug=slug)

    assert (title.kind, title.maturity, title.state) == (kind, maturity, State.DRAFT)
    assert sorted(title.genres.values_list("slug", flat=True)) == genres
    window = title.windows.get()
    assert (window.scope, window.tier, window.starts_at, window.ends_at) == ("everywhere", tier, None, None)
    for film in map(film_for, videos_of(title)):
        assert (film.height, " ".join(film.audio), " ".join(film.names)) == (height, audio, subtitles)


def test_videos_are_still_to_come_and_say_that_they_are_short(loaded: None) -> None:
    assert Asset.objects.count() == len(CLIPS)
    for asset in Asset.objects.all():
        assert (asset.state, asset.placeholder, asset.duration_ms) == (AssetState.UPLOADING, False, None)
        assert asset.name.endswith(f", demonstration clip of {film_for(asset).seconds} seconds")
    assert not Rendition.objects.exists()


def test_segments_lie_within_the_films_and_are_named_in_them(loaded: None) -> None:
    for asset in Asset.objects.all():
        film = film_for(asset)
        assert film.parts
        assert all(0 <= part.start_ms < part.end_ms <= film.seconds * 1000 for part in film.parts)
        told = " ".join(film.label(scene) for scene in range(film.scenes))
        assert all(part.name in told for part in film.parts)


def test_every_film_is_another_one(loaded: None) -> None:
    films = [film_for(asset) for asset in Asset.objects.all()]

    assert len({film.title for film in films}) == len({film.seed for film in films}) == len(films)


def test_hindi_subtitles_have_the_hindi_title(loaded: None) -> None:
    (bunny,) = videos_of(Title.objects.get(slug="big-buck-bunny"))

    assert film_for(bunny).names == {"en": "Big Buck Bunny", "hi": "बिग बक बनी"}


def test_the_series_has_a_season_of_three_episodes(loaded: None) -> None:
    season = Title.objects.get(slug="demo-series").seasons.get()

    assert season.number == 1
    assert [one.number for one in season.episodes.all()] == [1, 2, 3]
    for episode in season.episodes.all():
        assert {text.language for text in episode.texts.exclude(synopsis="")} == {"en", "hi"}
        assert set(episode.segments.values_list("kind", flat=True)) >= {"intro", "credits"}


@pytest.mark.parametrize("slug", SPECIFIED)
def test_they_read_well_in_both_languages_and_lack_nothing_but_pictures_and_videos(
    loaded: None, slug: str
) -> None:
    title = Title.objects.get(slug=slug)

    texts = {text.language: text for text in title.texts.all()}
    assert texts.keys() == {"en", "hi"}
    assert all(text.name and text.tagline and text.synopsis and text.advice for text in texts.values())
    assert any("\u0900" <= letter <= "\u097f" for letter in texts["hi"].synopsis)
    unmet = [gate.code for gate in publishing.checklist(title) if not gate.met]
    video = "episodes_ready" if title.kind == Kind.SERIES else "asset_ready"
    assert unmet == [video, "has_poster", "has_backdrop"]
    assert title.credits.filter(role="director").exists()


def test_every_genre_has_its_hindi_name(loaded: None) -> None:
    assert Genre.objects.count() >= 20
    assert not Genre.objects.exclude(names__language="hi").exists()


def test_invented_people_say_that_they_are(loaded: None) -> None:
    of_the_series = Person.objects.filter(Q(credits__title__slug="demo-series")).distinct()

    assert of_the_series.count() == 5
    for person in of_the_series:
        assert "Invented" in person.texts.get(language="en").biography


def test_a_second_time_adds_and_changes_nothing(groups: None) -> None:
    load()
    before = counts()
    ids = {model: list(model._default_manager.values_list("pk", flat=True)) for model in (Title, Person)}

    load()

    assert counts() == before
    assert {model: list(model._default_manager.values_list("pk", flat=True)) for model in ids} == ids


def test_what_is_live_stays_live_when_its_fixture_is_loaded_again(
    loaded: None, esha: User, ravi: User, priya: User
) -> None:
    title = Title.objects.get(slug="sintel")
    publish(title, esha, ravi, priya)
    Title.objects.update(popularity=7)
    before: dict[str, Any] = {**Title.objects.filter(pk=title.pk).values().get()}
    shown = Listing.objects.values().get()

    load()

    after: dict[str, Any] = {**Title.objects.filter(pk=title.pk).values().get()}
    assert {name for name in after if after[name] != before[name]} <= {"updated_at"}
    assert Listing.objects.values().get() == shown
    title.refresh_from_db()
    assert title.state == State.PUBLISHED
    assert title.is_live
    assert publishing.pending_changes(title) == []


def test_what_was_uploaded_meanwhile_stays_when_the_fixtures_are_loaded_again(loaded: None) -> None:
    asset = Asset.objects.order_by("pk")[0]
    Asset.objects.filter(pk=asset.pk).update(
        state=AssetState.READY, duration_ms=24_000, name="Another cut", master_key="masters/one"
    )
    Rendition.objects.create(asset=asset, height=720, key="assets/one/v720.mp4")
    before = list(Asset.objects.order_by("pk").values())

    load()

    assert list(Asset.objects.order_by("pk").values()) == before
    assert asset.renditions.get().key == "assets/one/v720.mp4"


def test_the_desk_goes_back_to_the_fixture_and_viewers_see_nothing_of_it(
    loaded: None, esha: User, ravi: User, priya: User
) -> None:
    """So that the fixtures can be told from what editors made of them: the diff shows it."""
    title = Title.objects.get(slug="sintel")
    publish(title, esha, ravi, priya)
    contents.change_title(title, by=esha, texts={"en": {"tagline": "Another one."}})
    document = Listing.objects.get().documents.get(language="en").document

    load()

    title.refresh_from_db()
    assert title.state == State.DRAFT
    assert title.is_live
    assert title.authors.get() == esha
    assert publishing.pending_changes(title) == []
    assert Listing.objects.get().documents.get(language="en").document == document


@pytest.mark.parametrize("state", [State.IN_REVIEW, State.APPROVED, State.ARCHIVED, State.UNPUBLISHED])
def test_no_state_is_lost(loaded: None, esha: User, state: Any) -> None:
    Title.objects.filter(slug="sintel").update(
        state=state, revision=5, assignee=esha, priority=40, due_on="2027-01-31"
    )

    load()

    title = Title.objects.get(slug="sintel")
    assert (title.state, title.revision, title.assignee) == (state, 5, esha)
    assert (title.priority, str(title.due_on)) == (40, "2027-01-31")


def test_every_fixture_is_in_the_list_in_which_they_are_loaded() -> None:
    files = {path.stem for path in (settings.BASE_DIR / "fixtures").glob("*.json")}

    assert files == {"groups", "plans", *FIXTURES}
