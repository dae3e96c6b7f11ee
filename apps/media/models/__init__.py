"""The bytes: masters, their renditions and tracks."""

from .asset import Asset, AssetState, AudioTrack, Rendition, SubtitleTrack

__all__ = ["Asset", "AssetState", "AudioTrack", "Rendition", "SubtitleTrack"]
