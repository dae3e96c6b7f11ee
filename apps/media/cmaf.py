"""CMAF track files (ISO/IEC 23000-19): where in one the init section and the fragments lie.

A track file is `ftyp moov sidx (moof mdat)+`; each `moof mdat` is one segment, for HLS and DASH alike.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import orjson

from .boxes import Damaged
from .fragments import Head, Run, scan

__all__ = ["Damaged", "Fragment", "Index", "Outline", "Stored", "join", "read"]

MOST_REFERENCES = 0xFFFF
STARTS_WITH_KEY = b"\x90\0\0\0"
PIECE = 1024 * 1024


class Fragment(NamedTuple):
    """One segment: `time` and `duration` in the index's timescale, `offset` and `size` in bytes of the file.

    `key_size`: the bytes from the fragment's start to the end of its first sample, if that is a keyframe a
    player can show alone (an I-frame playlist's range); else 0.
    """

    time: int
    duration: int
    offset: int
    size: int
    key_size: int = 0


@dataclass(frozen=True, slots=True)
class Outline:
    """What manifests tell of a track file as a whole; the fields of `Index`, and what comes of its fragments.

    `duration` and `longest`, that of the longest fragment, are in units of the timescale. `peak_bps`: bits
    per second of the fragment with most of them (RFC 8216bis, BANDWIDTH), `average_bps`: of all together.
    `frames_peak_bps` and `frames_average_bps`: the same of its keyframes alone, each shown until the next; 0
    where there are none.
    """

    timescale: int
    init_size: int
    sidx_size: int
    codecs: str
    width: int
    height: int
    channels: int
    rate: int
    duration: int
    longest: int
    peak_bps: int
    average_bps: int
    frames_peak_bps: int
    frames_average_bps: int

    @property
    def duration_ms(self) -> int:
        return round(self.duration * 1000 / self.timescale)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Outline":
        return cls(**data)


@dataclass(frozen=True, slots=True)
class Index:
    """Of one track file. `init_size`: bytes of `ftyp moov` at its start; `sidx_size`: of what follows.

    `codecs`: RFC 6381. `timescale`: units a second. Sound has neither width nor height.
    """

    timescale: int
    init_size: int
    sidx_size: int
    codecs: str
    fragments: tuple[Fragment, ...]
    width: int = 0
    height: int = 0
    channels: int = 0
    rate: int = 0

    @property
    def duration(self) -> int:
        """In units of the timescale."""
        return sum(one.duration for one in self.fragments)

    @property
    def peak_bps(self) -> int:
        """See `Outline`."""
        return self._peak([(one.size, one.duration) for one in self.fragments])

    @property
    def average_bps(self) -> int:
        return self._bps(sum(one.size for one in self.fragments), self.duration)

    @property
    def keyframes(self) -> list[tuple[Fragment, int]]:
        """Fragments that begin with a keyframe, each with the time until the next of them."""
        found = [one for one in self.fragments if one.key_size]
        if not found:
            return []
        last = self.fragments[-1]
        ends = [*(one.time for one in found[1:]), last.time + last.duration]
        return [(one, end - one.time) for one, end in zip(found, ends, strict=True)]

    @property
    def outline(self) -> Outline:
        frames = [(one.key_size, lasts) for one, lasts in self.keyframes]
        return Outline(
            self.timescale, self.init_size, self.sidx_size, self.codecs, self.width, self.height,
            self.channels, self.rate,
            duration=self.duration,
            longest=max((one.duration for one in self.fragments), default=0),
            peak_bps=self.peak_bps,
            average_bps=self.average_bps,
            frames_peak_bps=self._peak(frames),
            frames_average_bps=self._bps(sum(size for size, _ in frames), sum(lasts for _, lasts in frames)),
        )  # fmt: skip

    def whole(self) -> "Index":
        """Itself; see `Stored`."""
        return self

    def _peak(self, parts: Sequence[tuple[int, int]]) -> int:
        """Of parts of so many bytes, that last for so many units."""
        lasting = (part for part in parts if part[1])
        size, lasts = max(lasting, key=lambda part: part[0] / part[1], default=(0, 0))
        return self._bps(size, lasts)

    def _bps(self, size: int, duration: int) -> int:
        return -(-size * 8 * self.timescale // duration) if duration else 0

    def to_json(self) -> dict[str, Any]:
        """Fragments are `[duration, size, key_size]`: each begins where the one before it ends."""
        return {
            "timescale": self.timescale,
            "init_size": self.init_size,
            "sidx_size": self.sidx_size,
            "codecs": self.codecs,
            "width": self.width,
            "height": self.height,
            "channels": self.channels,
            "rate": self.rate,
            "fragments": [[one.duration, one.size, one.key_size] for one in self.fragments],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Index":
        rows: Sequence[tuple[int, int, int]] = data["fragments"]
        times = accumulate((row[0] for row in rows), initial=0)
        offsets = accumulate((row[1] for row in rows), initial=data["init_size"] + data["sidx_size"])
        durations, sizes, key_sizes = zip(*rows, strict=True) if rows else ((), (), ())
        fragments = tuple(map(Fragment, times, durations, offsets, sizes, key_sizes))
        return cls(**{**data, "fragments": fragments})


@dataclass(frozen=True, slots=True)
class Stored:
    """An index as it is stored: its outline at hand, and the rest as JSON that is read when it is asked for.

    Of a long film reading all of them takes many times what a manifest does that lists no segments.
    """

    outline: Outline
    text: str | bytes

    def whole(self) -> Index:
        return Index.from_json(orjson.loads(self.text))


def read(path: Path) -> Index:
    """Where things lie in a track file, protected or not. Raises Damaged, OSError."""
    with path.open("rb") as file:
        return _index(*scan(file))


def _index(head: Head, head_size: int, runs: Sequence[Run]) -> Index:
    time, offset, fragments = 0, runs[0].start if runs else head_size, []
    first = offset
    for run in runs:
        if (run.time, run.start) != (time, offset) or not run.duration:
            raise Damaged("Its fragments do not follow one another.")
        key_size = run.first_end - run.start if run.starts_with_key else 0
        fragments.append(Fragment(time, run.duration, offset, run.end - offset, key_size))
        time, offset = time + run.duration, run.end
    entry = head.entry
    return Index(
        timescale=head.timescale, init_size=head_size, sidx_size=first - head_size, codecs=entry.codecs,
        fragments=tuple(fragments), width=entry.width, height=entry.height, channels=entry.channels,
        rate=entry.rate,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Move:
    """A fragment on its way from a part to the whole: `shift` is added to its times."""

    file: BinaryIO
    run: Run
    shift: int


def join(parts: Sequence[Path], target: Path) -> Index:
    """Write parts that were encoded alike into one track file, each beginning where the one before ends.

    Sequence numbers and decode times (ISO/IEC 14496-12 §8.8.5, §8.8.12) are written anew, and an index of
    the segments (§8.16.3) is put before them. The bytes depend on nothing but those of the parts.
    Raises Damaged where the parts do not belong together, OSError.
    """
    moves: list[_Move] = []
    init, head, shift = b"", None, 0
    with ExitStack() as stack:
        for part in parts:
            file = stack.enter_context(part.open("rb"))
            head, size, runs = scan(file)
            start = _start(file, size)
            if (init := init or start) != start:
                raise Damaged("The parts were not encoded alike.")
            moves += [_Move(file, run, shift) for run in runs]
            shift += _index(head, size, runs).duration
        if head is None or not moves:
            raise Damaged("There is nothing in it.")
        with target.open("wb") as out:
            out.write(init + _sidx(head, moves))
            for number, move in enumerate(moves, 1):
                _write(out, move, number)
    return read(target)


def _start(file: BinaryIO, size: int) -> bytes:
    file.seek(0)
    return file.read(size)


def _sidx(head: Head, moves: Sequence[_Move]) -> bytes:
    """Times as they are presented, after the edit list, which hides an encoder's priming."""
    if len(moves) > MOST_REFERENCES:
        raise Damaged("It has too many segments.")
    last = moves[-1]
    times = [move.shift + move.run.earliest for move in moves]
    times.append(last.shift + last.run.time + last.run.duration)
    times = [max(0, time - head.skipped) for time in times]
    rows = [
        _number(move.run.end - move.run.moof.start, 31) + _number(end - start, 32) + STARTS_WITH_KEY
        for move, (start, end) in zip(moves, pairwise(times), strict=True)
    ]
    # Version 1; what follows the box directly is the first segment.
    fields = b"\1\0\0\0" + _number(head.number, 32) + _number(head.timescale, 32)
    body = fields + _number(times[0], 64) + _number(0, 64) + _number(len(moves), 32) + b"".join(rows)
    return _number(len(body) + 8, 32) + b"sidx" + body


def _number(value: int, bits: int) -> bytes:
    """Big-endian, in as many whole bytes. Raises Damaged where it does not fit."""
    if not 0 <= value < 1 << bits:
        raise Damaged("A number in it is impossible.")
    return value.to_bytes(-(-bits // 8), "big")


def _write(out: BinaryIO, move: _Move, number: int) -> None:
    """The `moof` with what is new in it, and its `mdat` as it is."""
    file, run = move.file, move.run
    if not run.movable:
        raise Damaged("A fragment depends on its place in the file.")
    file.seek(run.moof.start)
    moof = bytearray(file.read(run.moof.size))
    time = _number(run.time + move.shift, 64 if run.wide else 32)
    moof[run.sequence_at : run.sequence_at + 4] = _number(number, 32)
    moof[run.time_at : run.time_at + len(time)] = time
    out.write(moof)
    left = run.end - run.moof.end
    while left:
        piece = file.read(min(left, PIECE))
        if not piece:
            raise Damaged("It became shorter while it was read.")
        out.write(piece)
        left -= len(piece)
