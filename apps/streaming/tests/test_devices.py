"""What a device says that it can do, and what it is told of keys."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.accounts.tests.steps import refused
from apps.catalog.models import Episode, Title
from apps.media.models import Rendition
from apps.media.tests import packaged
from apps.media.tests.packaged import Packaged
from apps.streaming import codecs
from apps.streaming.tokens import PlaybackClaims

from . import films, steps
from .served import claims_of, get

pytestmark = pytest.mark.django_db


@pytest.fixture
def title(tmp_path_factory: pytest.TempPathFactory, premium: Any) -> Title:
    """H.264 at 144 and 360 lines; at 720, AV1 for all that the rows say."""
    title = films.live(packaged.film(tmp_path_factory.getbasetemp()))
    Rendition.objects.filter(asset=title.asset, height=720).update(codec="av1")
    return title


def manifests(answer: dict[str, Any]) -> list[str]:
    return [get(answer[name]).content.decode() for name in ("hls_url", "dash_url")]


def test_codecs_that_a_device_lacks_are_not_in_its_manifests(watching: APIClient, title: Title) -> None:
    playing = steps.started(watching, title, capabilities={"codecs": ["h264", "aac", "vvc"]})

    assert playing["max_height"] == 360
    for told in manifests(playing):
        assert "v360" in told
        assert "v720" not in told
        assert "a-hi" in told


def test_a_device_that_says_nothing_is_offered_everything(watching: APIClient, title: Title) -> None:
    playing = steps.started(watching, title)

    assert playing["max_height"] == 720
    assert all("v720" in told and "a-hi" in told for told in manifests(playing))


@pytest.mark.parametrize("known", [["hevc", "aac"], ["h264", "av1"], []])
def test_a_device_without_picture_or_sound_is_told_so_and_takes_no_stream(
    watching: APIClient, title: Title, known: list[str]
) -> None:
    refused(steps.start(watching, title, capabilities={"codecs": known}), 403, "device_unsupported")

    assert steps.started(watching, title, capabilities={"codecs": ["av1", "aac"]})["max_height"] == 720


def test_a_next_episode_that_the_device_cannot_play_is_none(watching: APIClient, premium: Any) -> None:
    title = steps.series()
    second = Episode.objects.get(season__title=title, number=2)
    Rendition.objects.filter(asset=second.asset).update(codec="av1")

    named = []
    for able in ({"codecs": ["h264", "aac"]}, {"codecs": ["h264", "av1", "aac"]}, {}):
        playing = steps.started(watching, title, capabilities=able)
        named.append((playing["next_episode"] or {}).get("id"))
        steps.stop(playing)

    assert named == [None, str(second.public_id), str(second.public_id)]


@pytest.mark.parametrize("told", ["h264", ["H264"], ["avc1.64001f"], ["h264"] * 33, [None]])
def test_names_of_codecs_are_read_strictly(watching: APIClient, title: Title, told: Any) -> None:
    answer = steps.start(watching, title, capabilities={"codecs": told})

    refused(answer, 400, "validation_error")
    assert answer.json()["errors"][0]["path"].startswith("capabilities.codecs")


def test_codecs_go_from_token_to_token() -> None:
    claims: PlaybackClaims = steps.claims(codecs=["aac", "h264"])

    assert claims.media(0).codecs == ["aac", "h264"]


def test_entries_of_tracks_have_the_names_of_codecs() -> None:
    told = {"avc1.64001f": "h264", "hvc1.1.6.L93.B0": "hevc", "av01.0.04M.08": "av1", "mp4a.40.2": "aac"}

    assert {entry: codecs.name_of(entry) for entry in told} == told
    assert codecs.decodes(["h264"], "")


# --- Keys --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["cbcs", "cenc"])
def test_of_an_encrypted_film_the_player_is_told_where_its_keys_are(
    watching: APIClient, premium: Any, tmp_path_factory: pytest.TempPathFactory, scheme: str
) -> None:
    film: Packaged = packaged.protected(tmp_path_factory.getbasetemp(), scheme)
    playing = steps.started(watching, films.live(film))
    drm = playing["drm"]

    assert (drm["system"], drm["scheme"]) == ("org.w3.clearkey", scheme)
    assert drm["licence_url"] in get(playing["dash_url"]).content.decode()
    by_licence = get(drm["hls_url"]).content.decode()
    assert 'KEYFORMAT="org.w3.clearkey"' in by_licence
    assert 'KEYFORMAT="identity"' in get(playing["hls_url"]).content.decode()
    assert claims_of(playing).codecs is None


def test_of_a_clear_film_there_are_no_keys_to_tell_of(watching: APIClient, title: Title) -> None:
    assert steps.started(watching, title)["drm"] is None
