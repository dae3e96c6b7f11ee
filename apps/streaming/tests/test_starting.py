"""Beginning to play: what a player gets, on how many screens, and what becomes of a repeated start."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.models import Profile, User
from apps.accounts.tests.factories import ProfileFactory
from apps.accounts.tests.steps import refused
from apps.billing.models import Plan
from apps.catalog.models import Episode, Season, Segment, Tier, Title, Window
from apps.core.models import IdempotentAnswer
from apps.media.models import Asset, AudioTrack
from apps.streaming.models import PlaybackSession
from apps.streaming.services import starting
from apps.streaming.store import leases
from apps.streaming.tokens import read_media, read_playback

from . import steps
from .steps import DEVICE, SESSIONS, beat, series, show, start, started, stop

pytestmark = pytest.mark.django_db
SignIn = Callable[..., APIClient]


# --- What a player gets --------------------------------------------------------------------------------


def test_a_player_gets_all_it_needs(watching: APIClient, film: Title, viewer: User, profile: Profile) -> None:
    Segment.objects.create(title=film, kind="intro", start_ms=0, end_ms=9000)
    show(film)

    answer = started(watching)

    claims = read_playback(answer.pop("playback_token"))
    session = PlaybackSession.objects.get(public_id=answer["session_id"])
    prefix = f"/play/{(media := answer['hls_url'].split('/')[2])}"
    assert answer == {
        "session_id": claims.session,
        "title_id": str(film.public_id),
        "episode_id": None,
        "extra_id": None,
        "name": "Film",
        "hls_url": f"{prefix}/master.m3u8",
        "dash_url": f"{prefix}/manifest.mpd",
        "resume_ms": 0,
        "duration_ms": 600_000,
        "heartbeat_interval_s": 10,
        "max_height": 720,
        "audio": [{"language": "en", "label": "English", "described": False}],
        "subtitles": [
            {"language": "en", "label": "English", "forced": False, "sdh": False},
            {"language": "hi", "label": "हिन्दी", "forced": False, "sdh": False},
        ],
        "segments": [{"kind": "intro", "start_ms": 0, "end_ms": 9000}],
        "thumbnails_url": None,
        "drm": None,
        "next_episode": None,
    }
    asset = str(Asset.objects.get().public_id)
    assert (read_media(media).asset, read_media(media).session) == (asset, claims.session)
    assert (claims.account, claims.profile) == (str(viewer.public_id), str(profile.public_id))
    assert (session.account, session.title) == (viewer.public_id, film.public_id)
    assert (session.device_id, session.device_name, session.plan) == ("tablet-1", "Kitchen tablet", "free")
    assert leases.live(claims.account) == [claims.session]


def test_a_title_goes_by_its_slug_or_its_id(watching: APIClient, film: Title, premium: Plan) -> None:
    by_slug = started(watching, "film")
    by_id = started(watching, str(film.public_id))

    assert by_slug["title_id"] == by_id["title_id"]


def test_an_episode_knows_the_next_one(watching: APIClient, premium: Plan) -> None:
    show_ = series()
    first, second = Episode.objects.filter(season__title=show_)
    special = Season.objects.create(title=show_, number=0)
    Episode.objects.create(season=special, number=1, asset=first.asset)
    show(show_)

    answer = started(watching, episode=str(first.public_id))
    last = started(watching, episode=str(second.public_id))

    assert answer["episode_id"] == str(first.public_id)
    assert answer["next_episode"]["id"] == str(second.public_id)
    assert (answer["next_episode"]["season_number"], answer["next_episode"]["number"]) == (1, 2)
    assert read_playback(answer["playback_token"]).next_content == str(second.public_id)
    assert last["next_episode"] is None


def test_a_next_episode_that_may_not_be_played_yet_is_none(watching: APIClient) -> None:
    show_ = series()
    first, second = Episode.objects.filter(season__title=show_)
    Window.objects.create(episode=second, starts_at=timezone.now() + timedelta(days=7))
    show(show_)

    assert started(watching, episode=str(first.public_id))["next_episode"] is None
    refused(start(watching, episode=str(second.public_id)), 403, "not_available_yet")


def test_a_series_begins_with_its_first_episode_and_goes_on_where_one_was(
    watching: APIClient, mongo: Any, premium: Plan
) -> None:
    show_ = series()
    first, second = Episode.objects.filter(season__title=show_)

    answer = started(watching, show_)
    beat(answer, 1, 590_000)

    assert answer["episode_id"] == str(first.public_id)
    assert started(watching, show_)["episode_id"] == str(second.public_id)


def test_it_resumes_on_another_device(
    watching: APIClient, film: Title, profile: Profile, premium: Plan, sign_in: SignIn
) -> None:
    first = started(watching)
    beat(first, 1, 123_000)

    elsewhere = started(sign_in(profile.account, profile), device_id="tv")
    beat(elsewhere, 0, 200_000)
    beat(first, 2, 124_000)

    assert elsewhere["resume_ms"] == 123_000
    steps.stop(first)
    assert started(watching)["resume_ms"] == 200_000


@pytest.mark.parametrize(
    ("of_window", "of_device", "told", "signed"), [(None, None, 720, 720), (None, 480, 360, 480),
                                                 (360, None, 360, 360), (480, 1080, 360, 480)]
)  # fmt: skip
def test_the_lowest_of_plan_window_and_device_limits_the_height(
    watching: APIClient, film: Title, of_window: int | None, of_device: int | None, told: int, signed: int
) -> None:
    Window.objects.update(max_height=of_window)
    show(film)
    able = {"capabilities": {"max_height": of_device}} if of_device else {}

    answer = started(watching, **able)

    assert answer["max_height"] == told
    assert read_playback(answer["playback_token"]).max_height == signed


def test_only_licensed_languages_are_told_and_signed(watching: APIClient, film: Title) -> None:
    asset = Asset.objects.get()
    for language in ("hi", "en-GB", "ta"):
        AudioTrack.objects.create(asset=asset, language=language, key="k")
    Window.objects.update(languages=["en", "ta"])
    show(film)

    answer = started(watching)

    assert [one["language"] for one in answer["audio"]] == ["en", "en-GB", "ta"]
    assert [one["language"] for one in answer["subtitles"]] == ["en"]
    assert read_playback(answer["playback_token"]).languages == ["en", "ta"]


def test_what_is_edited_and_not_published_does_not_play(watching: APIClient, film: Title) -> None:
    before = started(watching)
    steps.stop(before)
    Title.objects.filter(pk=film.pk).update(asset=None)
    Window.objects.update(tier=Tier.PREMIUM)

    assert started(watching)["duration_ms"] == before["duration_ms"]


# --- Streams -------------------------------------------------------------------------------------------


def test_a_third_stream_is_refused_on_a_two_stream_plan_and_takes_one_over(
    watching: APIClient, profile: Profile, film: Title, premium: Plan
) -> None:
    Plan.objects.filter(pk=premium.pk).update(streams=2)
    first, second = started(watching, device_name="Bedroom"), started(watching)

    answer = start(watching, device_id="third")

    refused(answer, 409, "stream_limit")
    told = answer.json()
    assert (told["limit"], told["expires_in"]) == (2, 120)
    playing = {one["session_id"]: one for one in told["sessions"]}
    assert playing.keys() == {first["session_id"], second["session_id"]}
    assert (playing[first["session_id"]]["device_name"], playing[first["session_id"]]["title"]) == (
        "Bedroom",
        "Film",
    )
    assert [one["profile"] for one in told["sessions"]] == [profile.name] * 2
    third = started(watching, device_id="third", terminate=playing[first["session_id"]]["terminate"])

    lost = beat(first)
    refused(lost, 410, "lease_lost")
    assert lost.json()["reason"] == "taken_over"
    assert beat(second).status_code == beat(third).status_code == 200
    ended = PlaybackSession.objects.get(public_id=first["session_id"])
    assert (ended.ended_by, ended.released) == ("taken_over", True)
    assert PlaybackSession.objects.open().count() == 2


def test_a_kid_is_not_told_what_the_others_watch(
    watching: APIClient, film: Title, viewer: User, sign_in: SignIn
) -> None:
    started(watching)
    kid = ProfileFactory(account=viewer, kid=True, maturity=7)

    answer = start(sign_in(viewer, kid))

    refused(answer, 409, "stream_limit")
    assert [(one["title"], one["profile"]) for one in answer.json()["sessions"]] == [(None, None)]


def test_a_refused_start_leaves_no_record(watching: APIClient, film: Title) -> None:
    started(watching)

    for _ in range(3):
        refused(start(watching), 409, "stream_limit")
    assert PlaybackSession.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_starts_at_once_over_http_the_plan_s_number_gets_in(
    watching: APIClient, film: Title, premium: Plan
) -> None:
    Plan.objects.filter(pk=premium.pk).update(streams=2)

    def one(number: int) -> int:
        client = APIClient(headers={"Authorization": steps.authorization(watching)})
        try:
            return int(start(client, device_id=f"d{number}").status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(12) as crowd:
        statuses = list(crowd.map(one, range(24)))

    assert sorted(statuses) == [201] * 2 + [409] * 22
    assert PlaybackSession.objects.open().count() == 2


# --- Again ---------------------------------------------------------------------------------------------


def test_a_repeated_key_gives_the_same_session_and_no_token_is_kept(
    watching: APIClient, film: Title, viewer: User
) -> None:
    key = {"HTTP_IDEMPOTENCY_KEY": "start-1"}
    body = {"title": "film", **steps.DEVICE}

    first, again = (watching.post(SESSIONS, body, **key) for _ in range(2))
    other = watching.post(SESSIONS, {**body, "device_id": "other"}, **key)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json()["session_id"] == first.json()["session_id"]
    assert again.json()["playback_token"] == first.json()["playback_token"]
    assert again["Idempotent-Replay"] == "true"
    assert len(leases.live(str(viewer.public_id))) == PlaybackSession.objects.count() == 1
    refused(other, 422, "idempotency_mismatch")
    with connection.cursor() as cursor:
        cursor.execute("SELECT body::text FROM core_idempotentanswer")
        assert not any("ottp_" in row[0] or "ottm_" in row[0] for row in cursor.fetchall())


def test_a_start_that_was_killed_half_way_is_repeated_by_its_key_on_the_only_stream(
    watching: APIClient, profile: Profile, film: Title
) -> None:
    body, key = {"title": "film", **DEVICE}, {"HTTP_IDEMPOTENCY_KEY": "start-1"}
    # It had the lease, and never committed its row.
    account = str(profile.account.public_id)
    session = str(starting.session_id(account, "start-1"))
    assert isinstance(leases.start(account, session, limit=1), leases.Granted)

    begun = watching.post(SESSIONS, body, **key)

    assert begun.status_code == 201, begun.content
    assert steps.leases_of(profile) == [begun.json()["session_id"]] == [session]


def test_a_key_whose_answer_was_forgotten_begins_another_session(watching: APIClient, film: Title) -> None:
    body, key = {"title": "film", **DEVICE}, {"HTTP_IDEMPOTENCY_KEY": "start-1"}
    first = watching.post(SESSIONS, body, **key).json()
    stop(first)
    IdempotentAnswer.objects.update(created_at=timezone.now() - timedelta(hours=25))

    second = watching.post(SESSIONS, body, **key)

    assert second.status_code == 201, second.content
    assert second.json()["session_id"] != first["session_id"]


def test_a_refusal_is_not_kept_under_a_key(watching: APIClient, film: Title) -> None:
    playing = started(watching)
    key = {"HTTP_IDEMPOTENCY_KEY": "start-1"}
    body = {"title": "film", **steps.DEVICE}
    refused(watching.post(SESSIONS, body, **key), 409, "stream_limit")

    steps.stop(playing)

    assert watching.post(SESSIONS, body, **key).status_code == 201


# --- Cost and trouble ----------------------------------------------------------------------------------


def test_a_start_asks_postgresql_little(watching: APIClient, film: Title, premium: Plan) -> None:
    started(watching)

    with CaptureQueriesContext(
        connection,
    ) as asked:
        started(watching)

    assert len(asked) <= 4, [one["sql"] for one in asked]


def test_without_redis_nothing_begins(watching: APIClient, film: Title, settings: Any) -> None:
    with steps.without_redis(settings):
        answer = start(watching)

    refused(answer, 503, "service_unavailable")
    assert answer["Retry-After"]
    assert not PlaybackSession.objects.exists()
