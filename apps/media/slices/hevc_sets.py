"""Parameter sets of HEVC (ITU-T H.265 §7.3.2): what the length of a slice header depends on."""

from collections.abc import Sequence as SequenceOf
from dataclasses import dataclass

from .bits import Bits

# profile_tier_level(): of the whole, and of a layer if it tells them.
PROFILE_BITS, LEVEL_BITS = 88, 8


@dataclass(frozen=True, slots=True)
class ReferenceSet:
    """§7.4.8: the pictures before and after, by their distance; of each, whether this one uses it."""

    before: tuple[int, ...]
    after: tuple[int, ...]
    used: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Sequence:
    """`long_term`: of each long-term picture it names, whether it is used; None if there are none."""

    planes: bool
    color: bool
    order_bits: int
    address_bits: int
    reference_sets: tuple[ReferenceSet, ...]
    long_term: tuple[bool, ...] | None
    temporal: bool
    adaptive_offset: bool


@dataclass(frozen=True, slots=True)
class Picture:
    sequence: int
    dependent: bool
    output_flag: bool
    extra_bits: int
    cabac_init: bool
    references: tuple[int, int]
    chroma_offsets: bool
    weighted: bool
    weighted_both: bool
    entries: bool
    across_slices: bool
    filter_override: bool
    unfiltered: bool
    modifiable: bool
    extended: bool


def sequence_set(bits: Bits) -> tuple[int, Sequence]:
    """§7.3.2.2.1, up to what slices depend on. With its number."""
    bits.skip(4)
    layers = bits.u(3)
    bits.skip(1)
    _profile(bits, layers)
    number, chroma = bits.ue(), bits.ue()
    planes = chroma == 3 and bits.flag()
    width, height = bits.ues(2)
    bits.ues(4 if bits.flag() else 0)
    bits.ues(2)
    order_bits = bits.ue() + 4
    bits.ues(3 * (layers + 1 if bits.flag() else 1))
    smallest, steps = bits.ue() + 3, bits.ue()
    bits.ues(4)
    if bits.flag() and bits.flag():
        _scaling_lists(bits)
    bits.skip(1)
    adaptive = bits.flag()
    if bits.flag():
        bits.skip(8)
        bits.ues(2)
        bits.skip(1)
    sets = _reference_sets(bits)
    long_term = None
    if bits.flag():
        long_term = tuple(bits.u(order_bits + 1) & 1 == 1 for _ in range(bits.ue()))
    block = smallest + steps
    blocks = -(-width >> block) * -(-height >> block)
    return number, Sequence(
        planes=planes, color=chroma != 0 and not planes, order_bits=order_bits,
        address_bits=(blocks - 1).bit_length(), reference_sets=tuple(sets), long_term=long_term,
        temporal=bits.flag(), adaptive_offset=adaptive,
    )  # fmt: skip


def _profile(bits: Bits, layers: int) -> None:
    """§7.3.3."""
    bits.skip(PROFILE_BITS + LEVEL_BITS)
    told = [(bits.flag(), bits.flag()) for _ in range(layers)]
    bits.skip(2 * (8 - layers) if layers else 0)
    for profile, level in told:
        bits.skip(PROFILE_BITS if profile else 0, LEVEL_BITS if level else 0)


def _scaling_lists(bits: Bits) -> None:
    """§7.3.4."""
    for size in range(4):
        for _ in range(0, 6, 3 if size == 3 else 1):
            if not bits.flag():
                bits.ue()
                continue
            bits.ues(1 if size > 1 else 0)
            bits.ues(min(64, 1 << (4 + (size << 1))))


def _reference_sets(bits: Bits) -> list[ReferenceSet]:
    sets: list[ReferenceSet] = []
    for n in range(bits.ue()):
        sets.append(reference_set(bits, n, sets, in_slice=False))
    return sets


def reference_set(bits: Bits, number: int, sets: SequenceOf[ReferenceSet], *, in_slice: bool) -> ReferenceSet:
    """§7.3.7: told outright, or by what differs from one before it."""
    if number and bits.flag():
        back = bits.ue() + 1 if in_slice else 1
        return _derived(bits, sets[number - back])
    counts = bits.ues(2)
    found: list[tuple[int, ...]] = []
    used: list[bool] = []
    for count, sign in zip(counts, (-1, 1), strict=True):
        distance, distances = 0, []
        for _ in range(count):
            distance += sign * (bits.ue() + 1)
            distances.append(distance)
            used.append(bits.flag())
        found.append(tuple(distances))
    return ReferenceSet(found[0], found[1], tuple(used))


def _derived(bits: Bits, base: ReferenceSet) -> ReferenceSet:
    """Equations 7-61 and 7-62."""
    sign = -1 if bits.flag() else 1
    delta = sign * (bits.ue() + 1)
    kept: dict[int, bool] = {}
    for distance in (*base.before, *base.after, 0):
        used = bits.flag()
        if used or bits.flag():
            kept[distance + delta] = used
    kept.pop(0, None)
    before = sorted((one for one in kept if one < 0), reverse=True)
    after = sorted(one for one in kept if one > 0)
    return ReferenceSet(tuple(before), tuple(after), tuple(kept[one] for one in (*before, *after)))


def picture_set(bits: Bits) -> tuple[int, Picture]:
    """§7.3.2.3. With its number."""
    number, sequence, dependent, output, extra = bits.ue(), bits.ue(), bits.flag(), bits.flag(), bits.u(3)
    bits.skip(1)
    cabac, references = bits.flag(), (bits.ue() + 1, bits.ue() + 1)
    bits.se()
    bits.skip(2)
    bits.ues(1 if bits.flag() else 0)
    bits.ues(2)
    offsets, weighted, both = bits.flag(), bits.flag(), bits.flag()
    bits.skip(1)
    tiles, rows = bits.flag(), bits.flag()
    if tiles:
        _tiles(bits)
    across = bits.flag()
    override, unfiltered = _filter(bits)
    if bits.flag():
        _scaling_lists(bits)
    modifiable = bits.flag()
    bits.ue()
    return number, Picture(
        sequence=sequence, dependent=dependent, output_flag=output, extra_bits=extra, cabac_init=cabac,
        references=references, chroma_offsets=offsets, weighted=weighted, weighted_both=both,
        entries=tiles or rows, across_slices=across, filter_override=override, unfiltered=unfiltered,
        modifiable=modifiable, extended=bits.flag(),
    )  # fmt: skip


def _tiles(bits: Bits) -> None:
    columns, rows = bits.ues(2)
    if not bits.flag():
        bits.ues(columns + rows)
    bits.skip(1)


def _filter(bits: Bits) -> tuple[bool, bool]:
    """Whether slices may tell it anew; whether it is off."""
    if not bits.flag():
        return False, False
    override, off = bits.flag(), bits.flag()
    bits.ues(0 if off else 2)
    return override, off
