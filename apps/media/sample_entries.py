"""How a track's samples are coded (`stsd`, ISO/IEC 14496-12 §8.5.2), in the words of RFC 6381."""

from collections.abc import Callable
from dataclasses import dataclass

from .boxes import Box, Damaged, Fields, find, inside, must

# Fixed fields of a sample entry before the boxes in it.
PICTURE_FIELDS, SOUND_FIELDS = 78, 28
PROTECTED = {b"encv", b"enca"}
ES, DECODER_CONFIG, DECODER_SPECIFIC = 3, 4, 5
AAC_OBJECT_TYPE = 0x40


@dataclass(frozen=True, slots=True)
class Entry:
    """Sound has neither width nor height, a picture neither channels nor rate (Hz)."""

    codecs: str
    width: int = 0
    height: int = 0
    channels: int = 0
    rate: int = 0


def entry(data: bytes, stsd: Box) -> Entry:
    """Of the first sample entry, protected or not. Raises Damaged, also for codecs that we do not make."""
    fields = Fields(data, stsd, skip=8)
    box = next(inside(data, fields.at, stsd.end), None)
    if box is None:
        raise Damaged("It says nothing of its samples.")
    skip = PICTURE_FIELDS if box.kind in PICTURES or box.kind == b"encv" else SOUND_FIELDS
    fields = Fields(data, box, skip=skip)
    rest = Box(box.kind, box.start, fields.at, box.end)
    kind = _original(data, rest) if box.kind in PROTECTED else box.kind
    if kind in PICTURES:
        codecs, fields = PICTURES[kind](data, rest, kind.decode()), Fields(data, box, skip=24)
        return Entry(codecs, width=fields.number(2), height=fields.number(2))
    if kind == b"mp4a":
        fields = Fields(data, box, skip=16)
        channels = fields.number(2)
        fields.take(6)
        return Entry(_mp4a(data, rest), channels=channels, rate=fields.number(4) >> 16)
    raise Damaged("Its codec is none of ours.")


def _original(data: bytes, rest: Box) -> bytes:
    """What a protected entry was before (§8.12.2)."""
    return Fields(data, must(data, "sinf/frma", rest)).take(4)


def _avc(data: bytes, rest: Box, kind: str) -> str:
    fields = Fields(data, must(data, "avcC", rest), skip=1)
    return f"{kind}.{fields.take(3).hex().upper()}"


def _hevc(data: bytes, rest: Box, kind: str) -> str:
    """ISO/IEC 14496-15 annex E.3."""
    fields = Fields(data, must(data, "hvcC", rest), skip=1)
    profile = fields.number(1)
    space = ("", "A", "B", "C")[profile >> 6]
    compatible = int(f"{fields.number(4):032b}"[::-1], 2)
    constraints = fields.take(6).rstrip(b"\0")
    tier = "H" if profile & 0x20 else "L"
    parts = [kind, f"{space}{profile & 0x1F}", f"{compatible:X}", f"{tier}{fields.number(1)}"]
    return ".".join([*parts, *(f"{one:X}" for one in constraints)])


def _av1(data: bytes, rest: Box, kind: str) -> str:
    """AV1 in ISO base media §5."""
    fields = Fields(data, must(data, "av1C", rest), skip=1)
    profile, depth = fields.number(1), fields.number(1)
    bits = (12 if depth & 0x20 else 10) if depth & 0x40 else 8
    return f"{kind}.{profile >> 5}.{profile & 0x1F:02}{'H' if depth & 0x80 else 'M'}.{bits:02}"


PICTURES: dict[bytes, Callable[[bytes, Box, str], str]] = {
    b"avc1": _avc, b"avc3": _avc, b"hvc1": _hevc, b"hev1": _hevc, b"av01": _av1,
}  # fmt: skip


def _mp4a(data: bytes, rest: Box) -> str:
    """From the descriptors of `esds` (ISO/IEC 14496-1 §7.2.6)."""
    esds = find(data, "esds", rest)
    if esds is None:
        raise Damaged("Its sound is not described.")
    fields = Fields(data, esds, skip=4)
    _descriptor(fields, ES)
    fields.take(2)
    flags = fields.number(1)
    fields.take(2 * bool(flags & 0x80))
    fields.take(fields.number(1) if flags & 0x40 else 0)
    fields.take(2 * bool(flags & 0x20))
    _descriptor(fields, DECODER_CONFIG)
    object_type = fields.number(1)
    if object_type != AAC_OBJECT_TYPE:
        return f"mp4a.{object_type:02X}"
    fields.take(12)
    _descriptor(fields, DECODER_SPECIFIC)
    head = fields.number(2)
    kind = head >> 11
    return f"mp4a.40.{32 + (head >> 5 & 0x3F) if kind == 31 else kind}"


def _descriptor(fields: Fields, tag: int) -> None:
    """Past the tag and the length, of up to four bytes, of an expected descriptor."""
    if fields.number(1) != tag:
        raise Damaged("Its sound is not described as it should be.")
    for _ in range(4):
        if fields.number(1) < 0x80:
            return
    raise Damaged("Its sound is not described as it should be.")
