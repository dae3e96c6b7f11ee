"""Reading SubStation Alpha, both versions of it: the events, with what their styles say of place and slant.

Not by pysubs2, which takes the fields for always the same, whatever the file's Format lines say, gives up at
a bad colour, and needs the square of the number of codes in a line.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from . import overrides, times
from .cues import Codes, Raw
from .notes import Notes, Problem
from .placement import on_keypad

EVENT = ["layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text"]
# Matroska leaves the times to the block and begins with the place in the file.
PACKET = ["readorder", "layer", "style", "name", "marginl", "marginr", "marginv", "effect", "text"]
STYLE = [
    "name", "fontname", "fontsize", "primarycolour", "secondarycolour", "outlinecolour", "backcolour", "bold",
    "italic", "underline", "strikeout", "scalex", "scaley", "spacing", "angle", "borderstyle", "outline",
    "shadow", "alignment",
]  # fmt: skip
ITALIC = r"{\i1}"
MOST_FIELDS = 60
MOST_STYLES = 1_000


@dataclass(frozen=True, slots=True)
class Style:
    italic: bool = False
    place: str = ""


@dataclass(slots=True)
class Script:
    """What was read of a file so far: the section, the order of its fields, and the styles by their names."""

    section: str = ""
    styles: dict[str, Style] = field(default_factory=dict)
    formats: dict[str, list[str]] = field(default_factory=lambda: {"style": STYLE, "event": EVENT})

    @property
    def is_old(self) -> bool:
        """Version 4, whose places have other numbers."""
        return self.section.startswith("[v4 ")

    def take(self, line: str) -> dict[str, str] | None:
        """The fields of an event to be shown; None for any other line."""
        key, colon, rest = line.partition(":")
        key = key.strip().lower()
        if line.startswith("["):
            self.section = line.strip().lower()
        elif colon and key == "format":
            names = [name.strip().lower() for name in rest.split(",", MOST_FIELDS)]
            self.formats["event" if self.section == "[events]" else "style"] = names
        elif colon and key == "style":
            self._take_style(rest)
        elif colon and key == "dialogue":
            return _fields(rest, self.formats["event"])
        return None

    def _take_style(self, rest: str) -> None:
        given = _fields(rest, self.formats["style"])
        number = given.get("alignment", "").strip()
        place = on_keypad(overrides.old_keypad(number) if self.is_old else number)
        if len(self.styles) < MOST_STYLES:
            italic = given.get("italic", "0").strip() not in ("", "0")
            self.styles[given.get("name", "").strip().lstrip("*")] = Style(italic, place)


def read(text: str, notes: Notes) -> Iterator[Raw]:
    script = Script()
    for line in _lines(text):
        if (given := script.take(line)) is None:
            continue
        start_ms, end_ms = times.read(given.get("start", "")), times.read(given.get("end", ""))
        if start_ms is None or end_ms is None:
            notes.count(Problem.TIMES)
        else:
            yield event(given, start_ms, end_ms, script)


def styles(header: str) -> Script:
    """What the head of a file says of styles."""
    script = Script()
    for line in _lines(header):
        script.take(line)
    return script


def packet(payload: str) -> dict[str, str]:
    """The fields of an event as Matroska stores it."""
    return _fields(payload, PACKET)


def event(given: dict[str, str], start_ms: int, end_ms: int, script: Script) -> Raw:
    style = script.styles.get(given.get("style", "").strip().lstrip("*"), Style())
    text = (ITALIC if style.italic else "") + given.get("text", "")
    return Raw(start_ms, end_ms, text, settings=style.place, codes=Codes.ONLY)


def _fields(rest: str, names: list[str]) -> dict[str, str]:
    """The last field takes the commas that are left."""
    return dict(zip(names, rest.split(",", len(names) - 1), strict=False))


def _lines(text: str) -> Iterator[str]:
    """One at a time, for a list of all would take many times the text's memory."""
    first = 0
    while (last := text.find("\n", first)) >= 0:
        yield text[first:last]
        first = last + 1
    yield text[first:]
