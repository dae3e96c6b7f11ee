"""The facts of an uploaded file, found by a process that may fail at it; and its embedded subtitles.

The file's first bytes choose the demuxer; nothing else is started on it. PyAV then reads it in a child
without a network, within limits (`sandbox`). Whatever the file is, the answer is `Source` or `Unreadable`.
"""

import base64
import binascii
import json
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

from . import findings, formats, sandbox, signatures
from .facts import Source
from .sandbox import GIB, Ending, Limits, Outcome

PROBER = Path(__file__).with_name("prober.py")
LIMITS = Limits(wall_s=60, cpu_s=30, memory_bytes=2 * GIB, file_bytes=0)
TEXT_LIMITS = Limits(wall_s=600, cpu_s=120, memory_bytes=2 * GIB, file_bytes=0)
# Of the answer, in characters: facts, and all packets of a stream of subtitles.
ANSWER, TEXTS = 4_000_000, 40_000_000
# Larger pictures are not decoded to look at them: `accept` refuses them.
PIXELS = 8192 * 8192

ANYWAY = "Convert it to MP4 (H.264 and AAC) and upload that."
AGAIN = "Export it again from where it was made, or upload it again if it plays there."
TOLD = {
    "empty": "The file is empty. Upload it again.",
    "cut-off": f"The file is cut off: its end is missing. {AGAIN}",
    "damaged": f"The file is damaged and cannot be read. {AGAIN}",
    "undecodable": f"The picture cannot be decoded: the file is damaged. {AGAIN}",
    "encrypted": "The file is encrypted (DRM). Upload the film without protection.",
    "slow": "Looking into the file took too long. It may be damaged, or made to be slow. " + AGAIN,
    "big": f"Looking into the file took too much memory. {ANYWAY}",
    "crash": f"The file is damaged in a way that breaks programs which read it. {AGAIN}",
}
log = logging.getLogger(__name__)


class Unreadable(Exception):
    """There are no facts to be had. `told`: a sentence for the editor; `code`: stable, for programs.

    `lasting`: it is the file's doing, so another try is of no use; else the machine may have been too busy.
    """

    def __init__(self, code: str, told: str = "") -> None:
        self.code, self.told = code, told or TOLD[code]
        self.lasting = code not in ("slow", "crash")
        super().__init__(self.told)


class Stopped(Exception):
    """It was ended from outside."""


def probe(path: Path, *, stop: Event | None = None) -> Source:
    """The facts of a file on this disk. Raises `Unreadable`, `Stopped`, OSError."""
    demuxer = _looked_at(path)
    lines: list[str] = []
    outcome = _run(path, _wanted(path, demuxer), LIMITS, _bounded(lines, ANSWER), stop)
    return _facts("\n".join(lines), outcome, demuxer, path.stat().st_size)


def _facts(document: str, outcome: Outcome, demuxer: str, size: int) -> Source:
    """What the prober's answer means, if there is one."""
    _check(outcome)
    try:
        answer = findings.Said(_parsed(document))
        if "error" in answer.names():
            raise Unreadable("big" if answer.text("error") == "MemoryError" else "damaged")
        return findings.source(answer, container=formats.container(demuxer), size=size)
    except findings.CutOff as cut:
        found, promised = (_clock(ms) for ms in (cut.found_ms, cut.promised_ms))
        raise Unreadable("cut-off", f"The file is cut off after {found} of {promised}. {AGAIN}") from cut
    except findings.Undecodable as bad:
        raise Unreadable("undecodable") from bad
    except findings.Encrypted as locked:
        raise Unreadable("encrypted") from locked
    except findings.Malformed as bad:
        log.warning("prober's answer is malformed", exc_info=True)
        raise Unreadable("damaged") from bad


@dataclass(frozen=True, slots=True)
class Embedded:
    """A stream of subtitles as it lies in the file: its codec's private data, which for SubStation has the
    styles, and its packets, each with start and end in milliseconds from the start of the file."""

    header: bytes
    packets: list[tuple[int, int, bytes]]


def embedded(path: Path, index: int, *, stop: Event | None = None) -> Embedded:
    """An embedded stream of subtitles, not decoded; WebVTT as in MP4. Raises as `probe` does."""
    lines: list[str] = []
    wanted = _wanted(path, _demuxer(path)) | {"text": index}
    outcome = _run(path, wanted, TEXT_LIMITS, _bounded(lines, TEXTS), stop)
    _check(outcome)
    try:
        said = [findings.Said(_parsed(line)) for line in lines]
        if not said or "error" in said[0].names():
            raise Unreadable("damaged")
        return Embedded(_bytes(said[0], "header"), [_packet(one) for one in said[1:]])
    except findings.Malformed as bad:
        raise Unreadable("damaged") from bad


def _packet(said: findings.Said) -> tuple[int, int, bytes]:
    start, end = (round((said.ratio(name) or 0) * 1000) for name in ("start", "end"))
    return start, end, _bytes(said, "data")


def _bytes(said: findings.Said, name: str) -> bytes:
    try:
        return base64.b64decode(said.text(name), validate=True)
    except binascii.Error as bad:
        raise findings.Malformed(name) from bad


def _looked_at(path: Path) -> str:
    """The demuxer for a file that is whole, as far as that can be seen from outside."""
    demuxer = _demuxer(path)
    if signatures.is_cut_off(path, demuxer):
        raise Unreadable("cut-off")
    return demuxer


def _demuxer(path: Path) -> str:
    if not path.stat().st_size:
        raise Unreadable("empty")
    head = signatures.head(path)
    if name := signatures.container(head):
        return name
    accepted = ", ".join(formats.NAMES.values())
    what = signatures.seems(head)
    seems = f"This is no film but {what}." if what else "This is no video or audio file that we know."
    raise Unreadable("not-media", f"{seems} Accepted are: {accepted}.")


def _wanted(path: Path, demuxer: str) -> dict[str, Any]:
    """What the prober is asked for."""
    return {
        "path": str(path.resolve()), "format": demuxer, "options": formats.OPTIONS,
        "decode": list(formats.VIDEO_CODECS), "pixels": PIXELS,
    }  # fmt: skip


def _run(
    path: Path, wanted: dict[str, Any], limits: Limits, heed: Callable[[str], None], stop: Event | None
) -> Outcome:
    return sandbox.run(
        [sys.executable, "-I", str(PROBER), json.dumps(wanted)],
        limits=limits,
        cwd=PROBER.parent,  # which it cannot write to
        stop=stop,
        heed=heed,
        reads=[PROBER, path.resolve()],
    )


def _bounded(lines: list[str], most: int) -> Callable[[str], None]:
    """Keeps what comes, as long as it is not more than that many characters."""
    size = 0

    def heed(line: str) -> None:
        nonlocal size
        size += len(line)
        if size <= most:
            lines.append(line)

    return heed


def _check(outcome: Outcome) -> None:
    """Raises what the editor is told of a child that did not end well."""
    if outcome.is_well:
        return
    if outcome.ending == Ending.STOPPED:
        raise Stopped
    log.warning("prober failed", extra={"ending": outcome.ending, "tail": outcome.tail[-2000:]})
    if outcome.ending in (Ending.TOO_SLOW, Ending.SILENT, Ending.TOO_MUCH_CPU):
        raise Unreadable("slow")
    if outcome.ending == Ending.TOO_MUCH_MEMORY:
        raise Unreadable("big")
    raise Unreadable("crash")


def _parsed(document: str) -> Any:
    try:
        return json.loads(document)
    except (ValueError, RecursionError) as bad:
        raise Unreadable("damaged") from bad


def _clock(milliseconds: int) -> str:
    """`1:02:03`."""
    minutes, seconds = divmod(milliseconds // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"
