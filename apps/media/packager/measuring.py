"""What a finished track turns out to be when it is decoded: for quality control."""

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from .running import Broken, Watch, opened, run
from .sound import loudness_in

COST = 60
# What an editor wants to hear of: seconds of black, of a picture that stands still, of silence.
BLACK_S, FROZEN_S, SILENT_S = 2, 10, 5
FOUND = "found.txt"
NOWHERE = ("-fps_mode", "passthrough", "-f", "null", "-")
PICTURE = (
    f"blackdetect=d={BLACK_S}:pix_th=0.10,freezedetect=n=-50dB:d={FROZEN_S},metadata=mode=print:file={FOUND}"
)
SOUND = f"silencedetect=n=-60dB:d={SILENT_S},ametadata=mode=print:file={FOUND},ebur128=framelog=quiet"


# What ffmpeg says of an input in the end, and how many of them fit into what is kept of its log.
COUNTED = re.compile(
    r"Input stream #(\d+):0 \((?:video|audio)\):.*; (\d+) frames decoded; (\d+) decode errors"
)
AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Decoded:
    """How many frames came out of a track, and how often its decoder complained."""

    frames: int
    errors: int


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
    """`loudness` in LUFS, -70: silence."""

    decoded: Decoded
    loudness: float
    silent: tuple[Stretch, ...]


def measure_decode(tracks: Sequence[Path], watch: Watch, *, seconds: float) -> list[Decoded]:
    """Decode every frame of rungs of one film, side by side. Raises Broken, NoRoom, Stopped.

    How they look is of no matter: the loop filter is left out.
    """
    found = []
    for first in range(0, len(tracks), AT_ONCE):
        some = tracks[first : first + AT_ONCE]
        part = len(some) / len(tracks)
        sources = [one for track in some for one in _opened(track, "-skip_loop_filter", "all")]
        outputs = [one for number in range(len(some)) for one in ("-map", f"{number}:v", *NOWHERE)]
        tail = run(
            ["-v", "verbose", *sources, *outputs], folder=some[0].parent, seconds=seconds,
            cost=COST * len(some), watch=watch.share(seconds * first / len(tracks), part),
        )  # fmt: skip
        found += counted(tail, len(some))
    return found


def measure_picture(track: Path, watch: Watch, *, seconds: float) -> Seen:
    """Decode a rung, best a small one, and look at it. Raises Broken, NoRoom, Stopped."""
    with _scratch(track) as folder:
        tail = run(
            ["-v", "verbose", *_opened(track), "-vf", PICTURE, *NOWHERE],
            folder=folder, seconds=seconds, cost=COST, watch=watch,
        )  # fmt: skip
        found = (folder / FOUND).read_text()
    return Seen(
        counted(tail, 1)[0],
        black=stretches(found, "black_start", "black_end", BLACK_S, seconds),
        frozen=stretches(found, "freezedetect.freeze_start", "freezedetect.freeze_end", FROZEN_S, seconds),
    )


def measure_sound(track: Path, watch: Watch, *, seconds: float) -> Heard:
    """Decode a track of sound and listen to it. Raises Broken, NoRoom, Stopped."""
    with _scratch(track) as folder:
        tail = run(
            ["-v", "verbose", *_opened(track), "-af", SOUND, "-f", "null", "-"],
            folder=folder, seconds=seconds, cost=COST, watch=watch,
        )  # fmt: skip
        found = (folder / FOUND).read_text()
    silent = stretches(found, "silence_start", "silence_end", SILENT_S, seconds)
    return Heard(counted(tail, 1)[0], loudness_in(tail), silent)


def counted(tail: str, tracks: int) -> list[Decoded]:
    """From the end of a log, in the order of the inputs."""
    found = {
        int(number): Decoded(int(frames), int(errors)) for number, frames, errors in COUNTED.findall(tail)
    }
    if sorted(found) != list(range(tracks)):
        raise Broken("What was decoded could not be counted.", tail)
    return [found[number] for number in range(tracks)]


def stretches(found: str, start: str, end: str, least: float, seconds: float) -> tuple[Stretch, ...]:
    """From the lines of the `metadata` filter; what has no end lasts until the track's."""
    starts, ends = (
        [float(one) for one in re.findall(rf"^lavfi\.{re.escape(name)}=(-?[\d.]+)$", found, re.MULTILINE)]
        for name in (start, end)
    )
    both = zip_longest(starts, ends[: len(starts)], fillvalue=seconds)
    return tuple(Stretch(max(0.0, one), other) for one, other in both if other - one >= least)


def _opened(track: Path, *options: str) -> list[str]:
    return opened(track, "mov", "-threads", "1", "-err_detect", "explode", *options)


@contextmanager
def _scratch(track: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=track.parent, prefix="measuring-") as name:
        folder = Path(name)
        (folder / FOUND).touch()
        yield folder
