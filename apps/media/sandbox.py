"""Other programs, which read files that nobody trusts: without a network, within limits, and with an end.

What runs here gets an argv made by us, an empty environment, its scratch folder as the place it works in
and the only one it can write to, and dies with the worker, whatever kills that. It is one process and stays
one: it can start threads, but no other programs. Linux does this (see `launcher`).
"""

import json
import os
import re
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from threading import Event, Thread
from typing import IO

LAUNCHER = Path(__file__).with_name("launcher.py")
GRAIN_S = 0.1
TAIL, LINE = 8_000, 262_144
MIB, GIB = 1024**2, 1024**3
# What every program may read: libraries, Python's and the system's, and a little about the machine.
LIBRARIES = tuple(dict.fromkeys((
    "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache",
    *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    f"{sys.base_prefix}/lib", f"{sys.prefix}/pyvenv.cfg",
    "/dev/urandom", "/dev/zero", "/proc/cpuinfo", "/sys/devices/system",
)))  # fmt: skip
# How programs say that there was no memory: libc, Python, C++.
NO_MEMORY = re.compile(r"Cannot allocate memory|MemoryError|std::bad_alloc|out of memory", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Limits:
    """`wall_s`: from start to end; `quiet_s`: between two lines of its output; `output_bytes`: all it says.

    The rest as in setrlimit(2); `file_bytes` is of each file that it writes, 0 for none at all.
    """

    wall_s: float
    cpu_s: int
    memory_bytes: int = 6 * GIB
    file_bytes: int = 64 * GIB
    quiet_s: float = float("inf")
    output_bytes: int = 256 * MIB


class Ending(StrEnum):
    """How a program ended, as the editor will be told."""

    WELL = "well"
    FAILED = "failed"
    STOPPED = "stopped"
    TOO_SLOW = "too slow"
    SILENT = "silent"
    TOO_MUCH_CPU = "too much CPU"
    TOO_MUCH_OUTPUT = "too much output"
    TOO_MUCH_MEMORY = "too much memory"
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
    size: int = 0


def run(
    command: Sequence[str], *, limits: Limits, cwd: Path, stop: Event | None = None,
    heed: Callable[[str], None] | None = None, reads: Sequence[Path] = (),
) -> Outcome:  # fmt: skip
    """Run a program (an absolute path and its arguments) to its end, which may be ours to make.

    `heed` gets each line of its standard output, from another thread; what is longer than `LINE` bytes
    comes in pieces. `stop` ends it from outside. `reads`: the only files and folders that it may read
    besides libraries and its own folder; with none, all that the worker may read. It writes to `cwd` only,
    if it may write.
    Raises OSError where it cannot be started.
    """
    began = time.monotonic()
    heard = _Heard(at=began)
    with subprocess.Popen(
        [sys.executable, "-I", "-S", str(LAUNCHER), _order(command, limits, cwd, reads), *command],
        cwd=cwd,
        env={"LANG": "C.UTF-8", "HOME": str(cwd)},
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
            ended_by_us = _await(process.pid, limits, heard, began, stop or Event())
        finally:
            _kill(process)
            for reader in readers:
                reader.join(5)
    tail = heard.tail.decode(errors="replace")
    return Outcome(ended_by_us or _ending(process.returncode, tail), process.returncode, tail)


def _order(command: Sequence[str], limits: Limits, cwd: Path, reads: Sequence[Path]) -> str:
    """What the launcher is told."""
    readable = [command[0], *LIBRARIES, *(str(path.absolute()) for path in reads)]
    return json.dumps({
        "cpu_s": limits.cpu_s, "memory_bytes": limits.memory_bytes, "file_bytes": limits.file_bytes,
        "parent": os.getpid(), "reads": readable if reads else None,
        "writes": ["/dev/null", *([str(cwd.absolute())] if limits.file_bytes else [])],
    })  # fmt: skip


def _await(pid: int, limits: Limits, heard: _Heard, began: float, stop: Event) -> Ending | None:
    """None when it ended by itself. It is not reaped, so that its number stays its own."""
    pause = 0.001
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
        now = time.monotonic()
        if stop.is_set():
            return Ending.STOPPED
        if now - began > limits.wall_s:
            return Ending.TOO_SLOW
        if now - heard.at > limits.quiet_s:
            return Ending.SILENT
        if heard.size > limits.output_bytes:
            return Ending.TOO_MUCH_OUTPUT
        time.sleep(pause)
        pause = min(pause * 2, GRAIN_S)
    return None


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """It and all that it started."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _ending(code: int, tail: str) -> Ending:
    if code == 0:
        return Ending.WELL
    if NO_MEMORY.search(tail):
        return Ending.TOO_MUCH_MEMORY
    return ENDED_BY.get(signal.Signals(-code), Ending.CRASHED) if code < 0 else Ending.FAILED


def _heed(pipe: IO[bytes], heard: _Heard, heed: Callable[[str], None]) -> None:
    try:
        while line := pipe.readline(LINE):
            heard.at = time.monotonic()
            heard.size += len(line)
            heed(line.decode(errors="replace").rstrip("\n"))
    finally:
        while pipe.read(LINE):  # who listens has failed; the program must not wait for that
            pass


def _remember(pipe: IO[bytes], heard: _Heard) -> None:
    while piece := pipe.read1(65536):  # type: ignore[attr-defined]
        heard.size += len(piece)
        heard.tail = (heard.tail + piece)[-TAIL:]


def _ignore(line: str) -> None: ...
