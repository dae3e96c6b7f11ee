"""Subtitles: bytes that nobody trusts in, WebVTT out. Pure, and never through ffmpeg, which drops settings.

It runs in the worker's process: every step takes time linear in the file, at most `cues.LARGEST` bytes, and
memory of about twenty times the file at most (measured).
"""

from .cues import Cue, Refused, Subtitles
from .embedded import from_packets
from .reading import parse
from .timeline import beyond
from .webvtt import to_vtt

__all__ = ["Cue", "Refused", "Subtitles", "beyond", "from_packets", "parse", "to_vtt"]
