"""The routes of a profile: to go on with, watched, preferred; and what its player tells."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from apps.accounts.models import Profile, User
from apps.accounts.tests.factories import ProfileFactory
from apps.accounts.tests.steps import SignIn, refused, refused_field
from apps.catalog.models import Listing, Tier, Title
from apps.catalog.tests import desks, shelves
from apps.core import clients
from apps.engagement.services import consumer
from apps.engagement.store import keys

from .conftest import Away
from .players import MINUTE, Viewer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mongo")]
V1 = "/api/v1"
GO_ON, HISTORY = f"{V1}/me/continue-watching", f"{V1}/me/history"
PREFERENCES, EVENTS = f"{V1}/me/preferences", f"{V1}/events"


@pytest.fixture
def watcher(profile: Profile) -> Viewer:
    """The profile as one that plays."""
    return Viewer(str(profile.account.public_id), str(profile.public_id))


@pytest.fixture
def client(viewer: User, profile: Profile, sign_in: SignIn) -> APIClient:
    return sign_in(viewer, profile)


def film(slug: str, *windows: Any, **columns: Any) -> str:
    return str(shelves.put(slug, *windows, **columns).public_id)


def series() -> tuple[str, list[str]]:
    """A live series; its id and those of its episodes."""
    title = desks.series(seasons=1)
    version = desks.version(title)
    Title.objects.filter(pk=title.pk).update(live_version=version)
    listing: Listing = desks.projected(version)
    return str(listing.public_id), [str(one.public_id) for one in title.seasons.get().episodes.all()]


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [one["title"]["slug"] for one in answer.json()["results"]]


# --- Continue watching ---------------------------------------------------------------------------------


def test_a_film_to_go_on_with_has_its_card_and_its_place(client: APIClient, watcher: Viewer) -> None:
    key = film("sintel")
    watcher.session(key).plays(600)

    (found,) = client.get(GO_ON).json()["results"]

    assert (found["id"], found["position_ms"], found["duration_ms"]) == (key, 600_000, 100 * MINUTE)
    assert found["episode"] is None
    assert found["watched_at"] == "2026-05-28T20:36:40Z"
    assert (found["title"]["id"], found["title"]["locked"]) == (key, None)


def test_a_series_leads_to_its_next_episode(client: APIClient, watcher: Viewer) -> None:
    key, (first, second) = series()
    watcher.session(first, card=key, next_content=second).says(position_ms=99 * MINUTE)

    (found,) = client.get(GO_ON).json()["results"]

    assert (found["id"], found["position_ms"]) == (key, 0)
    told = found["episode"]
    assert (told["id"], told["season_number"], told["number"]) == (second, 1, 2)
    assert told["locked"]["code"] == "plan_required", "its season asks for one"
    assert found["duration_ms"] == told["duration_ms"]


def test_what_a_viewer_may_not_see_is_not_there(
    client: APIClient, watcher: Viewer, viewer: User, sign_in: SignIn
) -> None:
    here, there = film("here"), film("elsewhere", shelves.only("JP"))
    grown = film("grown", maturity=18)
    gone = str(uuid4())
    child = ProfileFactory(account=viewer, kid=True, maturity=7)
    kid = Viewer(watcher.account, str(child.public_id))
    for one in (watcher, kid):
        for key in (here, there, grown, gone):
            one.session(key).plays(60)

    assert names(client.get(GO_ON)) == ["grown", "here"]
    assert names(sign_in(viewer, child).get(GO_ON)) == ["here"]


def test_what_needs_a_plan_is_there_and_locked(client: APIClient, watcher: Viewer) -> None:
    watcher.session(film("dear", shelves.window(tier=Tier.PREMIUM))).plays(60)

    (found,) = client.get(GO_ON).json()["results"]
    assert found["title"]["locked"]["code"] == "plan_required"


def test_an_episode_that_was_taken_out_is_not_gone_on_with(client: APIClient, watcher: Viewer) -> None:
    key, _ = series()
    watcher.session(str(uuid4()), card=key).plays(60)

    assert names(client.get(GO_ON)) == []


def test_removing_a_card(client: APIClient, watcher: Viewer) -> None:
    key = film("sintel")
    watcher.session(key).plays(60)

    assert client.delete(f"{GO_ON}/{key}").status_code == 204

    assert names(client.get(GO_ON)) == []
    refused(client.delete(f"{GO_ON}/{key}"), 404, "not_found")
    refused(client.delete(f"{GO_ON}/{uuid4()}"), 404, "not_found")


def test_lists_go_on_page_by_page_in_both_directions(client: APIClient, watcher: Viewer) -> None:
    for n in range(5):
        watcher.session(film(f"film-{n}")).plays(60)
    consumer.drain(consumer.Pace())
    for path in (GO_ON, HISTORY):
        first = client.get(f"{path}?page_size=2").json()
        second = client.get(first["next"]).json()
        third = client.get(second["next"]).json()
        pages = [[one["title"]["slug"] for one in page["results"]] for page in (first, second, third)]
        assert pages == [["film-4", "film-3"], ["film-2", "film-1"], ["film-0"]]
        assert (first["previous"], third["next"]) == (None, None)
        back = client.get(third["previous"]).json()
        assert back["results"] == second["results"]
        assert client.get(back["previous"]).json()["results"] == first["results"]
        refused_field(client.get(f"{path}?cursor=x"), "cursor", "invalid")
        refused_field(client.get(f"{path}?page_size=101"), "page_size", "invalid")
    other = client.get(f"{GO_ON}?page_size=2").json()["next"].partition("cursor=")[2]
    refused_field(client.get(f"{HISTORY}?cursor={other}"), "cursor", "invalid")


def test_continue_watching_takes_two_queries_at_most(client: APIClient, watcher: Viewer) -> None:
    for n in range(3):
        watcher.session(film(f"film-{n}")).plays(60)
    key, (first, _) = series()
    watcher.session(first, card=key).plays(60)
    client.get(GO_ON)

    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert len(client.get(GO_ON).json()["results"]) == 4

    assert len(queries) == 2, [one["sql"][:80] for one in queries]


# --- History -------------------------------------------------------------------------------------------


def test_a_history_has_films_and_episodes_the_latest_first(client: APIClient, watcher: Viewer) -> None:
    key, (first, _) = series()
    watcher.session(film("sintel")).says(position_ms=99 * MINUTE)
    watcher.session(film("grown", shelves.only("JP"))).plays(10)
    watcher.session(first, card=key).plays(60)
    watcher.session(str(uuid4()), card="", title=key).plays(10)
    consumer.drain(consumer.Pace())

    found = client.get(HISTORY).json()["results"]

    assert [(one["id"] == first, one["finished"], one["position_ms"]) for one in found] == [
        (True, False, 60_000),
        (False, True, 99 * MINUTE),
    ], "neither what is hidden nor a trailer"
    assert found[0]["episode"]["id"] == first
    assert found[0]["watched_at"] == found[0]["first_watched_at"] == "2026-05-28T20:27:50Z"


def test_clearing_a_history(client: APIClient, watcher: Viewer) -> None:
    watcher.session(film("sintel")).plays(60)
    consumer.drain(consumer.Pace())

    assert client.delete(HISTORY).status_code == 204

    assert names(client.get(HISTORY)) == []
    assert names(client.get(GO_ON)) == []


def test_without_mongodb_what_is_in_redis_stays_and_the_rest_says_so(
    client: APIClient, watcher: Viewer, mongo_away: Away
) -> None:
    watcher.session(film("sintel")).plays(60)

    with mongo_away():
        assert names(client.get(GO_ON)) == ["sintel"]
        for answer in (
            client.get(HISTORY),
            client.delete(HISTORY),
            client.patch(PREFERENCES, {"subtitles": "on"}),
        ):
            refused(answer, 503, "service_unavailable")
            assert answer["Retry-After"]
        assert names(client.get(GO_ON)) == ["sintel"]


def test_without_valkey_everything_says_so(client: APIClient, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    clients.durable.cache_clear()
    try:
        for answer in (
            client.get(GO_ON),
            client.get(PREFERENCES),
            client.post(EVENTS, {"events": [startup()]}),
        ):
            refused(answer, 503, "service_unavailable")
    finally:
        clients.durable.cache_clear()


@pytest.mark.parametrize("path", [GO_ON, HISTORY, PREFERENCES])
def test_these_are_of_a_profile_and_of_no_other(
    path: str, api: APIClient, viewer: User, profile: Profile, sign_in: SignIn, watcher: Viewer
) -> None:
    watcher.session(film("sintel")).plays(60)
    other = ProfileFactory(account=viewer)

    refused(api.get(path), 401, "not_authenticated")
    refused(sign_in(viewer).get(path), 403, "profile_required")
    assert sign_in(viewer, other).get(path).json().get("results", []) == []


# --- Preferences ---------------------------------------------------------------------------------------


def test_preferences_have_defaults_and_keep_what_was_set(client: APIClient, mongo_away: Away) -> None:
    assert client.get(PREFERENCES).json()["subtitles"] == "auto"

    changed = client.patch(PREFERENCES, {"audio_language": "hi", "subtitles": "on", "max_height": 480}).json()
    again = client.patch(PREFERENCES, {"max_height": None, "autoplay_next": False}).json()

    assert (changed["audio_language"], changed["max_height"]) == ("hi", 480)
    assert again == changed | {"max_height": None, "autoplay_next": False}
    assert client.get(PREFERENCES).json() == again
    clients.durable().flushdb()
    assert client.get(PREFERENCES).json() == again
    with mongo_away():
        assert client.get(PREFERENCES).json() == again


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"subtitles": "loud"}, "subtitles"),
        ({"audio_language": "$where"}, "audio_language"),
        ({"audio_language": {"$gt": ""}}, "audio_language"),
        ({"max_height": 1}, "max_height"),
        ({"autoplay_next": "yes"}, "autoplay_next"),
        ({"set.audio_language": "hi"}, "set.audio_language"),
    ],
)
def test_a_preference_that_is_none_is_refused(client: APIClient, body: Any, path: str) -> None:
    refused_field(client.patch(PREFERENCES, body), path)


def test_an_older_copy_never_replaces_a_later_one(client: APIClient, watcher: Viewer, mongo: Any) -> None:
    from apps.engagement.store import preferences

    client.patch(PREFERENCES, {"subtitles": "on"})
    old = mongo.user_preferences.find_one()
    client.patch(PREFERENCES, {"subtitles": "off"})

    preferences._keep(watcher.account, watcher.profile, old)

    assert client.get(PREFERENCES).json()["subtitles"] == "off"


# --- Events --------------------------------------------------------------------------------------------


def startup(**fields: Any) -> dict[str, Any]:
    return {"event_id": str(uuid4()), "type": "startup", "startup_ms": 420, **fields}


def test_events_are_taken_in_once(client: APIClient, mongo: Any, watcher: Viewer) -> None:
    session = str(uuid4())
    batch = [
        startup(session_id=session, at="2026-11-26T12:00:00+05:30", cmcd={"br": 3200, "bs": True, "sf": "h"}),
        {"event_id": str(uuid4()), "type": "stall", "duration_ms": 900, "position_ms": 10},
        {"event_id": str(uuid4()), "type": "error", "code": "3016", "fatal": True},
        {"event_id": str(uuid4()), "type": "search", "query": "bunny", "results": 3},
    ]

    first = client.post(EVENTS, {"events": batch})
    again = client.post(EVENTS, {"events": [*batch, batch[0], startup()]})

    assert first.status_code == 202
    assert first.json() == {"accepted": 4, "duplicates": 0, "rejected": []}
    assert again.json() == {"accepted": 1, "duplicates": 5, "rejected": []}
    consumer.drain(consumer.Pace())
    assert mongo.engagement_events.count_documents({"profile": watcher.profile}) == 5
    stored = mongo.engagement_events.find_one({"session": session})
    assert stored["data"] == {"startup_ms": 420, "cmcd": {"br": 3200, "bs": True, "sf": "h"}}
    assert stored["client_at"] == "2026-11-26T12:00:00+05:30"


@pytest.mark.parametrize(
    ("event", "code", "field"),
    [
        ({}, "required", "type"),
        ({"type": "startup", "startup_ms": 1}, "required", "event_id"),
        (startup(type="$where"), "unknown_type", "type"),
        (startup(event_id="1"), "invalid", "event_id"),
        (startup(startup_ms=-1), "invalid", "startup_ms"),
        (startup(startup_ms=True), "invalid", "startup_ms"),
        (startup(startup_ms=2**63), "invalid", "startup_ms"),
        (startup(startup_ms={"$gt": 0}), "invalid", "startup_ms"),
        (startup(at="yesterday"), "invalid", "at"),
        (startup(at="2026-11-26T12:00:00"), "invalid", "at"),
        (startup(account="another"), "unknown_field", "account"),
        (startup(cmcd={"br": "fast"}), "invalid", "cmcd.br"),
        (startup(cmcd=[]), "invalid", "cmcd"),
        (startup(cmcd={"$set": 1}), "unknown_field", "cmcd.$set"),
        ({"type": "search", "event_id": str(uuid4()), "query": "x" * 201}, "invalid", "query"),
        ({"type": "search", "event_id": str(uuid4()), "query": "a\nb"}, "invalid", "query"),
    ],
)
def test_a_wrong_event_is_named_and_spoils_no_other(
    client: APIClient, event: dict[str, Any], code: str, field: str
) -> None:
    answer = client.post(EVENTS, {"events": [startup(), event, startup()]})

    assert answer.json() == {
        "accepted": 2, "duplicates": 0, "rejected": [{"index": 1, "code": code, "field": field}],
    }  # fmt: skip


def test_a_batch_is_bounded_and_a_list_of_objects(client: APIClient) -> None:
    refused_field(client.post(EVENTS, {"events": [startup()] * 501}), "events", "max_length")
    refused_field(client.post(EVENTS, {"events": []}), "events")
    refused(client.post(EVENTS, {"events": [1]}), 400, "validation_error")
    refused(client.post(EVENTS, {"events": "all"}), 400, "validation_error")


def test_what_a_child_does_is_not_looked_at(viewer: User, sign_in: SignIn) -> None:
    child = ProfileFactory(account=viewer, kid=True, maturity=7)
    click = {"event_id": str(uuid4()), "type": "click"}

    answer = sign_in(viewer, child).post(EVENTS, {"events": [startup(), click]})

    assert answer.json() == {
        "accepted": 1, "duplicates": 0, "rejected": [{"index": 1, "code": "kid_profile", "field": "type"}],
    }  # fmt: skip


def test_another_profile_cannot_take_an_events_id(
    client: APIClient, viewer: User, sign_in: SignIn, mongo: Any
) -> None:
    event = startup()
    other = sign_in(viewer, ProfileFactory(account=viewer))

    assert [one.post(EVENTS, {"events": [event]}).json()["accepted"] for one in (other, client)] == [1, 1]
    consumer.drain(consumer.Pace())
    assert mongo.engagement_events.count_documents({}) == 2


def test_a_full_stream_takes_positions_and_no_events(
    client: APIClient, settings: Any, watcher: Viewer
) -> None:
    settings.EVENT_STREAM_MOST = 1
    watcher.session(film("sintel")).plays(60)

    refused(client.post(EVENTS, {"events": [startup()]}), 503, "service_unavailable")
    watcher.session(film("sita")).plays(60)
    assert clients.durable().xlen(keys.STREAM) == 2


def test_a_profile_has_so_many_events_in_an_hour(client: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    from apps.engagement.services import events

    monkeypatch.setattr(events, "HOURLY", 3)

    assert client.post(EVENTS, {"events": [startup(), startup()]}).status_code == 202
    refused(client.post(EVENTS, {"events": [startup(), startup()]}), 429, "throttled")
    assert client.post(EVENTS, {"events": [startup()]}).status_code == 202
