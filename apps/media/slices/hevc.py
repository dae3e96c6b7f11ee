"""Slice headers of HEVC (ITU-T H.265 §7.3.6), read for nothing but their length."""

from collections.abc import Iterable
from dataclasses import dataclass

from .bits import Bits, Unit
from .hevc_sets import Picture, Sequence, picture_set, reference_set, sequence_set

SEQUENCE, PICTURE = 33, 34
LAST_SLICE = 31
RANDOM_ACCESS = range(16, 24)
IDR = (19, 20)
B, P, I = 0, 1, 2  # noqa: E741 as the standard calls them


class Sets:
    """The parameter sets that slices name."""

    def __init__(self, units: Iterable[Unit]) -> None:
        self.sequences: dict[int, Sequence] = {}
        self.pictures: dict[int, Picture] = {}
        for unit in units:
            self._learn(unit)

    def clear(self, unit: Unit) -> int | None:
        """The bytes before the slice data; None for what is no slice."""
        kind = unit[0] >> 1 & 0x3F
        self._learn(unit)
        if kind > LAST_SLICE:
            return None
        bits = Bits(unit, 2)
        first = bits.flag()
        bits.skip(1 if kind in RANDOM_ACCESS else 0)
        picture = self.pictures[bits.ue()]
        sequence = self.sequences[picture.sequence]
        dependent = not first and picture.dependent and bits.flag()
        bits.skip(0 if first else sequence.address_bits)
        if not dependent:
            _Header(bits, kind, sequence, picture).read()
        if picture.entries:
            _entries(bits)
        if picture.extended:
            bits.skip(8 * bits.ue())
        # byte_alignment(): a one, and zeros up to the next byte.
        bits.skip(1)
        return 2 + bits.bytes_read

    def _learn(self, unit: Unit) -> None:
        kind = unit[0] >> 1 & 0x3F
        if kind == SEQUENCE:
            number, sequence = sequence_set(Bits(unit, 2))
            self.sequences[number] = sequence
        elif kind == PICTURE:
            number, picture = picture_set(Bits(unit, 2))
            self.pictures[number] = picture


def _entries(bits: Bits) -> None:
    """Where threads of a decoder may begin."""
    if count := bits.ue():
        bits.skip((bits.ue() + 1) * count)


@dataclass(slots=True)
class _Header:
    """What a slice has of its own; one that depends on another has none of it."""

    bits: Bits
    kind: int
    sequence: Sequence
    picture: Picture
    type: int = I
    moved: bool = False
    pictures: int = 0

    def read(self) -> None:
        bits, picture = self.bits, self.picture
        bits.skip(picture.extra_bits)
        self.type = bits.ue()
        bits.skip(1 if picture.output_flag else 0, 2 if self.sequence.planes else 0)
        if self.kind not in IDR:
            self._references()
        luma = self.sequence.adaptive_offset and bits.flag()
        colour = self.sequence.adaptive_offset and self.sequence.color and bits.flag()
        if self.type != I:
            self._prediction()
        bits.se()
        bits.ues(2 if picture.chroma_offsets else 0)
        unfiltered = self._deblocking()
        if picture.across_slices and (luma or colour or not unfiltered):
            bits.skip(1)

    def _references(self) -> None:
        """Which pictures are kept, and how many of them this one uses."""
        bits, sequence = self.bits, self.sequence
        bits.skip(sequence.order_bits)
        sets = sequence.reference_sets
        if not bits.flag():
            chosen = reference_set(bits, len(sets), sets, in_slice=True)
        else:
            chosen = sets[bits.u((len(sets) - 1).bit_length())]
        self.pictures = sum(chosen.used)
        if sequence.long_term is not None:
            self.pictures += self._long_term(sequence.long_term)
        self.moved = sequence.temporal and bits.flag()

    def _long_term(self, used: tuple[bool, ...]) -> int:
        bits, sequence = self.bits, self.sequence
        named = bits.ue() if used else 0
        count, found = named + bits.ue(), 0
        for n in range(count):
            if n < named:
                found += used[bits.u((len(used) - 1).bit_length())]
            else:
                bits.skip(sequence.order_bits)
                found += bits.flag()
            if bits.flag():
                bits.ue()
        return found

    def _prediction(self) -> None:
        """Of slices that look at other pictures."""
        bits, picture, both = self.bits, self.picture, self.type == B
        counts = list(picture.references[: 2 if both else 1])
        if bits.flag():
            counts = [one + 1 for one in bits.ues(len(counts))]
        if picture.modifiable and self.pictures > 1:
            for count in counts:
                bits.skip(count * (self.pictures - 1).bit_length() if bits.flag() else 0)
        bits.skip(1 if both else 0, 1 if picture.cabac_init else 0)
        if self.moved:
            from_first = not both or bits.flag()
            if counts[0 if from_first else 1] > 1:
                bits.ue()
        if picture.weighted_both if both else picture.weighted:
            self._weights(counts)
        bits.ue()

    def _weights(self, counts: list[int]) -> None:
        """§7.3.6.3."""
        bits, color = self.bits, self.sequence.color
        bits.ues(2 if color else 1)
        for count in counts:
            luma = [bits.flag() for _ in range(count)]
            chroma = [bits.flag() if color else False for _ in range(count)]
            for has_luma, has_chroma in zip(luma, chroma, strict=True):
                bits.ues((2 if has_luma else 0) + (4 if has_chroma else 0))

    def _deblocking(self) -> bool:
        """Whether it is off."""
        bits, picture = self.bits, self.picture
        off = picture.unfiltered
        if picture.filter_override and bits.flag():
            off = bits.flag()
            bits.ues(0 if off else 2)
        return off
