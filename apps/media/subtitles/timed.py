"""Reading SubRip and WebVTT, which both have a line of times with an arrow before every text."""

from collections.abc import Iterator
from typing import NamedTuple

from . import times
from .cues import Codes, Raw
from .notes import Notes, Problem

ARROW = "-->"
BLANK = "\n\n"


def read_vtt(text: str, notes: Notes) -> Iterator[Raw]:
    """Cues of WebVTT (section 6.1): each ends with an empty line. Styles and regions are left out."""
    notes.count(Problem.STYLES, _blocks(text, "STYLE") + _blocks(text, "REGION"))
    for first, last, at, found in _timings(text, notes):
        end = text.find(BLANK, last, at)
        body = text[last + 1 : at if end < 0 else end + 1]
        start_ms, end_ms, settings = found
        yield Raw(start_ms, end_ms, body, _id(text, first), settings)


def read_srt(text: str, notes: Notes) -> Iterator[Raw]:
    """Cues of SubRip: there may be empty lines in a text, and above the times there is a number."""
    for _, last, at, found in _timings(text, notes):
        body = text[last + 1 : at]
        body = _without_number(body) if at < len(text) else body
        start_ms, end_ms, settings = found
        yield Raw(start_ms, end_ms, body, settings=settings, codes=Codes.BESIDES)


class Timing(NamedTuple):
    """A line of times from `first` to `last`, and what it says; its text ends before `at`."""

    first: int
    last: int
    at: int
    found: tuple[int, int, str]


def _timings(text: str, notes: Notes) -> Iterator[Timing]:
    waiting: Timing | None = None
    for first, last in _arrows(text):
        line = text[first:last]
        found = times.read_line(line)
        if not found and not line.lstrip(" -")[:1].isdigit():
            continue  # somebody says an arrow
        if waiting:
            yield waiting._replace(at=first)
        waiting = Timing(first, last, len(text), found) if found else None
        notes.count(Problem.TIMES, int(not found))
    if waiting:
        yield waiting


def _arrows(text: str) -> Iterator[tuple[int, int]]:
    """Where the lines with an arrow begin and end."""
    last = 0
    while (at := text.find(ARROW, last)) >= 0:
        first = text.rfind("\n", last, at) + 1 or last
        last = text.find("\n", at)
        last = len(text) if last < 0 else last
        yield first, last


def _id(text: str, first: int) -> str:
    """The line above the line of times that begins at `first`, if an empty line is above it."""
    begin = text.rfind("\n", 0, max(first - 1, 0)) + 1
    return text[begin : first - 1] if text[begin - 2 : begin] == BLANK else ""


def _blocks(text: str, name: str) -> int:
    return text.count(f"\n\n{name}\n") + text.count(f"\n\n{name} ")


def _without_number(body: str) -> str:
    """Without the number of the next cue, which is the last line."""
    above, _, last = body.rstrip("\n").rpartition("\n")
    is_number = body.endswith("\n") and not body.endswith(BLANK) and last.strip().isdecimal()
    return above if is_number else body
