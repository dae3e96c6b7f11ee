"""Writing WebVTT: a whole file, and the segments of an HLS playlist."""

from collections.abc import Iterable

from .cues import Cue, Subtitles
from .times import stamp

# RFC 8216 section 3.5: the segments' times count from where the first sample of the video is.
_SEGMENT_HEAD = "WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0\n"


def to_vtt(subtitles: Subtitles) -> str:
    """Canonical WebVTT: read again, it has the same cues."""
    return _file("WEBVTT\n", subtitles.cues)


def cut(subtitles: Subtitles, start_ms: int, end_ms: int) -> str:
    """A segment of WebVTT for HLS: every cue that is shown between the two, with its own times.

    A cue that crosses an edge is in both segments; players know it by its times and text.
    """
    return _file(
        _SEGMENT_HEAD, (cue for cue in subtitles.cues if cue.start_ms < end_ms and cue.end_ms > start_ms)
    )


def _file(head: str, cues: Iterable[Cue]) -> str:
    return "\n".join([head, *map(_block, cues)])


def _block(cue: Cue) -> str:
    name = f"{cue.id}\n" if cue.id else ""
    settings = f" {cue.settings}" if cue.settings else ""
    return f"{name}{stamp(cue.start_ms)} --> {stamp(cue.end_ms)}{settings}\n{cue.text}\n"
