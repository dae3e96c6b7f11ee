"""Times of cues, in milliseconds, as subtitle files write them."""

import re

# One pattern for SubRip, WebVTT and SubStation: hours and fractions may be missing, and "," or "." stands
# before the fraction. All quantifiers have an end, so that no line takes long.
TIME = r"(-?)(?:(\d{1,9}):)?(\d{1,9}):(\d{1,2})(?:[.,:](\d{1,9}))?"
_TIME = re.compile(TIME, re.ASCII)
_ARROW = re.compile(rf"[ ]*({TIME})[ ]*-->[ ]*({TIME})(?![\d:])(.*)", re.ASCII | re.DOTALL)
_LONGEST_LINE = 1_000


def stamp(at_ms: int) -> str:
    """As WebVTT writes it: `00:01:02.003`."""
    sign, rest = ("-", -at_ms) if at_ms < 0 else ("", at_ms)
    seconds, milliseconds = divmod(rest, 1000)
    return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{milliseconds:03}"


def read(text: str) -> int | None:
    """`-0:01:02,5` is -62 500; None for what is no time."""
    found = _TIME.fullmatch(text.strip())
    if not found:
        return None
    sign, hours, minutes, seconds, fraction = found.groups()
    whole = (int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)
    at_ms = whole * 1000 + int(f"{fraction or '':0<3.3}")
    return -at_ms if sign else at_ms


def read_line(line: str) -> tuple[int, int, str] | None:
    """Start, end and what follows them, of a line such as `00:01.000 --> 00:02.000 line:0`."""
    found = _ARROW.match(line[:_LONGEST_LINE])
    if not found:
        return None
    start, end = read(found[1]), read(found[7])
    return None if start is None or end is None else (start, end, found[13])
