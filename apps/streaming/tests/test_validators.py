"""What readers of HLS and DASH that are not ours say of the manifests that a session is served."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from mpd_inspector import MPDInspector, MPDParser
from rest_framework.test import APIClient

from apps.media.tests import packaged
from apps.media.tests.test_validators import node

from . import films, steps
from .served import addresses

pytestmark = pytest.mark.django_db
RUNGS_ALLOWED = [144, 360]


@pytest.fixture(params=["", "cbcs", "cenc"])
def session(
    request: Any, tmp_path_factory: pytest.TempPathFactory, watching: APIClient, premium: Any
) -> dict[str, Any]:
    base, scheme = tmp_path_factory.getbasetemp(), request.param
    films.live(packaged.protected(base, scheme) if scheme else packaged.film(base))
    return steps.started(watching, capabilities={"max_height": 480}) | {"scheme": scheme}


def saved(url: str, folder: Path) -> Path:
    """The manifest, and the playlists that it names, by address, with a token that can be a name."""
    told, token = Client().get(url).content.decode(), url.split("/")[2]
    for address in {one for one in addresses(told) if ".m3u8" in one}:
        place = folder / address.lstrip("/").replace(token, "token")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(Client().get(address).content)
    place = folder / url.rpartition("/")[2]
    place.write_text(told if url.endswith(".mpd") else told.replace(token, "token"))
    return place


@pytest.mark.parametrize("form", ["identity", "clearkey"])
def test_hls_parser_finds_nothing_that_the_rfc_forbids(
    session: dict[str, Any], form: str, tmp_path: Path
) -> None:
    master = saved(f"{session['hls_url']}?keys={form}", tmp_path)
    images = next(one for one in addresses(master.read_text()) if "thumbs.m3u8" in one)

    told = node("hls.mjs", master, images)

    shown = [one for one in told["variants"] if not one["iframes"]]
    assert [one["resolution"]["height"] for one in shown] == RUNGS_ALLOWED
    assert [one["frameRate"] for one in shown] == [packaged.FPS] * 2
    assert [one["bandwidth"] >= one["averageBandwidth"] > 0 for one in shown] == [True] * 2
    assert {(one["audio"], one["subtitles"]) for one in shown} == {(3, 3)}
    assert len(told["playlists"]) == 2 * len(RUNGS_ALLOWED) + 3 + 3 + 1
    assert all(one["ended"] and one["segments"] for one in told["playlists"].values())
    # No key of a rung that is not for this session.
    assert told["sessionKeys"] == (2 if session["scheme"] else 0)


def test_mpd_inspector_reads_the_same_film(session: dict[str, Any], tmp_path: Path) -> None:
    place = saved(session["dash_url"], tmp_path)

    told = MPDInspector(MPDParser.from_file(str(place)))

    (period,) = told.periods
    assert told.is_vod()
    kinds = [str(group.content_type.value) for group in period.adaptation_sets]
    assert kinds == ["video", *["audio"] * 3, *["text"] * 3, "image"]
    found = {one.id: one for group in period.adaptation_sets for one in group.representations}
    assert [one for one in found if one.startswith("v")] == ["v144", "v360"]
    for name in ("v144", "v360", "a-en", "a-hi", "a-en-described"):
        (url,) = (one.text for one in found[name].base_urls)
        begin, end = map(int, found[name].segment_base.index_range.split("-"))
        part = Client().get(url, headers={"Range": f"bytes={begin}-{end}"})
        box = b"".join(part.streaming_content)  # type: ignore[attr-defined]
        assert (box[4:8], int.from_bytes(box[:4], "big")) == (b"sidx", len(box))
    for one in found["thumbs"].segment_information.segments:
        assert Client().get(one.urls[0]).status_code == 200
