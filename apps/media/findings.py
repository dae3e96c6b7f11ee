"""What the prober's answer means: from what a file says of itself, and what its packets show, to facts.

The answer comes from a process that read an untrusted file, so every piece of it is looked at again.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from statistics import median_low
from typing import Any

from . import formats, languages
from .facts import Audio, Chapter, Source, Text, Video

LABEL = 100
_INDICES = frozenset(map(str, range(1000)))
MOST = 2**53
LONGEST_S = 2**31
# A film that ends this much before what it promises is cut off: seconds and a part of the whole, together.
SHORT_S, SHORT_PART = 1, Fraction(1, 50)
# Timestamps at the end of a sample, some of whose frames are yet to come in decoding order.
REORDERED = 16
# Frames whose lengths differ by a fifth at most are equal; this many others make a variable rate.
EQUAL, OFTEN = 5, Fraction(1, 50)
NEAR, NEARER = Fraction(1, 100), Fraction(1, 2500)
RATES = tuple(
    Fraction(rate) for rate in (
        "24000/1001", 24, 25, "30000/1001", 30, 50, "60000/1001", 60, "48000/1001", 48, "120000/1001", 120,
        100, "25/2", "15000/1001", 15, 12, 10, 20, 8, 5, 1,
    )
)  # fmt: skip
INTERLACED_ORDERS = range(2, 6)  # of ffmpeg's AVFieldOrder
# ITU-T H.273, table 3, by ffmpeg's names.
TRANSFERS = {
    1: "bt709", 4: "gamma22", 5: "gamma28", 6: "smpte170m", 7: "smpte240m", 8: "linear", 9: "log100",
    10: "log316", 11: "iec61966-2-4", 12: "bt1361e", 13: "iec61966-2-1", 14: "bt2020-10", 15: "bt2020-12",
    16: "smpte2084", 17: "smpte428", 18: "arib-std-b67",
}  # fmt: skip
JOINERS = "\u200c\u200d"  # without which Hindi and Persian are spelt wrong
_RATIO = re.compile(r"(-?[0-9]{1,30})/([1-9][0-9]{0,30})")
_FORCED = re.compile(r"\bforced\b", re.IGNORECASE)
_SDH = re.compile(r"\b(sdh|cc|hearing.impaired|hard.of.hearing)\b", re.IGNORECASE)
_DESCRIBED = re.compile(r"\b(audio description|descriptive|described|visually.impaired)\b", re.IGNORECASE)


class Malformed(Exception):
    """The answer is not such as the prober gives."""


class Undecodable(Exception):
    """None of the pictures looked at can be decoded."""


class Encrypted(Exception):
    """Its streams are encrypted, and the key is not in it."""


class CutOff(Exception):
    """It ends before it says."""

    def __init__(self, *, promised_ms: int, found_ms: int) -> None:
        super().__init__(promised_ms, found_ms)
        self.promised_ms, self.found_ms = promised_ms, found_ms


class Said:
    """A document of the prober; what is missing or of the wrong kind is `Malformed`."""

    def __init__(self, document: Any) -> None:
        if not isinstance(document, dict):
            raise Malformed
        self._document: Mapping[str, Any] = document

    def text(self, name: str) -> str:
        """ "" for null."""
        return self._get(name, str) or ""

    def whole(self, name: str) -> int:
        """0 for null."""
        value = self._get(name, int) or 0
        if abs(value) > MOST:
            raise Malformed(name)
        return int(value)

    def is_so(self, name: str) -> bool:
        return bool(self._get(name, bool))

    def ratio(self, name: str) -> Fraction | None:
        text = self._get(name, str)
        return None if text is None else _ratio(text)

    def one(self, name: str) -> "Said":
        return Said(self._get(name, dict) or {})

    def many(self, name: str) -> "list[Said]":
        return [Said(one) for one in self.plain(name)]

    def plain(self, name: str) -> list[Any]:
        return self._get(name, list) or []

    def words(self, name: str) -> set[str]:
        return {one for one in self.plain(name) if isinstance(one, str)}

    def names(self) -> list[str]:
        return list(self._document)

    def _get(self, name: str, kind: type) -> Any:
        value = self._document.get(name)
        if value is not None and type(value) is not kind:
            raise Malformed(name)
        return value


def _ratio(text: str) -> Fraction:
    found = _RATIO.fullmatch(text)
    if not found:
        raise Malformed
    value = Fraction(int(found[1]), int(found[2]))
    if abs(value) > MOST:
        raise Malformed
    return value


def source(answer: Said, *, container: str, size: int) -> Source:
    """The facts of a file, from the prober's answer about it. Raises what this module defines."""
    streams = [one for one in answer.many("streams") if not _is_still(one)]
    if answer.one("ends").is_so("encrypted"):
        raise Encrypted
    times = _times(answer)
    return Source(
        container=container,
        size=size,
        duration_ms=_ms(times.total),
        videos=tuple(_videos(answer, streams, times)),
        audios=tuple(_audio(one, times) for one in streams if one.text("type") == "audio"),
        texts=tuple(_text(one) for one in streams if one.text("type") == "subtitle"),
        chapters=tuple(_chapters(answer, times.total)),
    )


def _is_still(stream: Said) -> bool:
    """A poster within the file, which is no film."""
    return bool({"attached_pic", "timed_thumbnails"} & stream.words("marks"))


# --- Times -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Times:
    """In seconds: the timestamp at which the file starts, its length, where its streams end from there."""

    start: Fraction
    total: Fraction
    ends: Mapping[int, Fraction]

    def begin(self, stream: Said) -> Fraction:
        start = stream.ratio("start")
        return Fraction(0) if start is None else start - self.start

    def length(self, stream: Said) -> Fraction:
        end = self.ends.get(stream.whole("index"))
        measured = None if end is None else end - self.begin(stream)
        return measured or stream.ratio("duration") or self.total


def _times(answer: Said) -> _Times:
    start = answer.ratio("start") or Fraction(0)
    promised = answer.ratio("duration") or Fraction(0)
    ends = _ends(answer.one("ends"), start)
    films = {one.whole("index") for one in answer.many("streams") if one.text("type") in ("video", "audio")}
    last = max(ends.values(), default=Fraction(0))
    if ends and not answer.one("ends").is_so("whole") and promised - last > SHORT_S + promised * SHORT_PART:
        raise CutOff(promised_ms=_ms(promised), found_ms=_ms(last))
    total = max((end for index, end in ends.items() if index in films), default=promised)
    if max(total, promised) > LONGEST_S:
        raise Malformed
    return _Times(start, total, ends)


def _ends(said: Said, start: Fraction) -> dict[int, Fraction]:
    at = said.one("at")
    return {int(name): (at.ratio(name) or start) - start for name in at.names() if name in _INDICES}


def _ms(seconds: Fraction) -> int:
    return max(round(seconds * 1000), 0)


def _chapters(answer: Said, total: Fraction) -> Iterator[Chapter]:
    for one in answer.many("chapters"):
        start, end = (_ms(one.ratio(name) or Fraction(0)) for name in ("start", "end"))
        if start < min(end, _ms(total)):
            yield Chapter(start, min(end, _ms(total)), label(one.text("title")))


# --- Picture -----------------------------------------------------------------------------------------


def _videos(answer: Said, streams: list[Said], times: _Times) -> Iterator[Video]:
    look = answer.one("look")
    if look.names() and not look.many("pictures"):
        raise Undecodable
    for one in streams:
        if one.text("type") == "video":
            yield _video(one, look, times)
            look = Said({})


def _video(stream: Said, look: Said, times: _Times) -> Video:
    said = stream.one("video")
    pictures = look.many("pictures")
    seen = pictures[0] if pictures else Said({})
    woven = sum(one.is_so("interlaced") for one in pictures) * 2 > len(pictures)
    interlaced = woven if pictures else said.whole("field_order") in INTERLACED_ORDERS
    fps, variable = _rate(said, look, interlaced=interlaced)
    transfer = TRANSFERS.get(said.whole("transfer")) or TRANSFERS.get(seen.whole("transfer"), "")
    return Video(
        index=stream.whole("index"),
        codec=_codec(stream),
        width=said.whole("width"),
        height=said.whole("height"),
        fps=fps,
        rotation=round(Fraction(-seen.whole("rotation"), 90)) * 90 % 360,
        sample_aspect=said.ratio("aspect") or Fraction(1),
        pixel_format=label(seen.text("format") or said.text("format")),
        bit_depth=seen.whole("bits") or said.whole("bits") or 8,
        interlaced=interlaced,
        variable=variable,
        transfer=transfer,
        start_ms=_ms(times.begin(stream)),
        duration_ms=_ms(times.length(stream)),
    )


def _rate(said: Said, look: Said, *, interlaced: bool) -> tuple[Fraction, bool]:
    """Frames a second, 0 if nothing tells, and whether that changes."""
    average, declared = (said.ratio(name) or Fraction(0) for name in ("average_rate", "base_rate"))
    steps, base = _steps(look), look.ratio("time_base")
    if not steps or not base:
        return _plain(average or declared), False
    usual = median_low(steps)
    equal = [step for step in steps if abs(step - usual) * EQUAL <= usual]
    unequal = len(steps) - len(equal)
    if unequal > 1 and unequal > len(steps) * OFTEN:
        # Some containers tell a nominal rate, which is not the average that is wanted.
        nominal = not average or _is_near(average, 1 / (usual * base), NEAR)
        return _plain(len(steps) / (sum(steps) * base) if nominal else average), True
    measured = len(equal) / (sum(equal) * base)
    if interlaced and _is_near(average * 2, measured, NEAR):
        measured = average  # each packet is a field
    return _plain(_exact(measured, average, declared)), False


def _exact(measured: Fraction, average: Fraction, declared: Fraction) -> Fraction:
    """The rate that was meant, where timestamps are rounded."""
    told = [rate for rate in (average, declared) if _is_near(rate, measured, NEAR)]
    for rate in (*told, measured):
        nearest = min(RATES, key=lambda one: abs(one - rate))
        if _is_near(nearest, rate, NEARER):
            return nearest
    return told[0] if told else measured


def _is_near(one: Fraction, other: Fraction, by: Fraction) -> bool:
    return abs(one - other) <= other * by


def _plain(rate: Fraction) -> Fraction:
    return max(rate, Fraction(0)).limit_denominator(100_000)


def _steps(look: Said) -> list[int]:
    """From frame to frame, in ticks of the time base, in all places that were looked at."""
    steps: list[int] = []
    for place in look.plain("times"):
        if not isinstance(place, list) or not all(type(one) is int and abs(one) < 2**63 for one in place):
            raise Malformed
        times = sorted(set(place))
        if len(times) > REORDERED * 4:
            del times[-REORDERED:]
        steps += [after - before for before, after in pairwise(times)]
    return steps


# --- Sound and text ----------------------------------------------------------------------------------


def _audio(stream: Said, times: _Times) -> Audio:
    said = stream.one("audio")
    title, marks = label(stream.text("title")), stream.words("marks")
    return Audio(
        index=stream.whole("index"),
        codec=_codec(stream),
        channels=said.whole("channels"),
        rate=said.whole("rate"),
        layout=_layout(said.text("layout")),
        language=languages.tag(stream.text("language")),
        label=title,
        described=bool({"visual_impaired", "descriptions"} & marks or _DESCRIBED.search(title)),
        start_ms=_ms(times.begin(stream)),
        duration_ms=_ms(times.length(stream)),
    )


def _text(stream: Said) -> Text:
    title, marks = label(stream.text("title")), stream.words("marks")
    codec = _codec(stream)
    return Text(
        index=stream.whole("index"),
        codec=codec,
        language=languages.tag(stream.text("language")),
        label=title,
        forced="forced" in marks or bool(_FORCED.search(title)),
        sdh=bool({"hearing_impaired", "captions"} & marks or _SDH.search(title)),
        is_text=codec in formats.TEXT_CODECS,
    )


def _layout(named: str) -> str:
    """`5.1(side)`; "" where only the number of channels is known."""
    return "" if named.endswith("channels") else label(named)


def _codec(stream: Said) -> str:
    return label(stream.text("codec")) or "unknown"


def label(text: str) -> str:
    """One line of what an untrusted file calls something, without what cannot be printed."""
    shown = (sign if sign.isprintable() or sign in JOINERS else " " for sign in text[: LABEL * 10])
    words = "".join(shown).split()
    return " ".join(words)[:LABEL].strip()
