"""Slice headers of H.264 (ITU-T H.264 §7.3.3), read for nothing but their length."""

from collections.abc import Iterable
from dataclasses import dataclass

from apps.media.boxes import Damaged

from .bits import Bits, Unit

SLICE, IDR, SEQUENCE, PICTURE = 1, 5, 7, 8
# Those that tell their chroma format (§7.3.2.1.1).
WITH_CHROMA = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135}
P, B, I = 0, 1, 2  # noqa: E741 as the standard calls them


@dataclass(frozen=True, slots=True)
class _Sequence:
    chroma: int
    planes: bool
    frame_bits: int
    order: int
    order_bits: int
    order_given: bool
    frames_only: bool


@dataclass(frozen=True, slots=True)
class _Picture:
    sequence: int
    cabac: bool
    bottom_order: bool
    references: tuple[int, int]
    weighted: bool
    weighted_both: int
    deblocking: bool
    redundant: bool


class Sets:
    """The parameter sets that slices name."""

    def __init__(self, units: Iterable[Unit]) -> None:
        self.sequences: dict[int, _Sequence] = {}
        self.pictures: dict[int, _Picture] = {}
        for unit in units:
            self._learn(unit)

    def clear(self, unit: Unit) -> int | None:
        """The bytes before the slice data; None for what is no slice."""
        kind = unit[0] & 0x1F
        if kind in (SEQUENCE, PICTURE):
            self._learn(unit)
        if kind not in (SLICE, IDR):
            if 2 <= kind <= 4:
                raise Damaged("Its slices are partitioned, which is not supported.")
            return None
        bits = Bits(unit, 1)
        bits.ue()
        slice_type = bits.ue() % 5
        picture = self.pictures[bits.ue()]
        if slice_type > I:
            raise Damaged("It has switching slices, which are not supported.")
        header = _Header(bits, kind == IDR, unit[0] >> 5 & 3, slice_type, picture)
        header.read(self.sequences[picture.sequence])
        return 1 + bits.bytes_read

    def _learn(self, unit: Unit) -> None:
        bits = Bits(unit, 1)
        if unit[0] & 0x1F == SEQUENCE:
            number, sequence = _sequence(bits)
            self.sequences[number] = sequence
        elif unit[0] & 0x1F == PICTURE:
            number, picture = _picture(bits)
            self.pictures[number] = picture


def _sequence(bits: Bits) -> tuple[int, _Sequence]:
    """§7.3.2.1.1, up to what slices depend on."""
    profile = bits.u(8)
    bits.skip(16)
    number, chroma, planes = bits.ue(), 1, False
    if profile in WITH_CHROMA:
        chroma = bits.ue()
        planes = chroma == 3 and bits.flag()
        bits.ues(2)
        bits.skip(1)
        if bits.flag():
            for n in range(12 if chroma == 3 else 8):
                if bits.flag():
                    _scaling_list(bits, 16 if n < 6 else 64)
    frame_bits, order, order_bits, given = bits.ue() + 4, bits.ue(), 0, False
    if order == 0:
        order_bits = bits.ue() + 4
    elif order == 1:
        given = not bits.flag()
        bits.ues(2)
        bits.ues(bits.ue())
    bits.ue()
    bits.skip(1)
    bits.ues(2)
    return number, _Sequence(chroma, planes, frame_bits, order, order_bits, given, bits.flag())


def _scaling_list(bits: Bits, count: int) -> None:
    last = following = 8
    for _ in range(count):
        if following:
            following = (last + bits.se()) % 256
        last = following or last


def _picture(bits: Bits) -> tuple[int, _Picture]:
    """§7.3.2.2."""
    number, sequence, cabac, bottom = bits.ue(), bits.ue(), bits.flag(), bits.flag()
    if bits.ue():
        raise Damaged("It has groups of slices, which are not supported.")
    references = (bits.ue() + 1, bits.ue() + 1)
    weighted, both = bits.flag(), bits.u(2)
    bits.ues(3)
    deblocking = bits.flag()
    bits.skip(1)
    return number, _Picture(sequence, cabac, bottom, references, weighted, both, deblocking, bits.flag())


class _Header:
    """What follows the number of the picture's parameter set."""

    def __init__(self, bits: Bits, idr: bool, importance: int, slice_type: int, picture: _Picture) -> None:
        self.bits, self.idr, self.importance = bits, idr, importance
        self.type, self.picture = slice_type, picture

    def read(self, sequence: _Sequence) -> None:
        bits, picture = self.bits, self.picture
        self._numbers(sequence)
        if self.type == B:
            bits.skip(1)
        references = self._references()
        for _ in references:
            self._modifications()
        if (picture.weighted and self.type == P) or (picture.weighted_both == 1 and self.type == B):
            self._weights(references, color=sequence.chroma != 0 and not sequence.planes)
        if self.importance:
            self._marking()
        if picture.cabac and self.type != I:
            bits.ue()
        bits.se()
        if picture.deblocking and bits.ue() != 1:
            bits.ues(2)

    def _numbers(self, sequence: _Sequence) -> None:
        """Which picture it is, and when it is shown."""
        bits, picture = self.bits, self.picture
        bits.skip(2 if sequence.planes else 0, sequence.frame_bits)
        field = not sequence.frames_only and bits.flag()
        bits.skip(1 if field else 0)
        if self.idr:
            bits.ue()
        whole = picture.bottom_order and not field
        if sequence.order == 0:
            bits.skip(sequence.order_bits)
            bits.ues(1 if whole else 0)
        elif sequence.order == 1 and sequence.order_given:
            bits.ues(2 if whole else 1)
        if picture.redundant:
            bits.ue()

    def _references(self) -> list[int]:
        """How many pictures each list has."""
        if self.type == I:
            return []
        count = 2 if self.type == B else 1
        if self.bits.flag():
            return [one + 1 for one in self.bits.ues(count)]
        return list(self.picture.references[:count])

    def _modifications(self) -> None:
        """§7.3.3.1, of one list."""
        if self.bits.flag():
            while self.bits.ue() != 3:
                self.bits.ue()

    def _weights(self, references: list[int], *, color: bool) -> None:
        """§7.3.3.2."""
        bits = self.bits
        bits.ues(2 if color else 1)
        for _ in range(sum(references)):
            bits.ues(2 if bits.flag() else 0)
            if color:
                bits.ues(4 if bits.flag() else 0)

    def _marking(self) -> None:
        """§7.3.3.3."""
        bits = self.bits
        if self.idr:
            bits.skip(2)
        elif bits.flag():
            while deed := bits.ue():
                bits.ues({1: 1, 2: 1, 3: 2, 4: 1, 6: 1}.get(deed, 0))
