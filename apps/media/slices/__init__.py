"""How many bytes of each unit of a coded picture must stay clear: ISO/IEC 23001-7 §9.5, for NAL units.

What a decoder has to read before it may ask for the key, up to the end of the slice header, is never
encrypted; so the header has to be read to its end.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from apps.media.boxes import Damaged, Fields, must

from . import avc, hevc
from .bits import Unit

__all__ = ["CODECS", "Slices"]

# Of each sample entry: the box with its parameter sets, and what understands them.
CODECS = {b"avc1": "avcC", b"avc3": "avcC", b"hvc1": "hvcC", b"hev1": "hvcC"}


class Slices:
    """Knows a track's parameter sets. `data`: its sample entry's box of them, `avcC` or `hvcC`, alone."""

    def __init__(self, data: bytes, kind: str) -> None:
        fields = Fields(data, must(data, kind))
        self.length_size, units = _avc(fields) if kind == "avcC" else _hevc(fields)
        family = avc if kind == "avcC" else hevc
        with _whole():
            self._clear: Callable[[Unit], int | None] = family.Sets(units).clear

    def clear(self, unit: Unit) -> int:
        """The leading bytes of a NAL unit that stay clear: all of one that holds no slice. Raises Damaged."""
        with _whole():
            found = self._clear(unit)
        return len(unit) if found is None else min(found, len(unit))


@contextmanager
def _whole() -> Iterator[None]:
    try:
        yield
    except (IndexError, KeyError) as error:
        raise Damaged("A slice is cut off, or lacks its parameter set.") from error


def _avc(fields: Fields) -> tuple[int, list[bytes]]:
    """ISO/IEC 14496-15 §5.3.3."""
    fields.take(4)
    length_size = (fields.number(1) & 3) + 1
    units = [fields.take(fields.number(2)) for _ in range(fields.number(1) & 0x1F)]
    return length_size, units + [fields.take(fields.number(2)) for _ in range(fields.number(1))]


def _hevc(fields: Fields) -> tuple[int, list[bytes]]:
    """ISO/IEC 14496-15 §8.3.3."""
    fields.take(21)
    length_size = (fields.number(1) & 3) + 1
    units: list[bytes] = []
    for _ in range(fields.number(1)):
        fields.take(1)
        count = fields.number(2)
        units += [fields.take(fields.number(2)) for _ in range(count)]
    return length_size, units
