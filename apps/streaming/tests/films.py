"""Real films behind live titles: rows and objects of what `media.tests.packaged` packages."""

import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings

from apps.catalog.models import Title
from apps.media import keys
from apps.media.models import Asset, AudioTrack, ContentKey, Rendition, SubtitleTrack
from apps.media.playlists import Track
from apps.media.tests import packaged
from apps.media.tests.packaged import Packaged

from . import steps


def live(film: Packaged, slug: str = "film", **fields: Any) -> Title:
    """A live title, whose asset is the film."""
    title = steps.film(slug, **fields)
    behind(title.asset, film)
    return steps.show(title)


def behind(asset: Asset | None, film: Packaged) -> Asset:
    """The asset's tracks are those of the film from now on."""
    assert asset is not None
    for model in (Rendition, AudioTrack, SubtitleTrack):
        model._default_manager.filter(asset=asset).delete()
    prefix = f"assets/{asset.public_id}/package/"
    shutil.copytree(film.folder, Path(settings.MEDIA_ROOT, prefix), dirs_exist_ok=True)
    package = film.package
    for video in package.videos:
        Rendition.objects.create(
            asset=asset, height=video.height, frame_rate=f"{video.fps}", **_track(film, video, prefix)
        )
    for sound in package.audios:
        AudioTrack.objects.create(
            asset=asset, language=sound.language, described=sound.described, label=sound.label,
            **_track(film, sound, prefix),
        )  # fmt: skip
    for text in package.subtitles:
        SubtitleTrack.objects.create(
            asset=asset, language=text.language, label=text.label, forced=text.forced, sdh=text.sdh,
            **_object(film, text.file, prefix),
        )  # fmt: skip
    if package.scheme:
        _keep_keys(asset)
    asset.thumbnails = package.sheets.to_json() if package.sheets else {}
    asset.prefix, asset.protection, asset.placeholder = prefix, package.scheme, False
    asset.duration_ms = package.duration_ms
    asset.save()
    return asset


def _keep_keys(asset: Asset) -> None:
    for label in packaged.LABELS:
        kid, key = packaged.key_of(label)
        wrapped = keys.wrap(key, kid, settings.CONTENT_KEY_KEYS)
        ContentKey.objects.create(asset=asset, label=label, kid=kid, wrapped=wrapped)


def _track(film: Packaged, track: Track, prefix: str) -> dict[str, Any]:
    index = track.index
    told = {"index": index.to_json(), "codecs": index.codecs}
    return told | _object(film, track.file, prefix)


def _object(film: Packaged, file: str, prefix: str) -> dict[str, Any]:
    data = (film.folder / file).read_bytes()
    return {"key": prefix + file, "size": len(data), "sha256": sha256(data).hexdigest()}
