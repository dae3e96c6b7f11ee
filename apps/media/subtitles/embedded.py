"""Subtitles out of a video file: the packets of a text stream, as the demuxer gives them."""

from collections.abc import Iterable, Iterator
from struct import unpack_from

from . import characters, encoding, substation
from .cues import LARGEST, MOST_CUES, Codes, Raw, Refused, Subtitles
from .notes import Notes, Problem
from .reading import checked, note_encoding, too_big
from .timeline import TOO_MANY, gathered

Packet = tuple[int, int, bytes]
Packets = Iterable[Packet]
# By ffmpeg's names of codecs.
SUBRIP = {"subrip", "srt", "text"}
WEBVTT = {"webvtt"}
MOV = {"mov_text"}
SUBSTATION = {"ass", "ssa"}
TEXT_CODECS = SUBRIP | WEBVTT | MOV | SUBSTATION
# ISO/IEC 14496-30: a cue, and a time without one.
CUE_BOXES = (b"vttc", b"vtte", b"vttx")
MOST_BOXES = 100
# Between two cues of an MP4 there is an empty packet.
MOST_PACKETS = 2 * MOST_CUES + 1
NO_TEXT = (
    "This track is no text that can be read; it may hold pictures of text. "
    "Give the subtitles as a file of their own: SubRip, WebVTT or SubStation Alpha."
)


def from_packets(codec: str, packets: Packets, *, header: bytes = b"") -> Subtitles:
    """`codec` by ffmpeg's name; each packet is its start and end in ms and its payload.

    `header`: the stream's codec private data, in which SubStation has its styles. Raises Refused.
    """
    if codec not in TEXT_CODECS:
        raise Refused("unknown_format", NO_TEXT)
    notes = Notes()
    taken = list(_bounded(packets))
    if codec in MOV:
        taken = [(start_ms, end_ms, _mov_text(payload)) for start_ms, end_ms, payload in taken]
    if codec in WEBVTT and any(payload[4:8] in CUE_BOXES for _, _, payload in taken):
        return checked(gathered(_boxed(taken, notes), notes), notes)
    return checked(gathered(_raws(codec, taken, header, notes), notes), notes)


def _bounded(packets: Packets) -> Iterator[Packet]:
    size = 0
    for number, packet in enumerate(packets):
        if number == MOST_PACKETS:
            raise Refused("too_many_cues", TOO_MANY)
        size += len(packet[2])
        if size > LARGEST:
            raise too_big("This track has")
        if packet[2].strip(b"\0 \r\n"):
            yield packet


def _raws(codec: str, packets: list[Packet], header: bytes, notes: Notes) -> Iterator[Raw]:
    """All payloads are in one encoding, which is told from all of them."""
    name = encoding.decode(b"\n".join(payload for _, _, payload in packets)).encoding
    note_encoding(name, notes)
    # Of other codecs it is no text.
    script = substation.styles(_text(header, "utf-8", notes) if codec in SUBSTATION else "")
    codes = Codes.NONE if codec in WEBVTT else Codes.BESIDES
    for start_ms, end_ms, payload in packets:
        text = _text(payload, name, notes)
        if codec in SUBSTATION:
            yield substation.event(substation.packet(text), start_ms, end_ms, script)
        else:
            yield Raw(start_ms, end_ms, text, codes=codes)


def _text(payload: bytes, name: str, notes: Notes) -> str:
    text, gone = characters.clean(payload.decode(name, "replace"))
    notes.count(Problem.CHARACTERS, gone)
    return text


def _mov_text(payload: bytes) -> bytes:
    """3GPP TS 26.245: two bytes of length, the text in UTF-8 or marked UTF-16, then boxes of style."""
    if len(payload) < 2:
        return b""
    text = payload[2 : 2 + unpack_from(">H", payload)[0]]
    if text[:2] in (b"\xfe\xff", b"\xff\xfe"):
        return text.decode("utf-16", "replace").encode()
    return text


def _boxed(packets: list[Packet], notes: Notes) -> Iterator[Raw]:
    """WebVTT in MP4: each cue a box of boxes."""
    for start_ms, end_ms, payload in packets:
        for kind, cue in _boxes(payload):
            if kind == b"vttc":
                parts = {name: _text(body, "utf-8", notes) for name, body in _boxes(cue)}
                text, name, settings = (parts.get(one, "") for one in (b"payl", b"iden", b"sttg"))
                yield Raw(start_ms, end_ms, text, name, settings)


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The type and the body of each; a box that says it is longer than what is there ends them."""
    at = 0
    for _ in range(MOST_BOXES):
        if at + 8 > len(data):
            return
        size, kind = unpack_from(">I4s", data, at)
        if size < 8:
            return
        yield kind, data[at + 8 : at + size]
        at += size
