"""The bytes: masters, their renditions and tracks, and the work on them."""

from .asset import Asset, AssetState
from .job import Job, JobState, Step
from .track import AudioTrack, ContentKey, Rendition, SubtitleTrack
from .upload import Leftover, Upload

__all__ = [
    "Asset",
    "AssetState",
    "AudioTrack",
    "ContentKey",
    "Job",
    "JobState",
    "Leftover",
    "Rendition",
    "Step",
    "SubtitleTrack",
    "Upload",
]
