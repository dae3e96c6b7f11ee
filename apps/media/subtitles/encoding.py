"""Which characters the bytes of a subtitle file are."""

import codecs
from collections.abc import Iterator
from io import BytesIO

import charset_normalizer

# The longer marks first: UTF-32 LE begins as UTF-16 LE does.
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
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
SAMPLE = 16_384
HEAD = 65_536


def decode(data: bytes) -> tuple[str, str]:
    """The text and the name of its encoding; what no encoding can be read in is U+FFFD."""
    for mark, name in MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(name, "replace"), name
    name = _sixteen_bits(data[:HEAD]) or _eight_bits(data)
    return data.decode(name, "replace"), name


def _sixteen_bits(head: bytes) -> str:
    """UTF-16, if the structure is found in it: the place of its NULs tells the order of the bytes."""
    for one in STRUCTURE:
        at = head.find("\0".join(one).encode())
        if at >= 0:
            return "utf-16-be" if at % 2 else "utf-16-le"
    return ""


def _eight_bits(data: bytes) -> str:
    """UTF-8 also where some of it is damaged, which a code page never looks like."""
    text = data.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    foreign = len(text) - len(text.encode("ascii", "ignore"))
    return "utf-8" if damaged * 5 <= foreign else _code_page(data)


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
