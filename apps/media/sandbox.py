"""Other programs, which read files that nobody trusts: without a network, within limits, and with an end.

What runs here gets an argv made by us, an empty environment, its scratch folder as the place it works in,
and dies with the worker, whatever kills that.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from threading import Event, Thread
from typing import IO

LAUNCHER = Path(__file__).with_name("launcher.py")
GRAIN_S = 0.1
TAIL = 8_000
GIB = 1024**3


@dataclass(frozen=True, slots=True)
class Limits:
    """`wall_s`: from start to end; `quiet_s`: between two lines of its output; else as in setrlimit(2)."""

    wall_s: float
    cpu_s: int
    memory_bytes: int = 6 * GIB
    file_bytes: int = 64 * GIB
    quiet_s: float = float("inf")


class Ending(StrEnum):
    """How a program ended, as the editor will be told."""

    WELL = "well"
    FAILED = "failed"
    STOPPED = "stopped"
    TOO_SLOW = "too slow"
    SILENT = "silent"
    TOO_MUCH_CPU = "too much CPU"
    TOO_MUCH_OUTPUT = "too much output"
    CRASHED = "crashed"


ENDED_BY = {
    signal.SIGXCPU: Ending.TOO_MUCH_CPU,
    signal.SIGXFSZ: Ending.TOO_MUCH_OUTPUT,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """`code` as in `subprocess` (negative: a signal); `tail`: the end of its error output."""

    ending: Ending
    code: int
    tail: str

    @property
    def is_well(self) -> bool:
        return self.ending == Ending.WELL


@dataclass(slots=True)
class _Heard:
    """What is known of a running program's outputs."""

    tail: bytes = b""
    at: float = 0.0


def run(
    command: Sequence[str], *, limits: Limits, cwd: Path, stop: Event | None = None,
    heed: Callable[[str], None] | None = None, env: Mapping[str, str] | None = None,
) -> Outcome:  # fmt: skip
    """Run a program (an absolute path and its arguments) to its end, which may be ours to make.

    `heed` gets each line of its standard output, from another thread. `stop` ends it from outside.
    Raises OSError where it cannot be started.
    """
    kernel = {
        "cpu_s": limits.cpu_s, "memory_bytes": limits.memory_bytes, "file_bytes": limits.file_bytes,
        "parent": os.getpid(),
    }  # fmt: skip
    began = time.monotonic()
    heard = _Heard(at=began)
    with subprocess.Popen(
        [sys.executable, "-I", "-S", str(LAUNCHER), json.dumps(kernel), *command],
        cwd=cwd,
        env={"LANG": "C.UTF-8", "HOME": str(cwd), **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        readers = [
            Thread(target=_heed, args=(process.stdout, heard, heed or _ignore), daemon=True),
            Thread(target=_remember, args=(process.stderr, heard), daemon=True),
        ]
        for reader in readers:
            reader.start()
        try:
            ended_by_us = _await(process, limits, heard, began, stop or Event())
        finally:
            _kill(process)
            for reader in readers:
                reader.join(5)
    return Outcome(
        ended_by_us or _ending(process.returncode), process.returncode, heard.tail.decode(errors="replace")
    )


def _await(
    process: "subprocess.Popen[bytes]", limits: Limits, heard: _Heard, began: float, stop: Event
) -> Ending | None:
    """None when it ended by itself."""
    while True:
        try:
            process.wait(GRAIN_S)
            return None
        except subprocess.TimeoutExpired:
            now = time.monotonic()
        if stop.is_set():
            return Ending.STOPPED
        if now - began > limits.wall_s:
            return Ending.TOO_SLOW
        if now - heard.at > limits.quiet_s:
            return Ending.SILENT


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """It and all that it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()


def _ending(code: int) -> Ending:
    if code == 0:
        return Ending.WELL
    return ENDED_BY.get(signal.Signals(-code), Ending.CRASHED) if code < 0 else Ending.FAILED


def _heed(pipe: IO[bytes], heard: _Heard, heed: Callable[[str], None]) -> None:
    for line in pipe:
        heard.at = time.monotonic()
        heed(line.decode(errors="replace").rstrip("\n"))


def _remember(pipe: IO[bytes], heard: _Heard) -> None:
    while piece := pipe.read1(4096):  # type: ignore[attr-defined]
        heard.tail = (heard.tail + piece)[-TAIL:]


def _ignore(line: str) -> None: ...
