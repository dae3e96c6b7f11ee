"""Cue text: of any markup only what WebVTT allows is left, balanced and escaped (WebVTT section 4.2.2).

The result is canonical: cleaned again it stays as it is. A `<`, `>` or `&` in it is markup or an escape, so
neither `-->` nor a tag of HTML can be in it.
"""

import html
import re

from . import characters, times
from .cues import LONGEST_TEXT
from .notes import Notes, Problem

# Neither "<" nor ">" is within, so that a scan passes each character once.
_ANGLES = re.compile(r"<([^<>]*)>")
_TAG = re.compile(r"(/?)([A-Za-z][A-Za-z0-9]*)((?:\.[\w-]+)*)(.*)", re.DOTALL)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,5}", re.ASCII)
PLAIN = {"b", "i", "u", "c", "ruby", "rt"}
ALLOWED = PLAIN | {"v", "lang"}
# Opened again when what they are in is closed before they are.
RESUMED = ALLOWED - {"ruby", "rt"}
HIDDEN = {"script", "style"}
BREAKS = {"br"}
DEEPEST = 8
MOST_CLASSES = 5
LONGEST_CLASS = 40
LONGEST_VOICE = 100
# How much of a text between two tags is looked at; what is left out of it would be cut anyhow.
LONGEST_RUN = 4 * LONGEST_TEXT


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def plain(text: str) -> str:
    """Cue text as viewers read it, without markup."""
    return html.unescape(_ANGLES.sub("", text))


def clean(raw: str, span_ms: tuple[int, int], notes: Notes, *, is_cut: bool = False) -> str:
    """Canonical text of a cue with this span; "" where nothing of it can be seen.

    `is_cut`: `raw` is not the whole text.
    """
    writer = _Writer(*span_ms)
    at, hidden = 0, ""
    for found in _ANGLES.finditer(raw):
        if not hidden:
            writer.text(raw[at : found.start()])
        at = found.end()
        tag = _TAG.fullmatch(found[1])
        if hidden:
            hidden = "" if tag and tag[1] and tag[2].lower() == hidden else hidden
        elif tag and tag[2].lower() in HIDDEN:
            writer.removed += 1
            hidden = "" if tag[1] else tag[2].lower()
        else:
            _write(writer, found, tag)
        if writer.is_full:
            break
    if not hidden and not writer.is_full:
        writer.text(raw[at:])
    text = writer.finished()
    notes.count(Problem.MARKUP, writer.removed, at_ms=span_ms[0])
    notes.count(Problem.LONG, int(writer.is_full or is_cut), at_ms=span_ms[0])
    return text if characters.is_visible(plain(text)) else ""


def _write(writer: "_Writer", found: re.Match[str], tag: re.Match[str] | None) -> None:
    """What stands between angle brackets, which may be no tag at all, such as `<3`."""
    if tag:
        _write_tag(writer, *tag.groups())
    elif (at_ms := times.read(found[1])) is not None:
        writer.time(at_ms)
    elif found[1][:1] in ("!", "?", "/"):
        writer.removed += 1
    else:
        writer.text(found[0])


def _write_tag(writer: "_Writer", slash: str, name: str, classes: str, rest: str) -> None:
    name = name.lower()
    if name in BREAKS:
        writer.text("\n")
    elif name not in ALLOWED:
        writer.removed += 1
    elif slash:
        writer.close(name)
    elif opening := _opening(name, classes, rest):
        writer.open(name, opening)
        writer.removed += bool(name in PLAIN and rest.strip())
    else:
        writer.removed += 1


def _opening(name: str, classes: str, rest: str) -> str:
    """The start tag, or "" for one that says nothing."""
    kept = [one for one in classes.split(".") if 0 < len(one) <= LONGEST_CLASS][:MOST_CLASSES]
    tag = ".".join([name, *kept])
    if name in PLAIN:
        return "" if rest.strip() == "/" else f"<{tag}>"
    said = " ".join(_text(rest[:LONGEST_RUN]).split())[:LONGEST_VOICE].strip()
    if not said or (name == "lang" and not _LANGUAGE.fullmatch(said)):
        return ""
    return f"<{tag} {escape(said)}>"


def _text(raw: str) -> str:
    return characters.normalised(characters.clean(_unescaped(raw))[0])


def _unescaped(raw: str) -> str:
    """Only what ends with a semicolon: in `R&D` nobody meant an entity."""
    return _ENTITY.sub(lambda found: html.unescape(found[0]), raw) if "&" in raw else raw


class _Writer:
    """Writes cue text that is well-formed and no longer than it may be.

    Text waits until a tag is written, so that what a removed tag stood between is normalised as one.
    """

    def __init__(self, start_ms: int, end_ms: int) -> None:
        self.removed = 0
        self.is_full = False
        self._parts: list[str] = []
        self._used = 0
        self._waiting: list[str] = []
        self._waiting_size = 0
        self._open: list[tuple[str, str]] = []
        self._last_ms, self._end_ms = start_ms, end_ms

    def text(self, raw: str) -> None:
        room = LONGEST_RUN - self._waiting_size
        self._waiting.append(_unescaped(raw[:room]))
        self._waiting_size += min(len(raw), room)
        if len(raw) > room:
            self._flush()
            self.is_full = True

    def time(self, at_ms: int) -> None:
        """Inner times rise, between those of the cue."""
        if self._last_ms < at_ms < self._end_ms and self._flushed_with_room(f"<{times.stamp(at_ms)}>"):
            self._last_ms = at_ms
        else:
            self.removed += not self.is_full

    def open(self, name: str, opening: str) -> None:
        within = self._open[-1][0] if self._open else ""
        if len(self._open) == DEEPEST or (name == "rt" and within != "ruby"):
            self.removed += 1
        elif self._flushed_with_room(opening, len(_closing(name))):
            self._open.append((name, opening))

    def close(self, name: str) -> None:
        """Up to the last one opened with this name; what was opened within it goes on after it."""
        if name not in (one for one, _ in self._open):
            self.removed += 1
            return
        self._flush()
        if self.is_full:
            return
        again: list[tuple[str, str]] = []
        while (closed := self._close_last())[0] != name:
            again.append(closed)
        for one, opening in reversed(again):
            if one in RESUMED:
                self.open(one, opening)

    def finished(self) -> str:
        self._flush()
        while self._open:
            self._close_last()
        lines = (line.strip() for line in "".join(self._parts).split("\n"))
        return "\n".join(line for line in lines if line)

    def _close_last(self) -> tuple[str, str]:
        """A pair with nothing in it goes, and the text before it waits for what follows it."""
        self._flush()
        name, opening = self._open.pop()
        if self._parts[-1] != opening:
            self._append(_closing(name))
            return name, opening
        self._take()
        if self._parts and not self._parts[-1].startswith("<"):
            self.text(self._take())
        return name, opening

    def _append(self, part: str) -> None:
        self._parts.append(part)
        self._used += len(part)

    def _take(self) -> str:
        part = self._parts.pop()
        self._used -= len(part)
        return part

    def _room(self) -> int:
        return LONGEST_TEXT - self._used - sum(len(_closing(name)) for name, _ in self._open)

    def _flushed_with_room(self, part: str, reserve: int = 0) -> bool:
        """Writes what waits and then the part, if both fit."""
        self._flush()
        self.is_full = self.is_full or len(part) + reserve > self._room()
        if not self.is_full:
            self._append(part)
        return not self.is_full

    def _flush(self) -> None:
        """As much of the waiting text as there is room for."""
        text = characters.normalised(characters.clean("".join(self._waiting))[0])
        self._waiting, self._waiting_size = [], 0
        escaped, room = escape(text), self._room()
        if len(escaped) > room:
            self.is_full = True
            escaped = _fitting(text, room)
        if escaped:
            self._append(escaped)


def _fitting(text: str, room: int) -> str:
    """The escapes of the beginning of the text, none of them cut."""
    kept = []
    for one in text:
        escaped = escape(one)
        room -= len(escaped)
        if room < 0:
            break
        kept.append(escaped)
    return "".join(kept)


def _closing(name: str) -> str:
    return f"</{name}>"
