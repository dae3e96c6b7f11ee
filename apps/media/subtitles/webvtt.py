"""Writing WebVTT."""

from .cues import Cue, Subtitles
from .times import stamp


def to_vtt(subtitles: Subtitles) -> str:
    """Canonical WebVTT: read again, it has the same cues."""
    return "\n".join(["WEBVTT\n", *map(_block, subtitles.cues)])


def _block(cue: Cue) -> str:
    name = f"{cue.id}\n" if cue.id else ""
    settings = f" {cue.settings}" if cue.settings else ""
    return f"{name}{stamp(cue.start_ms)} --> {stamp(cue.end_ms)}{settings}\n{cue.text}\n"
