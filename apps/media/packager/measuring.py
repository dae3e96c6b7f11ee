"""What a finished track turns out to be when it is decoded: for quality control."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from django.conf import settings

from .running import Watch, opened, run
from .sound import summary

COST = 60
# What an editor wants to hear of: seconds of black, of a picture that stands still, of silence.
BLACK_S, FROZEN_S, SILENT_S = 2, 10, 5
FOUND = "found.txt"
PICTURE = (
    f"blackdetect=d={BLACK_S}:pix_th=0.10,freezedetect=n=-50dB:d={FROZEN_S},metadata=mode=print:file={FOUND}"
)
SOUND = (
    f"silencedetect=n=-60dB:d={SILENT_S},ametadata=mode=print:file={FOUND},ebur128=peak=true:framelog=quiet"
)


@dataclass(frozen=True, slots=True)
class Decoded:
    """How many frames came out, and what the decoder complained of ("" if nothing)."""

    frames: int
    errors: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """Of a track, in seconds from its start."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Seen:
    decoded: Decoded
    black: tuple[Stretch, ...]
    frozen: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True)
class Heard:
    """`loudness` in LUFS (-70: silence), `peak` in dBTP; `seconds` came out of the decoder."""

    seconds: float
    errors: str
    loudness: float
    peak: float
    silent: tuple[Stretch, ...]


def measure_decode(track: Path, watch: Watch, *, seconds: float) -> Decoded:
    """Decode every frame of a rung. How it would look is of no matter: the loop filter is left out."""
    source = _opened(track, "-skip_loop_filter", "all")
    ran = run(
        ["-v", "error", *source, "-fps_mode", "passthrough", "-f", "null", "-"],
        folder=track.parent, seconds=seconds, cost=COST, watch=watch,
    )  # fmt: skip
    return Decoded(ran.frames, ran.tail)


def measure_picture(track: Path, watch: Watch, *, seconds: float) -> Seen:
    """Decode a rung, best a small one, and look at it. Raises Broken, NoRoom, Stopped."""
    with _scratch(track) as folder:
        ran = run(
            ["-v", "error", *_opened(track), "-vf", PICTURE, "-fps_mode", "passthrough", "-f", "null", "-"],
            folder=folder, seconds=seconds, cost=COST, watch=watch,
        )  # fmt: skip
        found = (folder / FOUND).read_text()
    return Seen(
        Decoded(ran.frames, ran.tail),
        black=stretches(found, "black_start", "black_end", BLACK_S, seconds),
        frozen=stretches(found, "freezedetect.freeze_start", "freezedetect.freeze_end", FROZEN_S, seconds),
    )


def measure_sound(track: Path, watch: Watch, *, seconds: float) -> Heard:
    """Decode a track of sound and listen to it. Raises Broken, NoRoom, Stopped."""
    with _scratch(track) as folder:
        ran = run(
            ["-v", "level+info", *_opened(track), "-af", SOUND, "-f", "null", "-"],
            folder=folder, seconds=seconds, cost=COST, watch=watch,
        )  # fmt: skip
        found = (folder / FOUND).read_text()
    loudness, peak = summary(ran.tail)
    errors = "\n".join(line for line in ran.tail.splitlines() if "[error]" in line or "[fatal]" in line)
    silent = stretches(found, "silence_start", "silence_end", SILENT_S, seconds)
    return Heard(ran.seconds, errors, loudness, peak, silent)


def stretches(found: str, start: str, end: str, least: float, seconds: float) -> tuple[Stretch, ...]:
    """From the lines of the `metadata` filter; what has no end lasts until the track's."""
    starts, ends = (
        [float(one) for one in re.findall(rf"^lavfi\.{re.escape(name)}=(-?[\d.]+)$", found, re.MULTILINE)]
        for name in (start, end)
    )
    both = zip_longest(starts, ends[: len(starts)], fillvalue=seconds)
    return tuple(Stretch(max(0.0, one), other) for one, other in both if other - one >= least)


def _opened(track: Path, *options: str) -> list[str]:
    return opened(track, "mov", "-threads", str(settings.ENCODE_THREADS), *options)


@contextmanager
def _scratch(track: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=track.parent, prefix="measuring-") as name:
        folder = Path(name)
        (folder / FOUND).touch()
        yield folder
