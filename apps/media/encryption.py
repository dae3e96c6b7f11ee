"""Common encryption (ISO/IEC 23001-7) of CMAF track files: `cenc` and `cbcs`.

What is made depends on nothing but the track, the key and its id, so that doing it again makes the same
bytes. Players hold these keys in the end: this is control of access, and no more robust than they are.
"""

import struct
from collections.abc import Callable, Iterator, Sequence
from hashlib import file_digest
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from . import cmaf
from .boxes import Box, Damaged, Fields, find, inside, must
from .ciphers import CRYPT, SKIP, Protection, Samples
from .cmaf import Index
from .fragments import Run, scan
from .sample_entries import PICTURE_FIELDS
from .slices import CODECS, Slices

# Of a system that all players know, for ids of keys alone (W3C, "cenc" Initialization Data Format).
COMMON_SYSTEM = UUID("1077efec-c0b2-4d02-ace3-3c1e52e2fb4b")
SAMPLE_DESCRIPTION = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")
SOUND = b"mp4a"
MOST_AUXILIARY = 0xFF
# tfhd and trun (14496-12 §8.8.7, §8.8.8): which fields are there.
BASE_OFFSET, DESCRIPTION, DEFAULT_DURATION, DEFAULT_SIZE = 0x1, 0x2, 0x8, 0x10
RUN_OFFSET, RUN_FIRST_FLAGS, RUN_SIZES, RUN_COLUMNS = 0x1, 0x4, 0x200, (0x100, 0x200, 0x400, 0x800)


class Unprotectable(ValueError):
    """A track of a codec that is not encrypted here."""


def encrypt(track: Path, target: Path, *, scheme: str, key: bytes, kid: UUID) -> Index:
    """Write the clear `track` encrypted to `target`, and say where things lie there.

    `key`: 16 bytes, which may encrypt any number of tracks, for IVs never meet: they begin where a digest of
    the track and the key says. Raises Unprotectable, Damaged, OSError; `target` is then of no use.
    """
    with track.open("rb") as source, target.open("wb") as out:
        digest = file_digest(source, "sha256").digest()
        _Encryption(source, out, Protection.of(scheme, key, kid, digest)).run()
    return cmaf.read(target)


class _Encryption:
    """Of one file, fragment by fragment."""

    def __init__(self, source: BinaryIO, out: BinaryIO, protection: Protection) -> None:
        self.source, self.out, self.protection = source, out, protection

    def run(self) -> None:
        _, head_size, runs = scan(self.source)
        init = self._read(0, head_size)
        entry = _entry(init)
        self.samples = Samples(self.protection, _slices(init, entry))
        self.default_size = Fields(init, must(init, "moov/mvex/trex"), skip=16).number(4)
        index = self._read(head_size, (runs[0].start if runs else head_size) - head_size)
        self.out.write(_protected(init, entry, self.protection))
        index_at = self.out.tell()
        self.out.write(index)
        growth = [self._fragment(run) for run in runs]
        self.out.seek(index_at)
        self.out.write(_grown(index, growth))

    def _read(self, at: int, size: int) -> bytes:
        self.source.seek(at)
        data = self.source.read(size)
        if len(data) != size:
            raise Damaged("It became shorter while it was read.")
        return data

    def _fragment(self, run: Run) -> int:
        """By how many bytes it grew."""
        before = self._read(run.start, run.moof.start - run.start)
        moof = self._read(run.moof.start, run.moof.size)
        media = bytearray(self._read(run.moof.end, run.end - run.moof.end))
        told = []
        for at, size in _places(moof, self.default_size):
            start = at - len(moof)
            sample = media[start : start + size]
            if start < 0 or len(sample) != size:
                raise Damaged("A sample lies outside of its fragment.")
            told.append(self.samples.encrypt(sample))
            media[start : start + size] = sample
        larger = _telling(moof, told, self.samples.slices is not None)
        for piece in (before, larger, media):
            self.out.write(piece)
        return len(larger) - len(moof)


# --- What is there -----------------------------------------------------------------------------------


def _entry(init: bytes) -> Box:
    """The only sample entry."""
    stsd = must(init, b"/".join(SAMPLE_DESCRIPTION).decode())
    entries = list(inside(init, stsd.body + 8, stsd.end))
    if len(entries) != 1:
        raise Damaged("It has not exactly one kind of samples.")
    return entries[0]


def _slices(init: bytes, entry: Box) -> Slices | None:
    """What knows the track's pictures; None for sound."""
    if entry.kind == SOUND:
        return None
    kind = CODECS.get(entry.kind)
    if kind is None:
        raise Unprotectable(f"Tracks of {entry.kind.decode('latin-1')} cannot be encrypted.")
    box = must(init, kind, Box(entry.kind, entry.start, entry.body + PICTURE_FIELDS, entry.end))
    return Slices(init[box.start : box.end], kind)


def _places(moof: bytes, default_size: int) -> Iterator[tuple[int, int]]:
    """Of each sample: where it lies, counted from the start of the `moof`, and its size."""
    at = len(moof)
    for box in _in_traf(moof):
        if box.kind == b"tfhd":
            default_size = _size_of_all(Fields(moof, box), default_size)
        elif box.kind == b"trun":
            run = _Run(Fields(moof, box), default_size)
            at = at if run.offset is None else run.offset
            for size in run.sizes:
                yield at, size
                at += size


def _in_traf(moof: bytes) -> Iterator[Box]:
    traf = must(moof, "moof/traf")
    return inside(moof, traf.body, traf.end)


def _size_of_all(tfhd: Fields, size: int) -> int:
    _, flags = tfhd.full()
    if flags & BASE_OFFSET:
        raise Damaged("A fragment depends on its place in the file.")
    tfhd.take(4 + (4 if flags & DESCRIPTION else 0) + (4 if flags & DEFAULT_DURATION else 0))
    return tfhd.number(4) if flags & DEFAULT_SIZE else size


class _Run:
    """A `trun`: where its samples begin, if it says so, where that is said, and their sizes."""

    def __init__(self, fields: Fields, default_size: int) -> None:
        _, flags = fields.full()
        count = fields.number(4)
        self.offset_at = fields.at
        self.offset = fields.signed(4) if flags & RUN_OFFSET else None
        fields.take(4 if flags & RUN_FIRST_FLAGS else 0)
        told = [flag for flag in RUN_COLUMNS if flags & flag]
        if RUN_SIZES in told:
            column = told.index(RUN_SIZES)
            self.sizes = [row[column] for row in fields.rows(f">{len(told)}I", count)]
        else:
            self.sizes = [default_size] * count


# --- What is told ------------------------------------------------------------------------------------


def _make(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def _full(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    """A box with version and flags."""
    return _make(kind, struct.pack(">I", version << 24 | flags), *parts)


def _protected(init: bytes, entry: Box, protection: Protection) -> bytes:
    """The init section that says how its samples are encrypted (§8.2, §8.1)."""
    hidden = b"enca" if entry.kind == SOUND else b"encv"
    content = init[entry.body : entry.end]
    description = _make(hidden, content, _scheme(entry.kind, protection))

    def described(stsd: bytes) -> bytes:
        return _make(b"stsd", stsd[8:16], description)

    pssh = _full(b"pssh", 1, 0, COMMON_SYSTEM.bytes, struct.pack(">I", 1), protection.kid.bytes, bytes(4))
    made = _changed(init, 0, len(init), SAMPLE_DESCRIPTION, described)
    moov = must(made, "moov")
    return made[: moov.start] + _make(b"moov", made[moov.body : moov.end], pssh) + made[moov.end :]


def _scheme(original: bytes, protection: Protection) -> bytes:
    """`sinf`: what the samples are once decrypted, by which scheme and with which key (`tenc`)."""
    pattern = (CRYPT << 4 | SKIP) if protection.scheme == "cbcs" and original != SOUND else 0
    tenc = struct.pack(">BBBB16s", 0, pattern, 1, protection.iv_size, protection.kid.bytes)
    if not protection.iv_size:
        tenc += bytes([len(protection.seed)]) + protection.seed
    return _make(
        b"sinf",
        _make(b"frma", original),
        _full(b"schm", 0, 0, protection.scheme.encode(), struct.pack(">I", 0x10000)),
        _make(b"schi", _full(b"tenc", 1 if pattern else 0, 0, tenc)),
    )


def _changed(
    data: bytes, start: int, end: int, path: Sequence[bytes], change: Callable[[bytes], bytes]
) -> bytes:
    """The boxes, with the one at the path changed."""
    made = []
    for box in inside(data, start, end):
        if box.kind != path[0]:
            made.append(data[box.start : box.end])
        elif len(path) == 1:
            made.append(change(data[box.start : box.end]))
        else:
            made.append(_make(box.kind, _changed(data, box.body, box.end, path[1:], change)))
    return b"".join(made)


def _telling(moof: bytes, told: Sequence[bytes], by_parts: bool) -> bytes:
    """The `moof` with the auxiliary information of its samples in it (§7.2, 14496-12 §8.7.8, §8.7.9).

    Unchanged where there is none: sound in `cbcs`, which one IV serves from end to end.
    """
    if not any(told):
        return moof
    sizes = [len(one) for one in told]
    if max(sizes) > MOST_AUXILIARY:
        raise Damaged("A picture has too many slices.")
    alike = sizes[0] if len(set(sizes)) == 1 else 0
    saiz = _full(b"saiz", 0, 0, struct.pack(">BI", alike, len(sizes)), b"" if alike else bytes(sizes))
    senc = _full(b"senc", 0, 2 if by_parts else 0, struct.pack(">I", len(told)), *told)
    traf = must(moof, "moof/traf")
    saio_size = 20
    aux_at = traf.end + len(saiz) + saio_size + 16
    saio = _full(b"saio", 0, 0, struct.pack(">II", 1, aux_at))
    added = saiz + saio + senc
    made = bytearray(moof[: traf.end] + added + moof[traf.end :])
    struct.pack_into(">I", made, 0, len(made))
    struct.pack_into(">I", made, traf.start, traf.end - traf.start + len(added))
    for box in _in_traf(moof):
        if box.kind == b"trun":
            run = _Run(Fields(moof, box), 0)
            if run.offset is not None:
                struct.pack_into(">i", made, run.offset_at, run.offset + len(added))
    return bytes(made)


def _grown(index: bytes, growth: Sequence[int]) -> bytes:
    """What lies between init section and fragments; in its `sidx` the segments have their new sizes."""
    sidx = find(index, "sidx")
    if sidx is None:
        return index
    made = bytearray(index)
    fields = Fields(index, sidx)
    version, _ = fields.full()
    fields.take(8 + (16 if version else 8) + 2)
    if fields.number(2) != len(growth):
        raise Damaged("Its index does not fit its fragments.")
    for more in growth:
        at, size = fields.at, fields.number(4)
        struct.pack_into(">I", made, at, size + more)
        fields.take(8)
    return bytes(made)
