"""The bytes: masters, their renditions and tracks."""

from .asset import Asset, AssetState, AudioTrack, Rendition, SubtitleTrack
from .job import Job, JobState, Step

__all__ = ["Asset", "AssetState", "AudioTrack", "Job", "JobState", "Rendition", "Step", "SubtitleTrack"]
