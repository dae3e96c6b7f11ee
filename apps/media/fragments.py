"""What the headers of a track file say: `moov` of the track, each `moof` of a fragment (14496-12 §8.8)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from .boxes import Box, Damaged, Fields, find, inside, must, top
from .sample_entries import Entry, entry

MOST_HEADER = 32 * 1024**2
# Boxes that may stand before a fragment and belong to it (§8.16.2 and others).
BEFORE = {b"styp", b"prft", b"emsg"}
NOT_SYNC = 0x10000
BASE_OFFSET, DESCRIPTION, DURATION, SIZE, FLAGS = 0x1, 0x2, 0x8, 0x10, 0x20
RUN_OFFSET, RUN_FIRST_FLAGS, RUN_DURATIONS, RUN_SIZES, RUN_FLAGS, RUN_SHIFTS = (
    0x1, 0x4, 0x100, 0x200, 0x400, 0x800,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Head:
    """Of the track: its `number`, what its samples are unless told otherwise (`duration`, `size`, `flags`),
    and `skipped`, the units of time that its edit list leaves out at the start."""

    number: int
    timescale: int
    skipped: int
    duration: int
    size: int
    flags: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class Run:
    """A fragment. `start` with what stands before its `moof`; `end` of its `mdat`: offsets in the file.

    `time`: of decoding its first sample; `earliest`: of presenting any. `first_size`, `first_end` (offset
    in the file), `starts_with_key`: of its first sample. `sequence_at`, `time_at`: where in the `moof` these
    fields lie, the latter of eight bytes if `wide`. `movable`: nothing in it depends on where it lies.
    """

    start: int
    moof: Box
    end: int
    time: int
    duration: int
    earliest: int
    first_end: int
    starts_with_key: bool
    sequence_at: int
    time_at: int
    wide: bool
    movable: bool


@dataclass(slots=True)
class _Samples:
    """Of one fragment, as its runs tell them."""

    duration: int = 0
    earliest: int | None = None
    first_end: int = 0
    first_flags: int = NOT_SYNC
    end: int = 0

    @property
    def is_empty(self) -> bool:
        return self.earliest is None


def scan(file: BinaryIO) -> tuple[Head, int, list[Run]]:
    """The track's head, how many bytes of the file it takes, and its fragments. Raises Damaged."""
    head, head_size, runs = None, 0, []
    start: int | None = None
    moof: Box | None = None
    for box in top(file):
        if box.kind == b"moov" and head is None:
            head, head_size = _head(_content(file, box)), box.end
        elif box.kind in BEFORE and head and moof is None:
            start = box.start if start is None else start
        elif box.kind == b"moof" and head and moof is None:
            moof = box
        elif box.kind == b"mdat" and head and moof:
            runs.append(_run(file, head, moof, box, moof.start if start is None else start))
            start = moof = None
        elif box.kind in (b"moof", b"mdat", b"moov"):
            raise Damaged("Its parts are not in order.")
    if head is None:
        raise Damaged("It has no moov.")
    return head, head_size, runs


def _content(file: BinaryIO, box: Box) -> bytes:
    if box.size > MOST_HEADER:
        raise Damaged("A header is too large.")
    file.seek(box.start)
    return file.read(box.size)


def _head(data: bytes) -> Head:
    moov = must(data, "moov")
    traks = [box for box in inside(data, moov.body, moov.end) if box.kind == b"trak"]
    if len(traks) != 1:
        raise Damaged("It has not exactly one track.")
    trak = traks[0]
    tkhd, mdhd = Fields(data, must(data, "tkhd", trak)), Fields(data, must(data, "mdia/mdhd", trak))
    tkhd.take(16 if tkhd.full()[0] == 1 else 8)
    mdhd.take(16 if mdhd.full()[0] == 1 else 8)
    trex = Fields(data, must(data, "mvex/trex", moov), skip=12)
    found = Head(
        number=tkhd.number(4),
        timescale=mdhd.number(4),
        skipped=_skipped(data, trak),
        duration=trex.number(4),
        size=trex.number(4),
        flags=trex.number(4),
        entry=entry(data, must(data, "mdia/minf/stbl/stsd", trak)),
    )
    if not found.timescale:
        raise Damaged("Its clock stands still.")
    return found


def _skipped(data: bytes, trak: Box) -> int:
    """Where in the media the first edit that shows any begins (§8.6.6)."""
    elst = find(data, "edts/elst", trak)
    if elst is None:
        return 0
    fields = Fields(data, elst)
    size = 8 if fields.full()[0] == 1 else 4
    for _ in range(min(fields.number(4), 16)):
        fields.take(size)
        time = fields.signed(size)
        fields.take(4)
        if time >= 0:
            return time
    return 0


def _run(file: BinaryIO, head: Head, moof: Box, mdat: Box, start: int) -> Run:
    data = _content(file, moof)
    trafs = [box for box in inside(data, moof.body - moof.start) if box.kind == b"traf"]
    if len(trafs) != 1:
        raise Damaged("A fragment has not exactly one track.")
    traf = trafs[0]
    mfhd, tfdt = Fields(data, must(data, "moof/mfhd"), skip=4), Fields(data, must(data, "tfdt", traf))
    defaults, base = _defaults(data, head, traf)
    wide = tfdt.full()[0] == 1
    time_at, time = tfdt.at, tfdt.number(8 if wide else 4)
    samples = _Samples(end=moof.size)
    for trun in (box for box in inside(data, traf.body, traf.end) if box.kind == b"trun"):
        _read_run(Fields(data, trun), defaults, samples, (base or moof.start) - moof.start)
    if samples.is_empty:
        raise Damaged("A fragment lacks samples.")
    if moof.start + samples.end > mdat.end:
        raise Damaged("A fragment is shorter than its samples.")
    return Run(
        start=start, moof=moof, end=mdat.end, time=time, duration=samples.duration,
        earliest=time + (samples.earliest or 0), first_end=moof.start + samples.first_end,
        starts_with_key=not samples.first_flags & NOT_SYNC,
        sequence_at=mfhd.at, time_at=time_at, wide=wide, movable=base is None,
    )  # fmt: skip


def _defaults(data: bytes, head: Head, traf: Box) -> tuple[tuple[int, int, int], int | None]:
    """Duration, size and flags of its samples (§8.8.7); from where offsets count, if not from its start."""
    tfhd = Fields(data, must(data, "tfhd", traf))
    _, flags = tfhd.full()
    if tfhd.number(4) != head.number:
        raise Damaged("A fragment belongs to another track.")
    base = tfhd.number(8) if flags & BASE_OFFSET else None
    tfhd.take(4 if flags & DESCRIPTION else 0)
    values = zip((DURATION, SIZE, FLAGS), (head.duration, head.size, head.flags), strict=True)
    duration, size, sample_flags = (tfhd.number(4) if flags & flag else value for flag, value in values)
    return (duration, size, sample_flags), base


def _read_run(trun: Fields, defaults: tuple[int, int, int], samples: _Samples, base: int) -> None:
    """Add a run (§8.8.8). `samples.end` and `first_end` count from the start of the `moof`."""
    version, flags = trun.full()
    count = trun.number(4)
    if flags & RUN_OFFSET:
        samples.end = base + trun.signed(4)
    first_flags = trun.number(4) if flags & RUN_FIRST_FLAGS else None
    if not count or samples.end < 0:
        raise Damaged("A fragment lacks samples.")
    duration, size, sample_flags = defaults
    columns = _columns(trun, flags, count, version)
    sizes, shifts = columns.get(RUN_SIZES), columns.get(RUN_SHIFTS)
    durations = columns.get(RUN_DURATIONS)
    if samples.is_empty:
        samples.first_end = samples.end + (sizes[0] if sizes else size)
        given = columns[RUN_FLAGS][0] if RUN_FLAGS in columns else sample_flags
        samples.first_flags = given if first_flags is None else first_flags
    earliest = _earliest(samples.duration, durations, duration, shifts)
    samples.earliest = earliest if samples.earliest is None else min(samples.earliest, earliest)
    samples.duration += sum(durations) if durations else count * duration
    samples.end += sum(sizes) if sizes else count * size


def _columns(trun: Fields, flags: int, count: int, version: int) -> dict[int, tuple[int, ...]]:
    """What is told of each sample, by the flag that says so."""
    told = [flag for flag in (RUN_DURATIONS, RUN_SIZES, RUN_FLAGS, RUN_SHIFTS) if flags & flag]
    if not told:
        return {}
    form = ">" + "".join("i" if flag == RUN_SHIFTS and version else "I" for flag in told)
    return dict(zip(told, zip(*trun.rows(form, count), strict=True), strict=True))


def _earliest(
    at: int, durations: tuple[int, ...] | None, duration: int, shifts: tuple[int, ...] | None
) -> int:
    """The least time of presentation, from the fragment's own time on."""
    return min(_presented(at, durations, duration, shifts)) if shifts else at


def _presented(
    at: int, durations: tuple[int, ...] | None, duration: int, shifts: tuple[int, ...]
) -> Iterator[int]:
    for number, shift in enumerate(shifts):
        yield at + shift
        at += durations[number] if durations else duration
