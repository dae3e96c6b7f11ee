"""From the rows of an asset's tracks to what the writers of playlists and MPDs read."""

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from uuid import UUID

import orjson

from . import keys, languages, playlists
from .cmaf import Outline, Stored
from .models import AudioTrack, ContentKey, Rendition, SubtitleTrack
from .thumbnails import Sheets


def package(
    renditions: Iterable[Rendition],
    audio: Iterable[AudioTrack],
    subtitles: Iterable[SubtitleTrack],
    *,
    sheets: Sheets | None = None,
    scheme: str = "",
    kids: Mapping[str, UUID] | None = None,
) -> playlists.Package:
    """Tracks in the order given. `kids`: the id of the key of each label, where `scheme` is not ""."""
    ids = kids or {}
    return playlists.Package(
        videos=tuple(
            playlists.Video(
                name=name_of(one), layout=layout_of(one), kid=ids.get(label_of(one)),
                fps=one.fps, codec=one.codec, height=one.height,
            )
            for one in renditions
        ),
        audios=tuple(
            playlists.Audio(
                name=name_of(one), layout=layout_of(one), kid=ids.get(label_of(one)),
                language=one.language, label=shown(one), described=one.described,
            )
            for one in audio
        ),
        subtitles=tuple(
            playlists.Subtitle(
                name=name_of(one), language=one.language, label=shown(one), forced=one.forced, sdh=one.sdh,
                size=one.size,
            )
            for one in subtitles
        ),
        sheets=sheets,
        scheme=scheme,
    )  # fmt: skip


def layout_of(track: Rendition | AudioTrack) -> Stored:
    """The index of the row may be text (`editions.Edition.read`), which is not read yet."""
    index = track.index
    return Stored(Outline.from_json(track.outline), index if isinstance(index, str) else orjson.dumps(index))


def shown(track: AudioTrack | SubtitleTrack) -> str:
    """What viewers choose it by."""
    return track.label or languages.autonym(track.language)


def name_of(track: Rendition | AudioTrack | SubtitleTrack) -> str:
    """`v720`, of `assets/…/v720.mp4`."""
    return PurePosixPath(track.key).stem


def label_of(track: Rendition | AudioTrack) -> ContentKey.Label:
    """Which of the asset's keys encrypts it."""
    if isinstance(track, AudioTrack):
        return ContentKey.Label.AUDIO
    return keys.label(track.height)
