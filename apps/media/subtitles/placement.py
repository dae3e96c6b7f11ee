"""Cue settings: where on the picture a cue stands (WebVTT section 4.4)."""

import re

from .notes import Notes, Problem

_PERCENT = r"(?:100(?:\.0{1,6})?|\d{1,2}(?:\.\d{1,6})?)%"
# In the order in which they are written. Regions are left out with the blocks that define them.
GRAMMAR = {
    "vertical": re.compile(r"rl|lr"),
    "line": re.compile(rf"(?:-?\d{{1,3}}|{_PERCENT})(?:,(?:start|center|end))?", re.ASCII),
    "position": re.compile(rf"{_PERCENT}(?:,(?:line-left|center|line-right))?", re.ASCII),
    "size": re.compile(_PERCENT, re.ASCII),
    "align": re.compile(r"start|center|end|left|right"),
}
FORMERLY = {("align", "middle"): "center"}
MOST_SETTINGS = 20
# By the digit of a numeric keypad, as SubStation's \an: the top and middle rows, the left and right columns.
TOP, MIDDLE = "789", "456"
LEFT, RIGHT = "147", "369"


def settings(raw: str, notes: Notes) -> str:
    """Those of `raw` that WebVTT knows, in one order, each once; the last one counts."""
    words = raw.split(None, MOST_SETTINGS)
    given: dict[str, str] = {}
    for word in words[:MOST_SETTINGS]:
        name, _, value = word.partition(":")
        value = FORMERLY.get((name, value), value)
        if name in GRAMMAR and GRAMMAR[name].fullmatch(value):
            given[name] = value
        else:
            notes.count(Problem.SETTINGS)
    return " ".join(f"{name}:{given[name]}" for name in GRAMMAR if name in given)


def on_keypad(digit: str) -> str:
    """The settings of a place; "" for the usual one, `2`, and for what is no place."""
    rows = {TOP: "line:0", MIDDLE: "line:50%"}
    columns = {LEFT: "align:left", RIGHT: "align:right"}
    found = [said for keys in (rows, columns) for where, said in keys.items() if digit and digit in where]
    return " ".join(found)
