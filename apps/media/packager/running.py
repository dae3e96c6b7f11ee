"""One run of ffmpeg, from its argv to its end: watched, limited, and told in plain words.

An argv is made of constants, of numbers, of names out of finite tables, and of paths that we made.
"""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from pathlib import Path
from threading import Event

import imageio_ffmpeg
from django.conf import settings

from apps.media import formats, sandbox
from apps.media.sandbox import Ending, Limits, Outcome

QUIET_S = 180.0
MIB = 1024**2
NO_ROOM = "There is no room left on the disk that films are worked on."
FULL_DISK = re.compile(r"No space left on device|Disk quota exceeded|Error number -28\b")
TOO_LARGE = re.compile(r"File too large|Error number -27\b")
NO_MEMORY = re.compile(
    r"Cannot allocate memory|Resource temporarily unavailable|Error number -1[12]\b|malloc"
)
# How ffmpeg exits when it gets a signal that it knows, which is the one that its computing is used up.
SIGNALLED = (255, 123)
TOLD = {
    Ending.TOO_SLOW: "It took far longer than a film of this length may take.",
    Ending.SILENT: "The program that reads the film has said nothing for minutes.",
    Ending.TOO_MUCH_CPU: "It took far more computing than a film of this length may take.",
    Ending.TOO_MUCH_OUTPUT: "It became far larger than a film of this length may be.",
    Ending.CRASHED: "The program that reads the film ended in the middle of it, perhaps for want of memory.",
}


class Broken(Exception):
    """It did not work: a sentence for the editor, and the end of the tool's log."""

    def __init__(self, told: str, tail: str = "") -> None:
        super().__init__(told)
        self.told, self.tail = told, tail


class NoRoom(Exception):
    """The disk is full; it would work if it were not."""


class Stopped(Exception):
    """Ended because the watch said so."""


def _nobody(done_s: float, speed: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Watch:
    """Somebody who looks on. `tell(done_s, speed)`: seconds of the film that are done, and done a second.

    `tell` is called from another thread, about once a second; `stop` ends the run within moments.
    """

    stop: Event = field(default_factory=Event)
    tell: Callable[[float, float], None] = _nobody

    def share(self, begin_s: float, part: float) -> "Watch":
        """For one of several runs: its seconds count for `part` of one, after those before it."""
        return Watch(self.stop, lambda done_s, speed: self.tell(begin_s + done_s * part, speed))


@cache
def program() -> str:
    return str(imageio_ffmpeg.get_ffmpeg_exe())


def opened(path: Path, container: str, *options: str) -> list[str]:
    """The arguments that open a file as what it was found to be, and as nothing else."""
    if container not in formats.CONTAINERS.values():
        raise ValueError(f"No demuxer of ours is called {container}.")
    return [
        *("-protocol_whitelist", "file", "-format_whitelist", container),
        *("-codec_whitelist", ",".join(formats.DECODERS), *options),
        *("-f", container, "-i", f"file:{path.absolute()}"),
    ]  # fmt: skip


def others(container: str, *, until_s: float | None = None) -> Iterator[str]:
    """Arguments that read all streams, for a container whose clock ffmpeg sets right by those it reads.

    All who read such a file then set it right in the same way. `until_s`: no further than that.
    """
    if container in formats.JUMPING:
        end = () if until_s is None else ("-t", f"{until_s:.6f}")
        yield from ("-map", "0:v?", "-map", "0:a?", "-c", "copy", *end, "-f", "null", "-")


def run(
    arguments: Sequence[str],
    *,
    folder: Path,
    seconds: float,
    cost: float,
    watch: Watch,
    fps: Fraction | None = None,
) -> str:
    """Run ffmpeg in the folder; the end of its log.

    `seconds`: of film, `cost`: the most seconds of computing that one of them may take; the limits come
    from both. `fps`: by which progress is counted in frames, for times are wrong with `-copyts`.
    Raises Broken, NoRoom, Stopped.
    """
    progress = Progress(watch, fps)
    outcome = sandbox.run(
        [program(), "-nostdin", "-hide_banner", "-nostats", *("-progress", "pipe:1", "-stats_period", "1"),
         "-y", *arguments],
        limits=limits(seconds, cost),
        cwd=folder,
        stop=progress,
        heed=progress.heed,
        reads=[Path(one.removeprefix("file:")) for one in arguments if one.startswith("file:/")],
    )  # fmt: skip
    if outcome.is_well:
        watch.tell(seconds, progress.speed)
        return outcome.tail
    if watch.stop.is_set():
        raise Stopped
    raise blame(outcome, stalled=progress.stalled)


def blame(outcome: Outcome, *, stalled: bool) -> Broken | NoRoom:
    """What to tell of a run that did not end well."""
    if FULL_DISK.search(outcome.tail):
        return NoRoom(NO_ROOM)
    if stalled:
        return Broken("The program that reads the film has not moved on for minutes.", outcome.tail)
    ending = outcome.ending
    if outcome.code in SIGNALLED:
        ending = Ending.TOO_MUCH_CPU
    elif TOO_LARGE.search(outcome.tail):
        ending = Ending.TOO_MUCH_OUTPUT
    if ending in TOLD:
        return Broken(TOLD[ending], outcome.tail)
    if NO_MEMORY.search(outcome.tail):
        return Broken("The film needs more memory than a program may have here.", outcome.tail)
    return Broken("The film could not be read to its end; it may be damaged or cut off.", outcome.tail)


def limits(seconds: float, cost: float) -> Limits:
    """Generous, for machines are slow and busy; but finite."""
    cpu_s = 120 + seconds * cost
    return Limits(
        wall_s=300 + 4 * cpu_s,
        cpu_s=int(cpu_s),
        memory_bytes=settings.MEDIA_MEMORY_MB * MIB,
        file_bytes=int(64 * MIB + seconds * 8 * MIB),
        quiet_s=QUIET_S,
    )


class Progress(Event):
    """What ffmpeg says of itself (`-progress`); as an event it is set when the run should end.

    It reports on and on even when nothing moves: no advance for `QUIET_S` is a stall.
    """

    def __init__(self, watch: Watch, fps: Fraction | None = None) -> None:
        super().__init__()
        self.watch, self.fps, self.stalled = watch, fps, False
        self.done_s, self.speed = 0.0, 0.0
        self.state: tuple[str, ...] = ()
        self.values: dict[str, str] = {}
        self.moved_at = time.monotonic()

    def is_set(self) -> bool:
        return self.stalled or self.watch.stop.is_set()

    def heed(self, line: str) -> None:
        name, _, value = line.partition("=")
        self.values[name] = value.strip()
        if name != "progress":
            return
        state = tuple(self.values.get(one, "") for one in ("frame", "out_time_us", "total_size"))
        if state != self.state:
            self.state, self.moved_at = state, time.monotonic()
        elif time.monotonic() - self.moved_at > QUIET_S:
            self.stalled = True
        frames = int(_number(self.values.get("frame", "")))
        time_s = _number(self.values.get("out_time_us", "")) / 1e6
        self.done_s = max(self.done_s, float(frames / self.fps) if self.fps else time_s)
        self.speed = _number(self.values.get("speed", "").removesuffix("x"))
        self.watch.tell(self.done_s, self.speed)


def _number(text: str) -> float:
    """0 for what is none, such as `N/A`."""
    return float(text) if re.fullmatch(r"\d+(\.\d+)?(e[+-]\d+)?", text) else 0.0
