"""What the main job's test works with: the clip an editor uploads, a second language and subtitles for it."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import imageio_ffmpeg
from playwright.sync_api import Browser

from .live import BASE_DIR, Site
from .test_players import LIBRARIES

# Any film of a few seconds; without it ffmpeg's moving test picture is filmed.
CLIP = os.environ.get("MAIN_JOB_CLIP", "")
SECONDS = 8
CUES = {"en": "A morning in the meadow.", "hi": "मैदान में एक सुबह।"}


@dataclass(frozen=True, slots=True)
class Reels:
    """What lies on the editor's disk."""

    film: Path
    dub: Path
    subtitles: dict[str, Path]


def reels(folder: Path) -> Reels:
    return Reels(
        film=Path(CLIP) if CLIP else _film(folder / "meadow.mp4"),
        dub=_sound(folder / "meadow.hi.m4a"),
        subtitles={language: _text(folder / f"meadow.{language}.vtt", cue) for language, cue in CUES.items()},
    )


def _film(path: Path) -> Path:
    picture = f"testsrc2=size=640x360:rate=25:duration={SECONDS}"
    sound = f"sine=frequency=330:sample_rate=48000:duration={SECONDS}"
    return _made(path, "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, *_codecs("libx264"))


def _sound(path: Path) -> Path:
    return _made(path, "-f", "lavfi", "-i", f"sine=frequency=660:duration={SECONDS}", *_codecs(""))


def _codecs(video: str) -> list[str]:
    picture = ["-c:v", video, "-preset", "ultrafast", "-pix_fmt", "yuv420p"] if video else []
    return [*picture, "-c:a", "aac", "-ac", "2"]


def _made(path: Path, *arguments: str) -> Path:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *arguments, str(path)]
    subprocess.run(command, check=True)
    return path


def _text(path: Path, cue: str) -> Path:
    path.write_text(f"WEBVTT\n\n00:00.200 --> 00:{SECONDS - 1:02}.800\n{cue}\n", encoding="utf-8")
    return path


def others_play(browser: Browser, site: Site, player: str, manifest: str) -> dict[str, Any]:
    """What a player that is not ours saw of a manifest, played to its end on a page of the same site."""
    page = browser.new_page()
    library = BASE_DIR / "node_modules" / LIBRARIES[player]
    files = {"page.html": BASE_DIR / "tests/players/page.html", "library.js": library}
    for name, file in files.items():
        page.route(f"{site.url}/players/{name}*", lambda route, _, file=file: route.fulfill(path=file))
    asked = {"player": player, "library": "/players/library.js", "source": manifest}
    page.goto(f"{site.url}/players/page.html?{urlencode(asked)}")
    page.wait_for_function("window.seen?.ended || window.seen?.faults.length", timeout=60_000)
    seen: dict[str, Any] = page.evaluate("({...window.seen, frames: window.frames_seen()})")
    page.close()
    return seen
