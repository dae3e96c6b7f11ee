"""What a file is by its first bytes, before anything that could be fooled opens it.

Only the demuxer that belongs to the signature is ever started on the file, so a playlist or a picture under
the name of a film reaches no parser of ffmpeg's.
"""

import re
import struct
from collections.abc import Iterator
from pathlib import Path

HEAD = 8192
# The first box of an MP4 or QuickTime file (ISO/IEC 14496-12, 4.2; QuickTime begins with others too).
_FIRST_BOXES = {b"ftyp", b"styp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"uuid"}
_W64 = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"
_TS_PACKETS = ((188, 0), (192, 4), (204, 0))
BOXES = 100_000

# What else it may be, for the editor.
_OTHERS = (
    (rb"\xef\xbb\xbf?#EXTM3U|#EXTM3U", "an HLS playlist (M3U8)"),
    (rb"(?s).{0,600}<MPD[\s>]", "a DASH manifest (MPD)"),
    (rb"(?i)\s*<(!doctype html|html)", "a web page"),
    (rb"(?s)\s*(\xef\xbb\xbf)?<\?xml.{0,600}<svg|\s*<svg", "an SVG picture"),
    (rb"\s*(\xef\xbb\xbf)?<\?xml", "an XML document"),
    (rb"ffconcat version", "a list of files for ffmpeg"),
    (rb"(\xef\xbb\xbf)?WEBVTT", "WebVTT subtitles"),
    (rb"(\xef\xbb\xbf)?\d+\r?\n\d\d:\d\d:\d\d,\d{3} -->", "SubRip subtitles"),
    (rb"(?s)(\xef\xbb\xbf)?\[Script Info\]", "ASS subtitles"),
    (rb"PK\x03\x04|PK\x05\x06", "a ZIP archive"),
    (rb"Rar!", "a RAR archive"),
    (rb"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (rb"\x1f\x8b|BZh|\xfd7zXZ", "a compressed archive"),
    (rb"\x89PNG", "a PNG picture"),
    (rb"\xff\xd8\xff", "a JPEG picture"),
    (rb"GIF8", "a GIF picture"),
    (rb"(?s)RIFF....WEBP", "a WebP picture"),
    (rb"%PDF", "a PDF document"),
    (rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "Windows Media (ASF)"),
    (rb"FLV\x01", "Flash Video (FLV)"),
    (rb"\x06\x0e\x2b\x34", "MXF"),
    (rb"\.RMF", "RealMedia"),
    (rb"\x00\x00\x01\xba", "an MPEG program stream (VOB)"),
    (rb"\x7fELF|MZ", "a program"),
)  # fmt: skip
_OTHER = tuple((re.compile(pattern), name) for pattern, name in _OTHERS)


def head(path: Path) -> bytes:
    """The first bytes that tell, which are those behind an ID3 tag (id3.org, 2.4.0, 3.1)."""
    with path.open("rb") as file:
        first = file.read(HEAD)
        if first[:3] != b"ID3" or len(first) < 10:
            return first
        size = 0
        for seven_bits in first[6:10]:
            size = size << 7 | seven_bits & 0x7F
        file.seek(10 + size)
        return file.read(HEAD) or first


def container(head: bytes) -> str:
    """Which of `formats.CONTAINERS` a file with these first bytes is; "" for none."""
    if head[4:8] in _FIRST_BOXES:
        return "mov"
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "matroska"
    if head[:4] in (b"RIFF", b"RF64"):
        return {b"AVI ": "avi", b"WAVE": "wav"}.get(head[8:12], "")
    for magic, name in ((_W64, "w64"), (b"fLaC", "flac"), (b"OggS", "ogg")):
        if head.startswith(magic):
            return name
    return "mpegts" if _is_transport_stream(head) else _bare_audio(head)


def _is_transport_stream(head: bytes) -> bool:
    """Five packets in a row begin with the sync byte (ISO/IEC 13818-1, 2.4.3.2)."""
    return any(
        all(head[start + packet * size : start + packet * size + 1] == b"\x47" for packet in range(5))
        for size, before in _TS_PACKETS
        for start in range(before, before + size)
    )


def _bare_audio(head: bytes) -> str:
    """Frames of MP3 or AAC (ADTS) without a container, maybe behind some padding."""
    start = len(head) - len(head.lstrip(b"\x00"))
    if head[start : start + 1] != b"\xff" or len(head) < start + 4:
        return ""
    layer = head[start + 1] & 0b11110110
    if layer == 0b11110000:
        return "aac"
    return "mp3" if layer & 0b11100110 in (0b11100010, 0b11100100) else ""


def seems(head: bytes) -> str:
    """For an editor: what a file with these first bytes seems to be, if we know it; else ""."""
    for pattern, name in _OTHER:
        if pattern.match(head):
            return name
    return "a text file" if head and not _is_binary(head) else ""


def _is_binary(head: bytes) -> bool:
    try:
        text = head[:-4].decode() if len(head) > 100 else head.decode()
    except UnicodeDecodeError:
        return True
    return any(sign < " " and sign not in "\t\r\n\f" for sign in text)


def is_cut_off(path: Path) -> bool:
    """Whether an MP4 or QuickTime file ends within what its boxes promise, or has no index at all."""
    size = path.stat().st_size
    kinds = set()
    for kind, end in _boxes(path):
        kinds.add(kind)
        if end > size and kind in (b"mdat", b"moov", b"moof"):
            return True
    return b"moov" not in kinds


def _boxes(path: Path) -> Iterator[tuple[bytes, int]]:
    """The outermost boxes: their kinds and where they end (ISO/IEC 14496-12, 4.2)."""
    size = path.stat().st_size
    at = 0
    with path.open("rb") as file:
        for _ in range(BOXES):
            file.seek(at)
            header = file.read(16)
            if len(header) < 8:
                return
            length, kind = struct.unpack(">I4s", header[:8])
            if length == 1 and len(header) == 16:
                length = struct.unpack(">Q", header[8:])[0]
            at = size if length == 0 else at + length
            yield kind, at
            if length < 8 or at >= size:
                return
