"""What the main job's test works with: the clip an editor uploads, a second language and subtitles for it."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg

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
