"""Boxes of ISO base media files (ISO/IEC 14496-12 §4.2), read without believing what they say of themselves.

Whatever the bytes are: no loop without an end, no memory but that of a box whose bytes are really there.
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

MOST_BOXES = 200_000


class Damaged(ValueError):
    """No track file of ours: what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Box:
    """`start` of the header, `body` of what follows it, `end`: offsets in the file or in the bytes read."""

    kind: bytes
    start: int
    body: int
    end: int

    @property
    def size(self) -> int:
        return self.end - self.start


def top(file: BinaryIO) -> Iterator[Box]:
    """The boxes of the file, each a whole one. Raises Damaged."""
    size = os.fstat(file.fileno()).st_size
    at = 0
    for _ in range(MOST_BOXES):
        if at == size:
            return
        file.seek(at)
        box = _box(file.read(16), at, size, at)
        yield box
        at = box.end
    raise Damaged("It has too many boxes.")


def inside(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes that lie in a part of some bytes. Raises Damaged."""
    at, end = start, len(data) if end is None else end
    while at < end:
        box = _box(data[at : at + 16], at, end, at)
        yield box
        at = box.end


def find(data: bytes, path: str, within: Box | None = None) -> Box | None:
    """The first box at a path such as `moov/trak/mdia`, below a box or in all the bytes."""
    start, end = (within.body, within.end) if within else (0, len(data))
    found = None
    for kind in path.split("/"):
        found = next((box for box in inside(data, start, end) if box.kind == kind.encode()), None)
        if found is None:
            return None
        start, end = found.body, found.end
    return found


def must(data: bytes, path: str, within: Box | None = None) -> Box:
    found = find(data, path, within)
    if found is None:
        raise Damaged(f"It has no {path}.")
    return found


def _box(head: bytes, at: int, end: int, start: int) -> Box:
    if len(head) < 8:
        raise Damaged(f"At byte {at} there is half a box.")
    size, kind, body = int.from_bytes(head[:4], "big"), head[4:8], 8
    if size == 1 and len(head) == 16:
        size, body = int.from_bytes(head[8:16], "big"), 16
    elif size == 0:
        size = end - at
    if not body <= size <= end - at:
        raise Damaged(f"At byte {at} there is a box of an impossible size.")
    return Box(kind, start, at + body, at + size)


class Fields:
    """Reads the fields of a box one after another, and never beyond its end (Damaged)."""

    def __init__(self, data: bytes, box: Box, *, skip: int = 0) -> None:
        self.data, self.at, self.end = data, box.body, box.end
        self.take(skip)

    def take(self, count: int) -> bytes:
        if count > self.end - self.at:
            raise Damaged("A box is shorter than its fields.")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, size: int) -> int:
        """An unsigned one of so many bytes."""
        return int.from_bytes(self.take(size), "big")

    def signed(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big", signed=True)

    def full(self) -> tuple[int, int]:
        """Version and flags of a full box."""
        return self.number(1), self.number(3)

    def rows(self, form: str, count: int) -> list[tuple[int, ...]]:
        """So many rows of a `struct` format."""
        layout = struct.Struct(form)
        return list(layout.iter_unpack(self.take(layout.size * count)))
