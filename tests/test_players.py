"""Packaged films in Chromium: three players that are not ours play HLS and DASH, clear and encrypted."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser

from apps.media.tests import packaged
from apps.media.tests.packaged import FRAMES

from .ranges import LICENCE, serving

BASE_DIR = Path(__file__).resolve().parents[1]
LIBRARIES = {
    "hls": "hls.js/dist/hls.min.js",
    "shaka": "shaka-player/dist/shaka-player.compiled.js",
    "dash": "dashjs/dist/modern/umd/dash.all.min.js",
}
SCHEMES = ("cenc", "cbcs")
SHORTAGE = "The players are npm packages: `npm ci --ignore-scripts` with Node 20."


def base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    base = tmp_path_factory.getbasetemp()
    folders = {scheme: packaged.protected(base, scheme).folder for scheme in SCHEMES}
    folders |= {
        "clear": packaged.film(base).folder,
        "players": BASE_DIR / "tests/players",
        "npm": BASE_DIR / "node_modules",
    }
    keys = dict(map(packaged.key_of, packaged.LABELS))
    licences = {base64url(kid.bytes): base64url(key) for kid, key in keys.items()}
    with serving(folders, licences) as address:
        yield address


@pytest.fixture
def play(server: str, browser: Browser) -> Iterator[Any]:
    """Plays a source of the server to its end, and returns what the page saw."""
    context = browser.new_context()

    def played(player: str, source: str, *, licence: bool = False) -> Any:
        assert (BASE_DIR / "node_modules" / LIBRARIES[player]).exists(), SHORTAGE
        asked = {"player": player, "library": f"/npm/{LIBRARIES[player]}", "source": f"{server}/{source}"}
        if licence:
            asked["licence"] = server + LICENCE
        page = context.new_page()
        page.goto(f"{server}/players/page.html?{urlencode(asked)}")
        page.wait_for_function("window.seen?.ended || window.seen?.faults.length", timeout=120_000)
        seen = page.evaluate("({...window.seen, frames: window.frames_seen()})")
        page.close()
        return seen

    yield played
    context.close()


PLAYS = [
    ("hls", packaged.MASTER), ("shaka", packaged.MASTER), ("shaka", packaged.MPD), ("dash", packaged.MPD),
]  # fmt: skip


@pytest.mark.parametrize(("player", "manifest"), PLAYS)
def test_a_clear_film_plays_from_the_first_frame_to_the_last(play: Any, player: str, manifest: str) -> None:
    seen = play(player, f"clear/{manifest}")

    assert seen["faults"] == []
    assert seen["frames"] == FRAMES
    assert seen["heights"] == [*packaged.RUNGS]
    assert [one[:7] for one in seen["audio"]] == ["English", "हिन्दी", "English"]
    assert [one[:7] for one in seen["text"]] == ["English", "हिन्दी", "English"]


@pytest.mark.parametrize("manifest", [packaged.MASTER, packaged.MPD])
def test_the_thumbnail_of_a_moment_is_found_on_its_sheet(play: Any, server: str, manifest: str) -> None:
    seen = play("shaka", f"clear/{manifest}")

    # 4.2 s: the ninth of a picture every half second, the third of the second row.
    assert seen["thumbnail"] == {
        "startTime": 4, "positionX": 320, "positionY": 90, "width": 160, "height": 90,
        "uris": [f"{server}/clear/thumbs/1.jpg"],
    }  # fmt: skip


ENCRYPTED = [
    ("hls", f"cbcs/{packaged.CLEAR_KEY}/{packaged.MASTER}"),  # of cenc it knows nothing
    *(("shaka", f"{scheme}/{packaged.MASTER}") for scheme in SCHEMES),
    *((player, f"{scheme}/{packaged.MPD}") for player in ("shaka", "dash") for scheme in SCHEMES),
]


@pytest.mark.parametrize(("player", "source"), ENCRYPTED)
def test_an_encrypted_film_plays_with_its_keys(play: Any, player: str, source: str) -> None:
    seen = play(player, source, licence=True)

    assert seen["faults"] == []
    assert seen["frames"] == FRAMES


def test_without_keys_nothing_of_it_is_seen(play: Any) -> None:
    seen = play("shaka", f"cbcs/{packaged.MPD}", licence=False)

    assert seen["faults"]
    assert seen["frames"] == 0
