"""Whether a media token still opens anything, as whoever serves bytes asks."""

from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from apps.catalog.models import Title
from apps.core import clients
from apps.streaming.models import PlaybackSession
from apps.streaming.services import liveness
from apps.streaming.store import keys, leases
from apps.streaming.store.leases import Life
from apps.streaming.tokens import read_media, read_playback

from . import steps
from .steps import started, stop, without_redis

pytestmark = pytest.mark.django_db
Playing = dict[str, Any]


@pytest.fixture
def playing(watching: APIClient, film: Title) -> Playing:
    return started(watching)


@pytest.fixture
def media(playing: Playing) -> Any:
    return read_media(playing["hls_url"].split("/")[2])


def now_s() -> float:
    return timezone.now().timestamp()


def test_a_living_session_opens_even_past_the_token_s_time(media: Any) -> None:
    assert liveness.opens(media, now_s())
    assert liveness.opens(media, media.expires_at + 1000)


def test_a_dead_session_opens_nothing_within_seconds(
    playing: Playing, media: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert liveness.opens(media, now_s())
    stop(playing)
    clock = liveness.monotonic()
    monkeypatch.setattr(liveness, "monotonic", lambda: clock + 5)

    assert not liveness.opens(media, now_s())


def test_an_expired_lease_opens_nothing(media: Any) -> None:
    steps.lapse(media.account, media.session)

    assert not liveness.opens(media, now_s())


@pytest.mark.parametrize("trouble", ["away", "emptied"])
def test_where_redis_knows_nothing_the_token_s_time_counts(media: Any, settings: Any, trouble: str) -> None:
    if trouble == "emptied":
        clients.durable().flushdb()
        told = [liveness.opens(media, now_s()), liveness.opens(media, media.expires_at + 1)]
    else:
        with without_redis(settings):
            told = [liveness.opens(media, now_s()), liveness.opens(media, media.expires_at + 1)]

    assert told == [True, False]


def test_redis_is_asked_once_in_a_few_seconds(media: Any) -> None:
    assert liveness.opens(media, now_s())
    clients.durable().delete(keys.leases(media.account))
    clients.durable().set(keys.ended(media.account, media.session), "stopped")

    assert liveness.opens(media, now_s()), "remembered"
    liveness.forget()
    assert not liveness.opens(media, now_s())
    assert leases.lives([(media.account, media.session)]) == [(Life.DEAD, "stopped")]


def test_a_playback_token_s_claims_and_its_row_are_of_one_account(playing: Playing) -> None:
    row, its = PlaybackSession.objects.get(), read_playback(playing["playback_token"])

    assert (str(row.account), str(row.profile), str(row.asset)) == (its.account, its.profile, its.asset)
