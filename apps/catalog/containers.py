"""Where a picture ends within a file: four formats' structure, walked without decoding anything.

Also what is cut short or built to keep a decoder busy is told here, and what hangs behind the picture
(another document, a script) can be cut off.
"""

import re
from collections.abc import Callable

END_OF_PNG = b"\x00\x00\x00\x00IEND\xaeB`\x82"
# In a JPEG's scans, 0xFF is followed by 0x00, a restart mark or more 0xFF; anything else ends the scan.
AFTER_A_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
# Each makes the decoder go over the whole picture; encoders write about ten.
MOST_SCANS = 64
PICTURE_BOXES, OTHER_BOXES = {b"ftyp", b"meta", b"mdat", b"moov"}, {b"free", b"skip", b"uuid"}
START_OF_SCAN, END_OF_PICTURE = 0xDA, 0xD9


class Cut(Exception):
    """The file ends before the picture does, or is no whole picture."""


def jpeg(data: bytes) -> int:
    at, scans = 2, 0
    while scans <= MOST_SCANS:
        if data[at : at + 1] != b"\xff" or at + 1 >= len(data):
            raise Cut
        mark = data[at + 1]
        if mark == END_OF_PICTURE:
            return at + 2
        if mark == 0xFF:
            at += 1
            continue
        at += 2 + _length(data, at + 2)
        if mark == START_OF_SCAN:
            scans += 1
            following = AFTER_A_SCAN.search(data, at)
            if following is None:
                raise Cut
            at = following.start()
    raise Cut


def _length(data: bytes, at: int) -> int:
    length = int.from_bytes(data[at : at + 2], "big")
    if length < 2:
        raise Cut
    return length


def png(data: bytes) -> int:
    found = data.find(END_OF_PNG)
    if found < 0:
        raise Cut
    return found + len(END_OF_PNG)


def webp(data: bytes) -> int:
    length = int.from_bytes(data[4:8], "little")
    end = 8 + length + length % 2
    # Some writers leave out the last padding byte.
    if length < 12 or len(data) < 8 + length:
        raise Cut
    return min(end, len(data))


def avif(data: bytes) -> int:
    """Boxes follow each other; the picture ends with the last that is its own."""
    at, end, seen = 0, 0, set()
    while at < len(data):
        kind, length = data[at + 4 : at + 8], int.from_bytes(data[at : at + 4], "big")
        if kind not in PICTURE_BOXES | OTHER_BOXES or (kind == b"ftyp" and at):
            break
        if length == 1:
            length = int.from_bytes(data[at + 8 : at + 16], "big")
        at += max(length, 8) if length else len(data) - at
        if at > len(data):
            raise Cut
        seen.add(kind)
        end = at if kind in PICTURE_BOXES else end
    if not {b"ftyp", b"meta", b"mdat"} <= seen:
        raise Cut
    return end


WALKS: dict[str, Callable[[bytes], int]] = {"JPEG": jpeg, "PNG": png, "WEBP": webp, "AVIF": avif}


def format_of(data: bytes) -> str | None:
    """By its first bytes, whatever its name says; None for all that is not taken."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp" and data[8:12] in {b"avif", b"avis", b"mif1"}:
        return "AVIF"
    return None


def whole(data: bytes, format_: str) -> bytes:
    """The picture without what hangs behind it. Raises `Cut`."""
    return data[: WALKS[format_](data)]
