"""Files that are almost films: what a mutation makes of one, chosen by dice."""

import struct
from collections.abc import Callable
from random import Random

from .clips import Box, film, parsed

EXTREMES = (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x00010000, 0xFFFF)


def mutated(data: bytes, other: bytes, dice: Random) -> bytes:
    """One to three changes of the file; pieces may come from another."""
    for _ in range(dice.randint(1, 3)):
        change = dice.choice(BYTES)
        data = change(data, other, dice)
    return data


def with_boxes_changed(data: bytes, dice: Random) -> bytes:
    """One to four boxes of an MP4 that was whole say or hold something else."""
    top = parsed(data)
    for _ in range(dice.randint(1, 4)):
        boxes = [box for one in top for box in one.all() if box.kind != b"mdat"]
        dice.choice(BOXES)(dice.choice(boxes), dice.choice(boxes), dice)
    if dice.random() < 0.2:
        dice.shuffle(top)
    return film(top)


# --- Bytes -------------------------------------------------------------------------------------------


def _place(data: bytes, dice: Random) -> int:
    """More often than not near the start, where headers are."""
    size = len(data)
    return dice.randrange(min(size, 2048) if dice.random() < 0.6 else size) if size else 0


def _flipped(data: bytes, other: bytes, dice: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(dice.choice((1, 2, 8, 64)) if data else 0):
        changed[_place(data, dice)] ^= 1 << dice.randrange(8)
    return bytes(changed)


def _overwritten(data: bytes, other: bytes, dice: Random) -> bytes:
    """A number becomes an extreme one."""
    at = _place(data, dice)
    return data[:at] + struct.pack(dice.choice((">I", "<I")), dice.choice(EXTREMES)) + data[at + 4 :]


def _cut(data: bytes, other: bytes, dice: Random) -> bytes:
    return data[: dice.randrange(len(data) + 1)]


def _without_a_piece(data: bytes, other: bytes, dice: Random) -> bytes:
    at = _place(data, dice)
    return data[:at] + data[at + dice.choice((1, 4, 188, 1000)) :]


def _with_a_piece(data: bytes, other: bytes, dice: Random) -> bytes:
    at, start = _place(data, dice), _place(other, dice)
    return data[:at] + other[start : start + dice.choice((1, 16, 188, 4000))] + data[at:]


def _with_zeros(data: bytes, other: bytes, dice: Random) -> bytes:
    at, size = _place(data, dice), dice.choice((4, 64, 1000))
    return data[:at] + bytes(size) + data[at + size :]


def _repeated(data: bytes, other: bytes, dice: Random) -> bytes:
    at = _place(data, dice)
    return data[:at] + data[at : at + 500] * dice.choice((2, 50)) + data[at:]


Change = Callable[[bytes, bytes, Random], bytes]
BYTES: tuple[Change, ...] = (
    _flipped, _flipped, _flipped, _overwritten, _overwritten, _cut, _without_a_piece, _with_a_piece,
    _with_zeros, _repeated,
)  # fmt: skip


# --- Boxes -------------------------------------------------------------------------------------------


def _size_lies(box: Box, other: Box, dice: Random) -> None:
    size = len(box.pack())
    box.size = dice.choice((*EXTREMES, 7, 8, size - 1, size + 1, size * 2)) & 0xFFFFFFFF


def _kind_lies(box: Box, other: Box, dice: Random) -> None:
    box.kind = dice.choice((other.kind, b"\xa9nam", b"free", b"moov", b"uuid", b"\0\0\0\0"))


def _number_lies(box: Box, other: Box, dice: Random) -> None:
    if len(box.data) >= 4:
        at = dice.randrange(len(box.data) // 4) * 4
        box.data = box.data[:at] + struct.pack(">I", dice.choice(EXTREMES)) + box.data[at + 4 :]


def _content_of_another(box: Box, other: Box, dice: Random) -> None:
    box.data, box.boxes = other.data, [one for one in other.boxes if box not in one.all()]


def _twice(box: Box, other: Box, dice: Random) -> None:
    box.boxes = box.boxes * dice.choice((2, 20))


def _emptied(box: Box, other: Box, dice: Random) -> None:
    box.data, box.boxes = b"", []


def _shortened(box: Box, other: Box, dice: Random) -> None:
    box.data = box.data[: dice.randrange(len(box.data) + 1)]


BOXES = (
    _number_lies, _number_lies, _number_lies, _number_lies, _size_lies, _size_lies, _kind_lies,
    _content_of_another, _twice, _emptied, _shortened,
)  # fmt: skip
