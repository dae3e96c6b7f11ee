"""Playback in the newsroom: what plays, and why something does not."""

from .sessions import PlaybackSessionAdmin

__all__ = ["PlaybackSessionAdmin"]
