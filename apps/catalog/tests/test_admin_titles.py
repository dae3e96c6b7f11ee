"""The title's page: what an editor saves, and how two of them do not get in each other's way."""

import pytest

from apps.accounts.models import User
from apps.catalog.models import (
    Credit,
    Episode,
    EpisodeText,
    Event,
    FormerSlug,
    Kind,
    Season,
    Segment,
    Title,
    TitleText,
    Window,
)
from apps.catalog.services import publishing
from apps.workflow.models import Transition

from .factories import AssetFactory, GenreFactory, PersonFactory, TitleFactory
from .newsday import again, approved
from .pages import Desk, form_on, nothing_changes, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def title(esha: User) -> Title:
    return TitleFactory(complete=True, name="Sintel", slug="sintel")


@pytest.fixture
def series(esha: User) -> Title:
    title = TitleFactory(complete=True, kind=Kind.SERIES, name="Demo")
    return again(title)


def test_a_draft_is_made_from_its_name_and_kind_alone(esha: User) -> None:
    desk = Desk(esha)
    given = {"kind": "movie", "name": "Tears of Steel", "original_language": "en", "released_on": ""}

    answer = desk.client.post("/admin/catalog/title/add/", given)

    title = Title.objects.get()
    assert answer["Location"] == desk.url(title)
    assert (title.slug, title.state, list(title.authors.all())) == ("tears-of-steel", "draft", [esha])


def test_a_save_is_one_edit_of_everything_on_the_page(esha: User, title: Title) -> None:
    person, genre = PersonFactory(), GenreFactory()
    credit = {"credits-TOTAL_FORMS": "1", "credits-0-person": person.pk, "credits-0-role": "director",
              "credits-0-character": "", "credits-0-order": "0"}  # fmt: skip

    answer = Desk(esha).save(
        title, name="Sintel, restored", genres=[genre.pk], descriptors=["violence"],
        **{"texts-0-tagline": "A girl and a dragon.", "texts-1-synopsis": "एक कहानी", **credit},
    )  # fmt: skip

    assert told(answer) == ["Saved."]
    title = again(title)
    assert (title.name, title.descriptors, title.revision) == ("Sintel, restored", ["violence"], 1)
    assert list(title.genres.all()) == [genre]
    assert title.texts.get(language="en").tagline == "A girl and a dragon."
    assert title.texts.get(language="hi").synopsis == "एक कहानी"
    assert Credit.objects.get(title=title).person == person
    assert list(title.authors.all()) == [esha]


def test_pressing_save_without_a_change_is_no_edit(esha: User, ravi: User, priya: User) -> None:
    title = approved(esha, ravi)
    publishing.publish(title, by=priya)
    with nothing_changes():
        assert told(Desk(esha).save(again(title))) == ["Nothing was changed."]


def test_editing_what_is_live_makes_it_a_draft_and_says_what_viewers_see(
    esha: User, ravi: User, priya: User
) -> None:
    title = approved(esha, ravi)
    publishing.publish(title, by=priya)

    answer = Desk(esha).save(again(title), name="Another name")

    assert told(answer) == ["Saved. It is a draft again; viewers still see v1."]
    assert again(title).state == "draft"
    assert "draft has 1 change" in Desk(esha).open(title).content.decode()


def test_the_second_of_two_saves_is_refused_and_keeps_its_input(esha: User, omar: User, title: Title) -> None:
    seen = form_on(Desk(esha).open(title))
    Desk(omar).save(title, **{"texts-0-synopsis": "Omar was here."})

    with nothing_changes():
        answer = Desk(esha).save(title, seen, **{"texts-0-synopsis": "Esha's synopsis."})

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Somebody else saved this" in page
    assert "omar@example.com" in page
    (difference,) = answer.context["conflict"]["differences"]
    assert (difference["stored"], difference["yours"]) == ("Omar was here.", "Esha's synopsis.")
    assert form_on(answer)["texts-0-synopsis"] == "Esha's synopsis."


def test_a_conflict_with_ones_own_other_window_says_so(esha: User, title: Title) -> None:
    seen = form_on(Desk(esha).open(title))
    Desk(esha).save(title, name="The other window")

    page = Desk(esha).save(title, seen, name="This window").content.decode()

    assert "You saved this in another window" in page
    assert "Somebody else saved" not in page
    assert again(title).name == "The other window"


def test_after_a_conflict_an_editor_may_decide_to_save_over_it(esha: User, omar: User, title: Title) -> None:
    seen = form_on(Desk(esha).open(title))
    Desk(omar).save(title, name="Omar's")
    refused = Desk(esha).save(title, seen, name="Esha's")

    again_sent = form_on(refused)
    with nothing_changes():
        Desk(esha).save(title, again_sent)
    Desk(esha).save(title, again_sent, _over=str(refused.context["conflict"]["revision"]))

    assert (again(title).name, again(title).revision) == ("Esha's", 2)


def test_a_save_of_what_somebody_submitted_meanwhile_is_refused_on_the_page(
    esha: User, omar: User, title: Title
) -> None:
    seen = form_on(Desk(esha).open(title))
    publishing.submit(title, by=omar)

    with nothing_changes():
        answer = Desk(esha).save(title, seen, name="Too late")

    assert "this is in review now and cannot be edited" in answer.content.decode()
    assert form_on(answer)["name"] == "Too late"


def test_a_locked_title_is_shown_to_be_read_with_an_explanation(esha: User, title: Title) -> None:
    publishing.submit(title, by=esha)

    answer = Desk(esha).open(title)

    assert "so it cannot be edited now" in answer.content.decode()
    assert "name" not in form_on(answer)
    assert "The story of Sintel." in answer.content.decode()


def test_who_may_only_read_sees_no_field_and_is_refused_a_save(ravi: User, title: Title) -> None:
    answer = Desk(ravi).open(title)
    assert "You may read this title, not change it." in answer.content.decode()
    assert "name" not in form_on(answer)
    with nothing_changes():
        assert Desk(ravi).client.post(Desk.url(title), {"name": "Ravi's"}).status_code == 403


def test_a_page_without_the_revision_is_refused(esha: User, title: Title) -> None:
    with nothing_changes():
        assert "Somebody else saved this" in Desk(esha).save(title, name="x", revision="").content.decode()


def test_a_new_address_keeps_the_old_one_leading_there(esha: User, title: Title) -> None:
    Desk(esha).save(title, slug="sintel-2010")
    assert again(title).slug == "sintel-2010"
    assert FormerSlug.objects.get(title=title).slug == "sintel"


def test_a_taken_address_is_told_at_its_field(esha: User, title: Title) -> None:
    TitleFactory(slug="taken")
    with nothing_changes():
        answer = Desk(esha).save(title, slug="taken")
    assert "slug" in answer.context["adminform"].form.errors


def test_a_window_says_what_is_wrong_with_it(esha: User, title: Title) -> None:
    wrong = {
        "windows-0-scope": "only", "windows-0-countries": "IN, XX",
        "windows-0-starts_at_0": "2026-02-01", "windows-0-starts_at_1": "00:00:00",
        "windows-0-ends_at_0": "2026-01-01", "windows-0-ends_at_1": "00:00:00",
    }  # fmt: skip
    with nothing_changes():
        page = Desk(esha).save(title, **wrong).content.decode()
    assert "Not ISO 3166 codes: XX" in page
    assert "later than the start" in page


def test_a_new_window_of_all_defaults_is_saved(esha: User) -> None:
    title = TitleFactory()
    new = {"windows-TOTAL_FORMS": "1", "windows-0-scope": "everywhere", "windows-0-countries": "",
           "windows-0-tier": "0"}  # fmt: skip
    Desk(esha).save(title, **new)
    assert Window.objects.get().title == title


@pytest.mark.parametrize(
    ("written", "meant"), [("1:02:03.5", 3_723_500), ("12:30", 750_000), ("45", 45_000), ("0:00", 0)]
)
def test_segments_are_written_as_time_codes(esha: User, title: Title, written: str, meant: int) -> None:
    new = {"segments-TOTAL_FORMS": "1", "segments-0-kind": "intro", "segments-0-start_ms": written,
           "segments-0-end_ms": "9:59:59"}  # fmt: skip
    Desk(esha).save(title, **new)
    assert Segment.objects.get().start_ms == meant


def test_a_segment_that_ends_before_it_starts_is_refused(esha: User, title: Title) -> None:
    new = {"segments-TOTAL_FORMS": "1", "segments-0-kind": "intro", "segments-0-start_ms": "2:00",
           "segments-0-end_ms": "1:00"}  # fmt: skip
    with nothing_changes():
        assert "later than where it begins" in Desk(esha).save(title, **new).content.decode()


# --- Series and events ---------------------------------------------------------------------------------


def test_seasons_and_episodes_are_saved_with_their_texts(esha: User, series: Title) -> None:
    asset = AssetFactory()
    new = {
        "seasons-TOTAL_FORMS": "2", "seasons-1-number": "2", "seasons-1-name_en": "The second year",
        "seasons-1-episodes-TOTAL_FORMS": "1", "seasons-1-episodes-INITIAL_FORMS": "0",
        "seasons-1-episodes-0-number": "1", "seasons-1-episodes-0-name": "Pilot",
        "seasons-1-episodes-0-asset": asset.pk, "seasons-1-episodes-0-name_hi": "पहला",
        "seasons-0-episodes-0-synopsis_en": "It begins.",
    }  # fmt: skip

    assert told(Desk(esha).save(series, **new)) == ["Saved."]

    episode = Episode.objects.get(season__number=2)
    assert (episode.name, episode.asset, episode.texts.get().name) == ("Pilot", asset, "पहला")
    assert Season.objects.get(number=2).texts.get().name == "The second year"
    first = EpisodeText.objects.get(episode__season__number=1)
    assert (first.language, first.synopsis) == ("en", "It begins.")
    assert again(series).revision == 1


def test_two_episodes_may_swap_their_numbers(esha: User, series: Title) -> None:
    before = list(Episode.objects.order_by("number"))

    Desk(esha).save(series, **{"seasons-0-episodes-0-number": "2", "seasons-0-episodes-1-number": "1"})

    assert list(Episode.objects.order_by("number")) == before[::-1]


def test_a_number_may_be_taken_over_from_an_episode_that_is_deleted(esha: User, series: Title) -> None:
    _, second = Episode.objects.order_by("number")

    Desk(esha).save(series, **{"seasons-0-episodes-0-DELETE": "on", "seasons-0-episodes-1-number": "1"})

    assert list(Episode.objects.values_list("pk", "number")) == [(second.pk, 1)]


def test_two_episodes_of_one_number_are_refused(esha: User, series: Title) -> None:
    with nothing_changes():
        page = Desk(esha).save(series, **{"seasons-0-episodes-0-number": "2"}).content.decode()
    assert "Two of these have the same number." in page


def test_episodes_that_nobody_opened_are_not_sent_and_stay_as_they_are(esha: User, series: Title) -> None:
    first, second = Episode.objects.order_by("number")
    every, few = (form_on(Desk(esha).open(series), opened=opened) for opened in (True, False))
    own = {name: value for name, value in every.items() if "episodes-1-" in name}

    Desk(esha).save(series, few, **{**own, "seasons-0-episodes-1-name": "Changed"})

    assert "seasons-0-episodes-0-number" not in few
    assert list(Episode.objects.order_by("number").values("pk", "name", "asset")) == [
        {"pk": first.pk, "name": first.name, "asset": first.asset_id},
        {"pk": second.pk, "name": "Changed", "asset": second.asset_id},
    ]
    with nothing_changes():
        clash = {**own, "seasons-0-episodes-1-number": "1"}
        refused = Desk(esha).save(series, form_on(Desk(esha).open(series), opened=False), **clash)
    assert "Two of these have the same number." in refused.content.decode()
    assert form_on(refused)["seasons-0-episodes-0-asset"] == str(first.asset_id)


def test_line_ends_and_spaces_of_a_browser_are_no_change(esha: User, ravi: User, priya: User) -> None:
    title = approved(esha, ravi)
    TitleText.objects.filter(title=title, language="en").update(synopsis="One line.\nAnother. ")
    publishing.publish(title, by=priya)
    as_sent = {"texts-0-synopsis": "One line.\r\nAnother."}
    with nothing_changes():
        assert told(Desk(esha).save(again(title), **as_sent)) == ["Nothing was changed."]

    Desk(esha).save(again(title), **{"texts-0-synopsis": "One.\r\nTwo."})

    assert TitleText.objects.get(title=title, language="en").synopsis == "One.\nTwo."


def test_a_long_series_is_saved_with_few_queries(
    esha: User, series: Title, django_assert_max_num_queries: object
) -> None:
    season = series.seasons.get()
    Episode.objects.bulk_create(Episode(season=season, number=n, name=f"E{n}") for n in range(3, 150))
    seen = form_on(Desk(esha).open(series))
    assert len(seen) > 1000

    with django_assert_max_num_queries(140):  # type: ignore[operator]
        Desk(esha).save(series, seen, **{"seasons-0-episodes-80-name_en": "Number 81"})

    assert EpisodeText.objects.get().name == "Number 81"


def test_a_match_is_described_with_its_teams(esha: User) -> None:
    from apps.catalog.models import Team

    title = TitleFactory(kind=Kind.SPORT)
    home, away = (Team.objects.create(slug=one, name=one) for one in ("india", "nepal"))
    new = {
        "event-TOTAL_FORMS": "1", "event-0-sport": "Cricket", "event-0-competition": "Asia Cup",
        "event-0-kick_off_at_0": "2026-12-01", "event-0-kick_off_at_1": "14:00",
        "event-0-contestants-TOTAL_FORMS": "2", "event-0-contestants-INITIAL_FORMS": "0",
        "event-0-contestants-0-team": home.pk, "event-0-contestants-0-order": "0",
        "event-0-contestants-1-team": away.pk, "event-0-contestants-1-order": "0",
    }  # fmt: skip

    Desk(esha).save(title, **new)

    event = Event.objects.get(title=title)
    assert [one.team for one in event.contestants.all()] == [home, away]


def test_an_episodes_own_page_is_an_edit_of_its_title(esha: User, series: Title) -> None:
    episode = Episode.objects.order_by("number").first()
    assert episode is not None
    person = PersonFactory()
    new = {"credits-TOTAL_FORMS": "1", "credits-0-person": person.pk, "credits-0-role": "guest",
           "credits-0-character": "Herself", "credits-0-order": "0"}  # fmt: skip

    Desk(esha).save(episode, **new)

    assert Credit.objects.get(episode=episode).character == "Herself"
    assert again(series).revision == 1
    publishing.submit(again(series), by=esha)
    with nothing_changes():
        Desk(esha).save(episode, {"revision": "1"}, name="x")


# --- Deleting ------------------------------------------------------------------------------------------


def test_a_draft_that_was_never_live_can_be_deleted(esha: User, title: Title) -> None:
    Desk(esha).client.post(Desk.url(title, "delete"), {"post": "yes"})
    assert not Title.objects.exists()
    assert not TitleText.objects.exists()


def test_what_was_published_is_not_deleted(esha: User, ravi: User, priya: User) -> None:
    title = approved(esha, ravi)
    publishing.publish(title, by=priya)
    with nothing_changes():
        answer = Desk(esha).client.post(Desk.url(title, "delete"), {"post": "yes"})
    assert told(answer) == ["It has been published, so it stays on record. Archive it instead."]
    assert Transition.objects.count() == 3
