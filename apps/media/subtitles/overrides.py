"""SubStation's override codes, such as `{\\i1}`, which are found in SubRip too."""

import re
from typing import NamedTuple

from .cues import Codes
from .markup import escape
from .placement import on_keypad

# Neither brace is within, so that a scan passes each character once.
_BRACES = re.compile(r"\{([^{}]*)\}")
_CODE = re.compile(r"\\(?:([ibu])(\d{0,3})|(an?|p)(\d{1,2}))(?![\da-zA-Z])", re.ASCII)
_RESET = re.compile(r"\\r(?![a-z])|\\r(?=[A-Z])")
_BREAKS = re.compile(r"\\([Nnh])")
_SIGNS = {"N": "\n", "n": " ", "h": "\u00a0"}
# Old SubStation's \a counts 1 to 3, and 4 more for the top, 8 more for the middle.
_KEYPAD = {"1": "1", "2": "2", "3": "3", "5": "7", "6": "8", "7": "9", "9": "4", "10": "5", "11": "6"}


class Converted(NamedTuple):
    """`text` with tags of HTML; `place` as cue settings, None where nothing is said; `drawings` left out."""

    text: str
    place: str | None = None
    drawings: int = 0


def old_keypad(number: str) -> str:
    """The digit of the keypad for a number of `\\a` or of an old style."""
    return _KEYPAD.get(number, "")


def converted(text: str, codes: Codes) -> Converted:
    """With tags for the codes. Where there are no others, all but codes is text, and `\\N` is one."""
    literal = codes is Codes.ONLY
    if not literal and (codes is Codes.NONE or "{\\" not in text):
        return Converted(text)
    state = _State(literal)
    at = 0
    for found in _BRACES.finditer(text):
        state.say(text[at : found.start()])
        at = found.end()
        if "\\" in found[1]:
            state.obey(found[1])
        elif not literal:
            state.say(found[0])
    state.say(text[at:])
    place = on_keypad(state.digit) if state.digit else None
    return Converted("".join(state.parts), place, state.drawings)


class _State:
    def __init__(self, literal: bool) -> None:
        self.parts: list[str] = []
        self.digit = ""
        self.drawings = 0
        self._literal = literal
        self._draws = False
        self._on: list[str] = []

    def say(self, text: str) -> None:
        if self._draws:
            self.drawings += bool(text.strip())
            return
        if self._literal:
            text = _BREAKS.sub(lambda found: _SIGNS[found[1]], escape(text))
        self.parts.append(text)

    def obey(self, codes: str) -> None:
        if _RESET.search(codes):
            self._close(self._on[:])
        for style, weight, place, value in _CODE.findall(codes):
            if style:
                self._switch(style, weight not in ("", "0"))
            elif place == "p":
                self._draws = value.strip("0") != ""
            else:
                # The first one counts.
                self.digit = self.digit or (value if place == "an" else old_keypad(value))

    def _switch(self, style: str, on: bool) -> None:
        if on and style not in self._on:
            self._on.append(style)
            self.parts.append(f"<{style}>")
        elif not on and style in self._on:
            self._close([style])

    def _close(self, styles: list[str]) -> None:
        for style in reversed(styles):
            self._on.remove(style)
            self.parts.append(f"</{style}>")
