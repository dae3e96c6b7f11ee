"""A small film as the worker packages it, for tests of what is written about it and of those who read it."""

import shutil
import subprocess
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import imageio_ffmpeg

from apps.media import cmaf, encryption, keys, mpd, playlists, thumbnails
from apps.media.cmaf import Index
from apps.media.playlists import Audio, Package, Subtitle, Video

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
FPS, SECONDS = 24, 9
FRAMES = FPS * SECONDS
THUMB_EVERY_MS = 500
LABELS = ("SD", "HD", "AUDIO")
CLEAR_KEY = "clear-key"
MASTER, MPD = "master.m3u8", "manifest.mpd"
RUNGS = {144: (256, 144), 360: (640, 360), 720: (1280, 720)}
SHARED = (
    "-map_metadata -1 -fflags +bitexact -flags:v +bitexact+cgop -flags:a +bitexact"
    " -frag_duration 4000000 -min_frag_duration 3990000 -f mp4"
)
PICTURE = (
    f"-c:v libx264 -preset veryfast -threads 2 -pix_fmt yuv420p -g {FPS * 2} -keyint_min {FPS * 2}"
    " -sc_threshold 0 -movflags +cmaf+frag_keyframe+negative_cts_offsets+skip_trailer"
)
SOUND = "-c:a aac -b:a 64k -ac 2 -ar 48000 -movflags +cmaf+delay_moov+skip_trailer"
CUES = {
    "en": "WEBVTT\n\n00:01.000 --> 00:05.000\nA cue across two segments\n\n00:06.000 --> 00:08.500\nLast\n",
    "hi": "WEBVTT\n\n00:01.000 --> 00:05.000\nनमस्ते\n",
}


@dataclass(frozen=True)
class Packaged:
    package: Package
    folder: Path


@cache
def film(base: Path) -> Packaged:
    """Three rungs, English, Hindi and described sound, three subtitles, thumbnails; `FRAMES` frames.

    Made once in the tests' `base`, and only to be read.
    """
    folder = base / "film"
    folder.mkdir(parents=True, exist_ok=True)
    _encode(folder)
    videos = tuple(
        Video(name=f"v{height}", layout=_joined(folder, f"v{height}"), fps=Fraction(FPS), codec="h264",
              height=height)
        for height in RUNGS
    )  # fmt: skip
    audios = tuple(
        Audio(name=name, layout=_joined(folder, name), language=language, label=label,
              described=name == "a-en-described")
        for name, language, label in (
            ("a-en", "en", "English"), ("a-hi", "hi", "हिन्दी"),
            ("a-en-described", "en", 'English <with "descriptions" & more>'),
        )
    )  # fmt: skip
    texts = (
        _subtitle(folder, "s-en", language="en", label="English"),
        _subtitle(folder, "s-hi", language="hi", label="हिन्दी", forced=True),
        _subtitle(folder, "s-en-sdh", language="en", label="English", sdh=True),
    )
    sheets = thumbnails.paste(
        sorted(folder.glob("thumb_*.jpg")), folder, every_ms=THUMB_EVERY_MS, duration_ms=SECONDS * 1000
    )
    return written(Package(videos=videos, audios=audios, subtitles=texts, sheets=sheets), folder)


@cache
def protected(base: Path, scheme: str) -> Packaged:
    """The same film encrypted, with a key for each label as in `key_of`; in `CLEAR_KEY` for Clear Key."""
    clear, folder = film(base), base / f"film-{scheme}"
    shutil.copytree(clear.folder, folder)

    def encrypted(track: Any, label: str) -> Any:
        kid, key = key_of(label)
        source = clear.folder / track.file
        index = encryption.encrypt(source, folder / track.file, scheme=scheme, key=key, kid=kid)
        return replace(track, layout=index, kid=kid)

    videos = tuple(encrypted(one, keys.label(one.height)) for one in clear.package.videos)
    audios = tuple(encrypted(one, "AUDIO") for one in clear.package.audios)
    package = replace(clear.package, videos=videos, audios=audios, scheme=scheme)
    (folder / "keys").mkdir()
    for kid, key in map(key_of, LABELS):
        (folder / "keys" / str(kid)).write_bytes(key)
    (folder / CLEAR_KEY).mkdir()
    told = tree(
        package,
        at=lambda name: name if name.endswith(".m3u8") else f"../{name}",
        keys=playlists.clear_keys(scheme),
    )
    for name, text in told.items():
        (folder / CLEAR_KEY / name).write_text(text)
    return written(package, folder)


def key_of(label: str) -> tuple[UUID, bytes]:
    """An id and a key that are the same in every run."""
    made = sha256(label.encode()).digest()
    return UUID(bytes=made[:16]), made[16:]


def tree(
    package: Package, *, at: playlists.At = playlists.as_it_is, keys: playlists.Keys | None = None
) -> dict[str, str]:
    """All playlists by name. `keys`: those of `identity_keys` unless told otherwise."""
    keys = keys or playlists.identity_keys(package.scheme, at=at)
    found = {MASTER: playlists.master(package, at=at, keys=keys)}
    for track in (*package.videos, *package.audios):
        found[track.playlist] = playlists.media(track, at=at, keys=keys(track))
    for video in package.videos:
        found[video.frames_playlist] = playlists.frames(video, at=at, keys=keys(video))
    for subtitle in package.subtitles:
        found[subtitle.playlist] = playlists.subtitles(subtitle, package.duration_ms, at=at)
    if package.sheets:
        found[playlists.IMAGES] = playlists.images(package.sheets, at=at)
    return found


def written(package: Package, folder: Path) -> Packaged:
    """With the playlists and the MPD."""
    for name, text in tree(package).items():
        (folder / name).write_text(text)
    (folder / MPD).write_text(mpd.write(package))
    if package.sheets:
        (folder / thumbnails.TRACK).write_text(thumbnails.vtt(package.sheets))
    return Packaged(package, folder)


def ffmpeg(*arguments: str | Path, cwd: Path) -> str:
    """Its standard output."""
    command = [FFMPEG, "-nostdin", "-v", "error", "-y", *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def frames(source: str, *options: str, cwd: Path, stream: str = "v:0") -> list[str]:
    """The MD5 of every frame of one stream, decoded."""
    told = ffmpeg(*options, "-i", source, "-map", f"0:{stream}", "-f", "framemd5", "-", cwd=cwd)
    return [line.rpartition(",")[2].strip() for line in told.splitlines() if not line.startswith("#")]


def _encode(folder: Path) -> None:
    """One decode for all, and frames that all differ."""
    heights = list(RUNGS)
    split = "".join(f"[s{one}]" for one in heights)
    graph = f"testsrc2=size=1280x720:rate={FPS}:duration={SECONDS},split={len(heights) + 1}{split}[t];"
    graph += "".join(f"[s{one}]scale={w}:{h},setsar=1[v{one}];" for one, (w, h) in RUNGS.items())
    graph += f"[t]fps={Fraction(1000, THUMB_EVERY_MS)}:start_time=0:round=up,scale=160:90[th]"
    outputs: list[str] = []
    for one in heights:
        outputs += ["-map", f"[v{one}]", *PICTURE.split(), *SHARED.split(), f"part-v{one}.mp4"]
    for n, name in enumerate(("a-en", "a-hi", "a-en-described")):
        outputs += ["-map", f"{n}:a", *SOUND.split(), *SHARED.split(), f"part-{name}.mp4"]
    tones = [f"sine=frequency={hertz}:duration={SECONDS}" for hertz in (330, 440, 550)]
    inputs = [part for tone in tones for part in ("-f", "lavfi", "-i", tone)]
    ffmpeg(
        *inputs, "-filter_complex", graph, *outputs, "-map", "[th]", "-q:v", "4", "thumb_%04d.jpg", cwd=folder
    )


def _joined(folder: Path, name: str) -> Index:
    return cmaf.join([folder / f"part-{name}.mp4"], folder / f"{name}.mp4")


def _subtitle(
    folder: Path, name: str, *, language: str, label: str, forced: bool = False, sdh: bool = False
) -> Subtitle:
    path = folder / f"{name}.vtt"
    path.write_text(CUES[language])
    return Subtitle(
        name=name, language=language, label=label, forced=forced, sdh=sdh, size=path.stat().st_size
    )
