"""Which characters the bytes of a subtitle file are."""

import codecs
from collections.abc import Iterator
from io import BytesIO
from typing import NamedTuple

import charset_normalizer

UTF8 = "utf-8"
# The longer marks first: UTF-32 LE begins as UTF-16 LE does.
MARKS = (
    (codecs.BOM_UTF8, UTF8),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What every subtitle file has in its structure, to tell UTF-16 without a mark by.
STRUCTURE = ("-->", "Dialogue:", "WEBVTT")
WESTERN = "cp1252"
# Hindi and its neighbours have no code page in use; these are what subtitles of other languages come in.
CODE_PAGES = [
    WESTERN, "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp932", "gb18030", "big5", "cp949",
    "cp874",
]  # fmt: skip
DAMAGED = "\ufffd"
SAMPLE = 16_384
HEAD = 65_536


class Decoded(NamedTuple):
    """`damaged`: how many characters could not be read and are U+FFFD."""

    text: str
    encoding: str
    damaged: int


def decode(data: bytes) -> Decoded:
    marked, size = _marked(data)
    data = data[size:]
    name = marked or _sixteen_bits(data[:HEAD]) or UTF8
    try:
        return Decoded(data.decode(name), name, 0)
    except UnicodeDecodeError:
        name = _guessed(data) if not marked and name == UTF8 else name
    text = data.decode(name, "replace")
    return Decoded(text, name, text.count(DAMAGED))


def _marked(data: bytes) -> tuple[str, int]:
    """The encoding that a byte order mark tells, and the length of the mark."""
    return next(((name, len(mark)) for mark, name in MARKS if data.startswith(mark)), ("", 0))


def _sixteen_bits(head: bytes) -> str:
    """UTF-16, if the structure is found in it: the place of its NULs tells the order of the bytes."""
    for one in STRUCTURE:
        at = head.find("\0".join(one).encode())
        if at >= 0:
            return "utf-16-be" if at % 2 else "utf-16-le"
    return ""


def _guessed(data: bytes) -> str:
    """UTF-8, if little of it is damaged, as text in a code page never looks like; else a code page."""
    text = data.decode(UTF8, "replace")
    foreign = len(text) - len(text.encode("ascii", "ignore"))
    return UTF8 if text.count(DAMAGED) * 5 <= foreign else _code_page(data)


def _code_page(data: bytes) -> str:
    found = charset_normalizer.from_bytes(_sample(data), cp_isolation=CODE_PAGES)
    best = found.best()
    if best is None:
        return WESTERN
    for one in found:
        likely = one.chaos <= best.chaos and one.coherence >= best.coherence - 0.05
        if likely and WESTERN in one.could_be_from_charset:
            return WESTERN
    return best.encoding


def _sample(data: bytes) -> bytes:
    """The first lines that are not ASCII, for the others tell nothing."""
    lines: list[bytes] = []
    size = 0
    for line in _foreign_lines(data):
        lines.append(line)
        size += len(line)
        if size >= SAMPLE:
            break
    return b"".join(lines)[:SAMPLE]


def _foreign_lines(data: bytes) -> Iterator[bytes]:
    return (line for line in BytesIO(data) if not line.isascii())
