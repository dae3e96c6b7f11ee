"""What was played, and what is being played."""

from .session import EndedBy, PlaybackSession

__all__ = ["EndedBy", "PlaybackSession"]
