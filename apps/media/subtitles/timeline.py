"""Putting the cues of a file on the time line of a video."""

from collections.abc import Iterable, Iterator
from itertools import pairwise

from . import characters, markup, overrides, placement
from .cues import LATEST_MS, LONGEST_RAW, MOST_CUES, Cue, Raw, Refused, Subtitles
from .notes import Notes, Problem
from .times import stamp

LONGEST_ID = 100
# An id with one of these would be, or seem to some readers, something else.
NO_IDS = ("NOTE", "STYLE", "REGION", "WEBVTT")
TOO_MANY = f"This has more than {MOST_CUES:,} cues. Check that it holds the subtitles of one video only."
NONE = (
    "This has no cue that could be shown. Check that the file has times and texts, and that it was saved as "
    "SubRip, WebVTT or SubStation Alpha."
)


def gathered(raws: Iterable[Raw], notes: Notes) -> tuple[Cue, ...]:
    """The cues that can be shown, cleaned, by their start. Raises Refused for none and for too many."""
    found: dict[Cue, None] = {}
    shown = 0
    for raw in raws:
        if not (cue := _cue(raw, notes)):
            continue
        shown += 1
        if shown > MOST_CUES:
            raise Refused("too_many_cues", TOO_MANY)
        notes.count(Problem.TWICE, int(cue in found), at_ms=cue.start_ms)
        found[cue] = None
    if not found:
        raise Refused("no_cues", NONE)
    cues = tuple(found)
    unsorted = sum(later.start_ms < cue.start_ms for cue, later in pairwise(cues))
    notes.count(Problem.UNSORTED, unsorted)
    return tuple(sorted(cues, key=lambda cue: cue.start_ms))


def _cue(raw: Raw, notes: Notes) -> Cue | None:
    span = _span(raw, notes)
    if not span:
        return None
    start_ms, end_ms = span
    whole = raw.text.strip()
    said = overrides.converted(whole[:LONGEST_RAW], raw.codes)
    notes.count(Problem.DRAWING, said.drawings, at_ms=start_ms)
    text = markup.clean(said.text, (start_ms, end_ms), notes, is_cut=len(whole) > LONGEST_RAW)
    if not text:
        notes.count(Problem.EMPTY, int(not said.drawings), at_ms=start_ms)
        return None
    place = raw.settings if said.place is None else said.place
    return Cue(start_ms, end_ms, text, _id(raw.id), placement.settings(place, notes))


def _span(raw: Raw, notes: Notes) -> tuple[int, int] | None:
    if raw.end_ms <= max(raw.start_ms, 0):
        notes.count(Problem.BACKWARDS, at_ms=raw.start_ms)
        return None
    notes.count(Problem.BEFORE, int(raw.start_ms < 0), at_ms=raw.start_ms)
    notes.count(Problem.LATE, int(raw.end_ms > LATEST_MS), at_ms=raw.start_ms)
    if raw.start_ms >= LATEST_MS:
        return None
    return max(raw.start_ms, 0), min(raw.end_ms, LATEST_MS)


def _id(raw: str) -> str:
    """Some players show ids to scripts: what could be markup is not in them."""
    kept = "".join(one for one in raw[:LONGEST_RAW] if one not in "<>&\"'")
    kept = characters.normalised(" ".join(kept.split()))[:LONGEST_ID].strip()
    return "" if kept.startswith(NO_IDS) else kept


def beyond(subtitles: Subtitles, duration_ms: int | None) -> Iterator[str]:
    """A sentence for the editor about cues that begin after the end of the video, if there are any.

    `duration_ms`: None where it is not known yet.
    """
    late = [cue for cue in subtitles.cues if duration_ms and cue.start_ms >= duration_ms]
    if duration_ms and late:
        yield (
            f"{len(late)} of {len(subtitles.cues)} cues begin after the video's end at {stamp(duration_ms)}, "
            f"the first at {stamp(late[0].start_ms)}. Check that these subtitles belong to this cut of it."
        )
