from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.catalog import snapshot
from apps.catalog.models import (
    Artwork,
    Contestant,
    Credit,
    Episode,
    Event,
    ExternalId,
    Extra,
    Genre,
    Season,
    Tag,
    Team,
    Title,
    TitleText,
)
from apps.catalog.services.restoring import CannotRestore, put_away_pictures, restore
from apps.workflow.services.editing import editing

from .desks import episode, match, movie, series, version
from .factories import ArtworkFactory, PersonFactory, TitleFactory
from .mishaps import MISHAPS, Dice

pytestmark = pytest.mark.django_db
Json = dict[str, Any]


def source(title: Title) -> Json:
    return snapshot.take(title).source


def numbers(title: Title) -> dict[int, list[str]]:
    return {one["number"]: [inner["name"] for inner in one["episodes"]] for one in source(title)["seasons"]}


def missing(refused: pytest.ExceptionInfo[CannotRestore]) -> list[tuple[str, str]]:
    return [(one["what"], one["name"]) for one in refused.value.extra["missing"]]


# --- There and back again ----------------------------------------------------------------------------


@pytest.mark.parametrize("made", [movie, series, match])
def test_an_emptied_desk_is_filled_again(made: Callable[[], Title]) -> None:
    title = made()
    before = source(title)
    put_away_pictures(title, seasons=title.seasons.values_list("pk", flat=True))
    title.artworks.update(dropped=True)
    for rows in (title.seasons, title.texts, title.credits, title.windows, title.segments, title.extras):
        rows.all().delete()
    title.external_ids.all().delete()
    Event.objects.filter(title=title).delete()
    title.genres.clear()
    title.tags.clear()
    Title.objects.filter(pk=title.pk).update(name="Empty", asset=None, maturity=None, descriptors=[])
    restore(title, before)

    assert source(title) == before
    assert title.name == before["name"]


def test_a_stored_version_comes_back_within_an_edit(omar: Any) -> None:
    title = series()
    stored = version(title)
    with editing(title, by=omar) as desk:
        desk.seasons.get(number=1).episodes.all().delete()
        TitleText.objects.filter(title=title).update(name="Wrong")
    stored.refresh_from_db()
    stored.source["seasons"][0]["episodes"] = []
    with editing(title, by=omar, revision=1) as desk:
        restore(desk, stored.source)

    assert source(title) == stored.source
    assert Title.objects.get(pk=title.pk).revision == 2


def test_the_address_the_kind_and_the_state_stay() -> None:
    title = movie(slug="old-address")
    before = source(title)
    Title.objects.filter(pk=title.pk).update(slug="new-address", state="approved", popularity=5)
    restore(Title.objects.get(pk=title.pk), before)
    title = Title.objects.get(pk=title.pk)

    assert (title.slug, title.state, title.popularity) == ("new-address", "approved", 5)
    assert source(title) == before | {"slug": "new-address"}


def test_seasons_and_episodes_that_swapped_numbers_swap_back_and_stay_the_same_rows() -> None:
    title = series(seasons=2, episodes=2)
    before, rows = source(title), set(Episode.objects.values_list("pk", "public_id"))
    for place in (title.seasons, title.seasons.get(number=1).episodes):
        first, second = place.all()
        for row, number in ((first, 99), (second, 1), (first, 2)):
            place.filter(pk=row.pk).update(number=number)
    assert source(title) != before
    restore(title, before)

    assert source(title) == before
    assert set(Episode.objects.values_list("pk", "public_id")) == rows


def test_an_episode_that_moved_to_a_new_season_comes_back_as_it_is() -> None:
    title = series(seasons=1, episodes=2)
    before = source(title)
    new = Season.objects.create(title=title, number=2)
    moved = Episode.objects.get(season__title=title, number=2)
    Episode.objects.filter(pk=moved.pk).update(season=new)
    restore(title, before)

    assert source(title) == before
    assert Episode.objects.get(pk=moved.pk).season == title.seasons.get()


def test_pictures_are_never_deleted() -> None:
    title = series(seasons=1, episodes=1)
    before = source(title)
    season = Season.objects.create(title=title, number=2)
    later: list[Artwork] = [
        episode(season, 1).artworks.get(),
        ArtworkFactory(season=season),
        ArtworkFactory(title=title),
    ]
    with_both = source(title)
    restore(title, before)

    assert source(title) == before
    assert Artwork.objects.filter(pk__in=[one.pk for one in later], dropped=True, title=title).count() == 3
    restore(title, with_both)
    assert source(title) == with_both


def test_the_order_of_equals_comes_back() -> None:
    title = TitleFactory()
    for number in range(6):
        Credit.objects.create(title=title, person=PersonFactory())
        Extra.objects.create(title=title, name=str(number))
    before = source(title)
    title.credits.all()[2].delete()
    title.extras.all()[0].delete()
    restore(title, before)

    assert source(title) == before


def test_people_who_swapped_parts_swap_back() -> None:
    title = TitleFactory()
    one, other = (Credit.objects.create(title=title, person=PersonFactory()) for _ in range(2))
    before = source(title)
    people = one.person, other.person
    Credit.objects.filter(pk=one.pk).delete()
    Credit.objects.filter(pk=other.pk).update(person=people[0])
    Credit.objects.create(title=title, person=people[1], public_id=one.public_id)
    restore(title, before)

    assert source(title) == before


# --- Seasons that are held back ----------------------------------------------------------------------


def test_held_seasons_that_the_source_does_not_know_are_left_alone() -> None:
    title = series(seasons=1, episodes=1)
    before = source(title)
    held = Season.objects.create(title=title, number=5, held=True)
    episode(held, 1)
    kept = source(title)["seasons"][1]
    title.seasons.filter(number=1).delete()
    with pytest.raises(CannotRestore):
        restore(title, before)
    before["seasons"][0]["artworks"] = before["seasons"][0]["episodes"][0]["artworks"] = []
    restore(title, before)

    assert source(title)["seasons"] == [*before["seasons"], kept]


def test_a_held_season_in_the_way_is_a_refusal() -> None:
    title = series(seasons=1, episodes=1)
    before = source(title)
    title.seasons.update(number=2)
    Season.objects.create(title=title, number=1, held=True)
    after = source(title)
    with pytest.raises(CannotRestore) as refused:
        restore(title, before)

    assert missing(refused) == [("season number", "1")]
    assert source(title) == after


def test_an_episode_that_moved_into_a_held_season_is_wanted_back() -> None:
    title = series(seasons=1, episodes=2)
    before = source(title)
    held = Season.objects.create(title=title, number=5, held=True)
    Episode.objects.filter(season__title=title, number=2).update(season=held)
    restore(title, before)

    assert source(title)["seasons"][:1] == before["seasons"]
    assert not held.episodes.exists()


# --- Refusals ----------------------------------------------------------------------------------------


def test_all_that_is_gone_is_listed_and_nothing_changes() -> None:
    title = match()
    before = source(title)
    person = title.credits.get(role="actor").person
    video = title.asset
    art = title.artworks.get(kind="poster")
    Title.objects.filter(pk=title.pk).update(asset=None, name="Later")
    for rows in (title.credits.filter(person=person), title.artworks.filter(pk=art.pk)):
        rows.delete()
    for row in (person, video, Genre.objects.get(slug="comedy"), Tag.objects.get(slug="open")):
        row.delete()
    Contestant.objects.filter(team__slug="india").delete()
    Team.objects.get(slug="india").delete()
    title.refresh_from_db()
    after = source(title)
    with pytest.raises(CannotRestore) as refused:
        restore(title, before)

    assert (refused.value.code, refused.value.status) == ("cannot_restore", 409)
    assert missing(refused) == [
        ("person", str(person.public_id)), ("video", str(video.public_id)), ("genre", "comedy"),
        ("tag", "open"), ("team", "india"), ("artwork", str(art.public_id)),
    ]  # fmt: skip
    assert source(title) == after


def test_an_external_id_that_another_title_has_by_now_is_not_taken_away() -> None:
    title, other = series(seasons=1, episodes=1), TitleFactory()
    before = source(title)
    ExternalId.objects.filter(scheme="tvdb").update(title=other, episode=None)
    after = source(title)
    with pytest.raises(CannotRestore) as refused:
        restore(title, before)

    assert [what for what, _ in missing(refused)] == ["external id"]
    assert source(title) == after
    assert source(other)["external_ids"].keys() == {"tvdb"}


def test_external_ids_may_change_places_within_a_title() -> None:
    title = series(seasons=1, episodes=1)
    before = source(title)
    found = ExternalId.objects.get(scheme="tvdb")
    found.title, found.episode = title, None
    found.save()
    restore(title, before)

    assert source(title) == before


def test_what_was_of_another_kind_is_not_restored() -> None:
    title = movie()
    before = source(title)
    Title.objects.filter(pk=title.pk).update(kind="series", asset=None)
    title.refresh_from_db()
    after = source(title)
    with pytest.raises(CannotRestore) as refused:
        restore(title, before)

    assert missing(refused) == [("kind", "movie")]
    assert source(title) == after


# --- Whatever happened in between ---------------------------------------------------------------------


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    made=st.sampled_from([movie, series, match]),
    mishaps=st.lists(st.sampled_from(MISHAPS), min_size=1, max_size=6),
    dice=st.randoms(use_true_random=False),
)
def test_whatever_happened_since_the_desk_is_what_it_was(
    made: Callable[[], Title], mishaps: list[Callable[[Title, Dice], None]], dice: Dice
) -> None:
    with transaction.atomic():
        title = made()
        before = source(title)
        for mishap in mishaps:
            mishap(title, dice)
        after = source(title)
        title.refresh_from_db()
        restore(title, before)
        assert source(title) == before
        restore(title, after)
        assert source(title) == after
        transaction.set_rollback(True)
