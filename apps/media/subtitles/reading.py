"""Reading a file of subtitles: what it is, by its content, and its cues."""

import re
from collections.abc import Callable, Iterator

from . import characters, encoding, substation, timed
from .cues import LARGEST, Cue, Raw, Refused, Subtitles
from .notes import Notes, Problem
from .timeline import gathered
from .webvtt import to_vtt

WEBVTT, SUBRIP, SUBSTATION = "WebVTT", "SubRip", "SubStation Alpha"
READERS: dict[str, Callable[[str, Notes], Iterator[Raw]]] = {
    WEBVTT: timed.read_vtt,
    SUBRIP: timed.read_srt,
    SUBSTATION: substation.read,
}
# By the first bytes: what subtitles come in.
ARCHIVES = (b"PK\x03\x04", b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf", b"\xfd7zXZ", b"BZh")
# By the beginning of the text. XML is not parsed at all: whatever entities it has stay what they are.
UNKNOWN = (
    (re.compile(r"<\?xml|<tt[\s:>]|<!DOCTYPE tt|<!ENTITY", re.IGNORECASE), "TTML"),
    (re.compile(r"<sami", re.IGNORECASE), "SAMI"),
    (re.compile(r"<!doctype html|<html", re.IGNORECASE), "a web page"),
    (re.compile(r"\{\\rtf"), "a document of a word processor"),
    (re.compile(r"\{\d+\}\{\d*\}"), "MicroDVD, which counts frames"),
    (re.compile(r"\[\d+\]\[\d*\]"), "MPL2"),
    (re.compile(r"Scenarist_SCC"), "Scenarist closed captions"),
    (re.compile(r"# VobSub index"), "VobSub, which holds pictures of text"),
)
REMEDY = "Save it as SubRip (.srt), WebVTT (.vtt) or SubStation Alpha (.ass) and give that."
_SCRIPT = re.compile(
    r"^(?:\[Script Info\]|\[Events\]|\[V4\+? Styles\]|Dialogue:)", re.IGNORECASE | re.MULTILINE
)
_SIGNATURE = re.compile(r"WEBVTT(?=\s|$)")
HEAD = 4_096
# More control characters and damaged ones than that no text has.
MOST_DAMAGE = 20
MOST_DAMAGE_SHARE = 0.05


def parse(data: bytes, *, filename: str = "") -> Subtitles:
    """The subtitles in a file. `filename` is a hint for what its content leaves open.

    Raises Refused for what holds none, or more than is read.
    """
    _refuse_bytes(data)
    decoded = encoding.decode(data)
    text, gone = characters.clean(decoded.text)
    text = text.lstrip("\n ")
    if gone + decoded.damaged > max(MOST_DAMAGE, len(decoded.text) * MOST_DAMAGE_SHARE):
        raise Refused("binary", f"This is not text. {REMEDY}")
    notes = Notes()
    note_encoding(decoded.encoding, notes)
    notes.count(Problem.DAMAGED, decoded.damaged)
    notes.count(Problem.CHARACTERS, gone)
    kind = _kind(text[:HEAD], filename, has_arrow=timed.ARROW in text)
    return checked(gathered(READERS[kind](text, notes), notes), notes)


def checked(cues: tuple[Cue, ...], notes: Notes) -> Subtitles:
    """Raises Refused where the WebVTT would be larger than what is read."""
    subtitles = Subtitles(cues, notes.told())
    if len(to_vtt(subtitles).encode()) > LARGEST:
        raise too_big("As WebVTT this would have")
    return subtitles


def too_big(what: str) -> Refused:
    told = f"{what} more than {LARGEST // 1024**2} MB, which no subtitles of one video need."
    return Refused("too_big", f"{told} Check that the file holds subtitles and nothing else.")


def _refuse_bytes(data: bytes) -> None:
    if len(data) > LARGEST:
        raise too_big("This has")
    if not data.strip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise Refused("empty", "This is an empty file. Check that it was saved, and give it again.")
    if data.startswith(ARCHIVES):
        raise Refused("archive", "This is an archive. Unpack it and give the file of subtitles in it.")


def _kind(head: str, filename: str, *, has_arrow: bool) -> str:
    if _SIGNATURE.match(head):
        return WEBVTT
    for pattern, name in UNKNOWN:
        if pattern.match(head):
            raise Refused("unknown_format", f"This is {name}, which is not read. {REMEDY}")
    if _SCRIPT.search(head):
        return SUBSTATION
    if not has_arrow:
        raise Refused("unknown_format", f"This is text without the times of subtitles. {REMEDY}")
    return WEBVTT if filename.lower().endswith((".vtt", ".webvtt")) else SUBRIP


def note_encoding(name: str, notes: Notes) -> None:
    if not name.startswith("utf"):
        notes.tell(
            f"The file does not say how its letters are stored; it was read as {name}. "
            "Check letters with accents, or save it as UTF-8 and give it again."
        )
