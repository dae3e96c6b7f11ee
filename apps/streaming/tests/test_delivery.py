"""Manifests, bytes and keys: what a session is served, and what it is not."""

import re
from time import time
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.test import Client
from rest_framework.test import APIClient

from apps.accounts.models import Profile, User
from apps.catalog.models import Tier, Title
from apps.core import clients
from apps.engagement.services import preferences
from apps.media.models import Asset, Rendition
from apps.media.tests import packaged
from apps.media.tests.packaged import Packaged
from apps.streaming import checks
from apps.streaming.services import liveness, shelves
from apps.streaming.tokens import media_token, read_media

from . import films, steps
from .served import Answer, addresses, body, claims_of, get, reached, token_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def clear(tmp_path_factory: pytest.TempPathFactory) -> Packaged:
    return packaged.film(tmp_path_factory.getbasetemp())


@pytest.fixture
def title(clear: Packaged) -> Title:
    return films.live(clear)


@pytest.fixture
def playing(watching: APIClient, premium: Any, title: Title) -> Answer:
    return steps.started(watching)


# --- Manifests ---------------------------------------------------------------------------------------


def test_both_manifests_lead_to_the_very_bytes_that_were_packaged(playing: Answer, clear: Packaged) -> None:
    found = reached(playing)

    package = clear.package
    files = [f"{one.name}.mp4" for one in (*package.videos, *package.audios)]
    files += [one.file for one in package.subtitles]
    for name in [*files, "thumbs/1.jpg"]:
        assert found[name.rpartition("/")[2]] == (clear.folder / name).read_bytes(), name
    for name in ("v144.m3u8", "v720-frames.m3u8", "a-hi.m3u8", "s-en.m3u8", "thumbs.m3u8"):
        assert found[name].decode() == (clear.folder / name).read_text(), name
    assert b"/1.jpg#xywh=0,0,160,90" in found["thumbs.vtt"]


def test_who_may_have_480_lines_is_told_of_nothing_sharper(watching: APIClient, title: Title) -> None:
    playing = steps.started(watching, capabilities={"max_height": 480})

    hls, dash = (get(playing[name]).content.decode() for name in ("hls_url", "dash_url"))

    assert playing["max_height"] == 360
    assert "v360.m3u8" in hls
    assert "v720" not in hls + dash
    assert "RESOLUTION=1280x720" not in hls


def test_rungs_above_the_plan_are_not_there_by_address_either(
    watching: APIClient, premium: Any, title: Title
) -> None:
    sharp = steps.started(watching)
    urls = [one for one in addresses(get(sharp["hls_url"]).content.decode()) if "v720" in one]
    blunt = media_token(claims_of(sharp, max_height=480))

    for url in [*urls, *(one.replace(".m3u8", ".mp4") for one in urls if "frames" not in one)]:
        assert get(url).status_code == 200
        refused = get(url.replace(token_of(sharp), blunt))
        assert (refused.status_code, refused.json()["code"]) == (404, "not_found")


def test_languages_without_a_licence_are_not_there(playing: Answer) -> None:
    english = media_token(claims_of(playing, languages=["en"]))
    hls = get(playing["hls_url"]).content.decode()
    hindi = [one for one in addresses(hls) if "a-hi" in one or "s-hi" in one]

    told = get(f"/play/{english}/master.m3u8").content.decode()

    assert len(hindi) == 2
    assert not re.search(r"[as]-hi", told)
    assert "a-en.m3u8" in told
    assert {get(one.replace(token_of(playing), english)).status_code for one in hindi} == {404}


def test_what_the_profile_likes_to_hear_is_the_default(
    playing: Answer, viewer: User, profile: Profile, mongo: Any
) -> None:
    preferences.change(
        str(viewer.public_id), str(profile.public_id),
        {"audio_language": "hi", "subtitle_language": "hi"},
    )  # fmt: skip

    hls = get(playing["hls_url"]).content.decode()

    media = [line for line in hls.splitlines() if line.startswith("#EXT-X-MEDIA")]
    sounds = [line for line in media if "TYPE=AUDIO" in line]
    texts = [line for line in media if "TYPE=SUBTITLES" in line]
    assert 'LANGUAGE="hi"' in sounds[0]
    assert "DEFAULT=YES" in sounds[0]
    assert 'LANGUAGE="hi"' in texts[0]


def test_manifests_and_keys_are_kept_nowhere_and_media_for_good(playing: Answer) -> None:
    for name in ("hls_url", "dash_url", "thumbnails_url"):
        assert get(playing[name])["Cache-Control"] == "no-store", name
    url = next(one for one in addresses(get(playing["dash_url"]).content.decode()) if "v360.mp4" in one)

    assert get(url)["Cache-Control"] == "private, max-age=31536000, immutable"


def test_an_asset_made_anew_has_other_addresses(playing: Answer, clear: Packaged, title: Title) -> None:
    old = next(one for one in addresses(get(playing["dash_url"]).content.decode()) if "v360.mp4" in one)
    for row in Rendition.objects.filter(asset=title.asset):
        row.key = row.key.replace("/package/", "/another/")
        row.save()
    shelves.forget()

    new = next(one for one in addresses(get(playing["dash_url"]).content.decode()) if "v360.mp4" in one)

    assert old != new
    assert get(old).status_code == 404


# --- Bytes -------------------------------------------------------------------------------------------


@pytest.fixture
def track(playing: Answer) -> str:
    told = get(playing["dash_url"]).content.decode()
    return next(one for one in addresses(told) if one.endswith("v360.mp4"))


def test_ranges_conditions_and_head_of_a_track(track: str, clear: Packaged) -> None:
    data = (clear.folder / "v360.mp4").read_bytes()
    whole = get(track)

    assert (whole.status_code, body(whole)) == (200, data)
    assert (whole["Accept-Ranges"], whole["Content-Type"]) == ("bytes", "video/mp4")
    assert whole["Content-Length"] == str(len(data))
    part = get(track, range="bytes=1000-300999")
    assert (part.status_code, body(part)) == (206, data[1000:301_000])
    assert part["Content-Range"] == f"bytes 1000-{min(300_999, len(data) - 1)}/{len(data)}"
    assert body(get(track, range="bytes=-7")) == data[-7:]
    past = get(track, range=f"bytes={len(data)}-")
    assert (past.status_code, past["Content-Range"]) == (416, f"bytes */{len(data)}")
    assert body(get(track, range="bytes=0-1,4-5")) == data
    assert get(track, range="bytes=0-1", if_range=whole["ETag"]).status_code == 206
    assert get(track, range="bytes=0-1", if_range='"other"').status_code == 200
    assert get(track, if_none_match=whole["ETag"]).status_code == 304
    head = Client().head(track)
    assert (head.status_code, head["Content-Length"], head.content) == (200, str(len(data)), b"")
    assert Client().post(track).status_code == 405


def test_nothing_of_an_address_becomes_a_path(track: str, title: Title) -> None:
    base, name = track.rpartition("/")[0], "v360.mp4"
    assert title.asset
    tries = [
        f"{base}/../package/{name}", f"{base}/%2e%2e/{name}", f"{base}//{name}", f"{base}/{name};x",
        f"{base}/{name}%00", f"{base}/{name}/", f"{base}/{name.upper()}", f"{base}/.{name}",
        f"{base}/..%2f..%2fmaster", f"{base}/stills/1.jpg", f"{base}/manifest.mpd", f"{base}/thumbs/2.jpg",
        f"{base}/%2Fetc%2Fpasswd", base, base.rpartition("/")[0] + f"/{title.asset.prefix}{name}",
    ]  # fmt: skip

    assert {one: get(one).status_code for one in tries if get(one).status_code != 404} == {}


def test_queries_that_say_nothing_are_refused(playing: Answer, track: str) -> None:
    for url in (playing["hls_url"], playing["dash_url"], track):
        answer = get(f"{url}?max_height=2160")
        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, "max_height")
    assert get(f"{track}?CMCD=bl%3D21300").status_code == 200
    assert get(f"{playing['hls_url']}?keys=widevine").status_code == 400


def test_nginx_is_told_which_object_to_send(track: str, title: Title, settings: Any) -> None:
    settings.MEDIA_DELIVERY = "nginx"

    answer = get(track)

    assert title.asset
    assert answer["X-Accel-Redirect"] == f"/internal-media/{title.asset.prefix}v360.mp4"
    assert (answer["Content-Type"], answer.content) == ("video/mp4", b"")


def test_a_bucket_is_where_the_player_is_sent_for_a_minute(track: str, title: Title, settings: Any) -> None:
    bucket = {
        "bucket_name": "films", "endpoint_url": "http://127.0.0.1:9", "access_key": "a", "secret_key": "b",
        "region_name": "us-east-1",
    }  # fmt: skip
    backend = {"BACKEND": "ottsite.object_storage.BucketStorage", "OPTIONS": bucket}
    settings.STORAGES = settings.STORAGES | {"default": backend}
    settings.MEDIA_DELIVERY = "redirect"

    answer = get(track)
    where = urlsplit(answer["Location"])

    assert title.asset
    assert (answer.status_code, answer["Cache-Control"]) == (302, "no-store")
    assert (where.netloc, where.path) == ("127.0.0.1:9", f"/films/{title.asset.prefix}v360.mp4")
    signed = parse_qs(where.query)
    assert signed["X-Amz-Expires"] == ["60"]
    assert signed["X-Amz-Signature"]


@pytest.mark.parametrize(
    ("mode", "bucket", "fine"),
    [("direct", "", True), ("nginx", "", True), ("redirect", "films", True), ("redirect", "", False),
     ("direct", "films", False), ("nginx", "films", False), ("pigeon", "", False)],
)  # fmt: skip
def test_a_mode_that_the_storage_cannot_serve_is_found_at_the_start(
    mode: str, bucket: str, fine: bool, settings: Any
) -> None:
    settings.MEDIA_DELIVERY, settings.BUCKET = mode, {"bucket_name": bucket}

    assert [one.id for one in checks.bytes_can_be_delivered()] == ([] if fine else ["streaming.E002"])


# --- Tokens and lives --------------------------------------------------------------------------------


def test_a_token_opens_its_own_asset_alone(playing: Answer, track: str, clear: Packaged) -> None:
    other = films.live(clear, "other").asset
    assert other
    asset = read_media(token_of(playing)).asset

    assert get(track.replace(asset, str(other.public_id))).status_code == 404
    assert get(track.replace(asset, str(uuid4()))).status_code == 404
    forged = media_token(claims_of(playing, asset=str(other.public_id)))[:-1] + "_"
    assert get(f"/play/{forged}/master.m3u8").status_code == 404
    assert get(f"/play/{playing['playback_token']}/master.m3u8").status_code == 404


def test_a_session_that_stopped_gets_no_byte_more(playing: Answer, track: str) -> None:
    assert get(track).status_code == 200
    steps.stop(playing)
    liveness.forget()

    for url in (track, playing["hls_url"], playing["dash_url"], playing["thumbnails_url"]):
        answer = get(url)
        assert (answer.status_code, answer.json()["code"]) == (403, "lease_lost")


def test_the_time_of_a_token_counts_where_no_lease_says_otherwise(playing: Answer, track: str) -> None:
    late = media_token(claims_of(playing, expires_at=int(time()) - 1))
    stale = track.replace(token_of(playing), late)

    assert get(stale).status_code == 200
    clients.durable().flushdb()
    liveness.forget()
    assert get(track).status_code == 200
    refused = get(stale)
    assert (refused.status_code, refused.json()["code"]) == (403, "token_expired")


def test_an_asset_that_is_no_more_ready_is_not_served(playing: Answer, track: str) -> None:
    Asset.objects.update(placeholder=True)
    shelves.forget()

    assert {get(one).status_code for one in (track, playing["hls_url"], playing["dash_url"])} == {404}


def test_a_premium_title_is_refused_to_free_viewers(watching: APIClient, clear: Packaged) -> None:
    films.live(clear, "gold", tier=Tier.PREMIUM)

    refused = steps.start(watching, "gold")

    assert (refused.status_code, refused.json()["code"]) == (403, "plan_required")
    assert refused.json()["plan"] == "premium"
