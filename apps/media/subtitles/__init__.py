"""Subtitles: bytes that nobody trusts in, WebVTT out. Pure, and never through ffmpeg, which drops settings.

It runs in the worker's process: every step takes time linear in the file, at most `cues.LARGEST` bytes, and
memory of about twenty times the file at most (measured).
"""

from .cues import Cue, Refused, Subtitles
from .embedded import from_packets
from .hints import guess_language, is_sdh
from .reading import parse
from .timeline import beyond, shift
from .webvtt import cut, to_vtt

__all__ = [
    "Cue", "Refused", "Subtitles", "beyond", "cut", "from_packets", "guess_language", "is_sdh", "parse",
    "shift", "to_vtt",
]  # fmt: skip
