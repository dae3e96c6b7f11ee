"""The bytes: masters, their renditions and tracks, and the work on them."""

from .asset import Asset, AssetState
from .former import FormerEdition
from .job import Job, JobState, Step
from .track import AudioTrack, ContentKey, Rendition, SubtitleTrack
from .upload import Leftover, Upload

__all__ = [
    "Asset",
    "AssetState",
    "AudioTrack",
    "ContentKey",
    "FormerEdition",
    "Job",
    "JobState",
    "Leftover",
    "Rendition",
    "Step",
    "SubtitleTrack",
    "Upload",
]
