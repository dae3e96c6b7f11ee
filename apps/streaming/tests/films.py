"""Real films behind live titles: rows and objects of what `media.tests.packaged` packages."""

import itertools
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings

from apps.catalog.models import Title
from apps.media import keys
from apps.media.models import Asset, AudioTrack, ContentKey, Rendition, SubtitleTrack
from apps.media.playlists import Track
from apps.media.services import assets
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
    package = film.package
    rows: Any = itertools.chain(*tracks(film, prefix))
    for row in rows:
        row.asset = asset
        row.save()
    if package.scheme:
        _keep_keys(asset)
    asset.thumbnails = package.sheets.to_json() if package.sheets else {}
    asset.prefix, asset.protection, asset.placeholder = prefix, package.scheme, False
    asset.duration_ms = package.duration_ms
    asset.save()
    return asset


def made_anew(asset: Asset, film: Packaged) -> Asset:
    """Another master was uploaded for the asset, and the film is what was made of it."""
    prefix = f"assets/{asset.public_id}/another-{uuid4().hex[:8]}/"
    renditions, audio, subtitles = tracks(film, prefix)
    package = film.package
    made = assets.Package(
        prefix=prefix,
        master={"key": f"masters/{uuid4()}.mp4", "size": 1, "sha256": uuid4().hex, "filename": "anew.mp4"},
        duration_ms=package.duration_ms,
        source={},
        renditions=renditions,
        audio=audio,
        subtitles=subtitles,
        thumbnails=package.sheets.to_json() if package.sheets else {},
        protection=package.scheme,
    )
    return assets.published(asset, made)


Rows = tuple[list[Rendition], list[AudioTrack], list[SubtitleTrack]]


def tracks(film: Packaged, prefix: str) -> Rows:
    """The rows of the film, whose objects lie under the prefix from now on; they have no asset yet."""
    shutil.copytree(film.folder, Path(settings.MEDIA_ROOT, prefix), dirs_exist_ok=True)
    package = film.package
    return (
        [
            Rendition(height=one.height, frame_rate=f"{one.fps}", **_track(film, one, prefix))
            for one in package.videos
        ],
        [
            AudioTrack(
                language=one.language, described=one.described, label=one.label, **_track(film, one, prefix)
            )
            for one in package.audios
        ],
        [
            SubtitleTrack(
                language=one.language, label=one.label, forced=one.forced, sdh=one.sdh,
                **_object(film, one.file, prefix),
            )
            for one in package.subtitles
        ],
    )  # fmt: skip


def _keep_keys(asset: Asset) -> None:
    for label in packaged.LABELS:
        kid, key = packaged.key_of(label)
        wrapped = keys.wrap(key, kid, settings.CONTENT_KEY_KEYS)
        ContentKey.objects.create(asset=asset, label=label, kid=kid, wrapped=wrapped)


def _track(film: Packaged, track: Track, prefix: str) -> dict[str, Any]:
    told = {
        "index": track.index.to_json(),
        "outline": track.outline.to_json(),
        "codecs": track.outline.codecs,
    }
    return told | _object(film, track.file, prefix)


def _object(film: Packaged, file: str, prefix: str) -> dict[str, Any]:
    data = (film.folder / file).read_bytes()
    return {"key": prefix + file, "size": len(data), "sha256": sha256(data).hexdigest()}
