"""Encryption of a package's tracks, with keys that are kept wrapped."""

from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from apps.media import encryption, keys
from apps.media.cmaf import Index
from apps.media.models import Asset, AudioTrack, ContentKey, Rendition
from apps.media.packages import label_of

if TYPE_CHECKING:
    from .finishing import Bench


def protect(bench: "Bench", asset: Asset) -> list[ContentKey]:
    """Every track file on the bench is replaced by an encrypted one; the rows of the keys.

    An asset keeps its keys when it is made again, so that licences that players hold stay good.
    """
    rows = {row.label: row for row in ContentKey.objects.filter(asset=asset)}
    tracks: list[Rendition | AudioTrack] = [*bench.renditions, *bench.audio]
    for track in tracks:
        label = label_of(track)
        row = rows.setdefault(label, _new(label))
        clear = bench.files[track.key]
        closed = clear.with_name(f"closed-{clear.name}")
        bench.indexes[track.key] = encryption.encrypt(
            clear,
            closed,
            scheme=settings.MEDIA_PROTECTION,
            key=keys.unwrap(bytes(row.wrapped), row.kid, settings.CONTENT_KEY_KEYS),
            kid=row.kid,
        )
        closed.replace(clear)
    return list(rows.values())


def _new(label: ContentKey.Label) -> ContentKey:
    kid, key = keys.new_key()
    return ContentKey(label=label, kid=kid, wrapped=keys.wrap(key, kid, settings.CONTENT_KEY_KEYS))


def protect_added(track: AudioTrack, asset: Asset, path: Path, index: Index) -> Index:
    """A dub of a protected asset is protected like its other sound; of another, left as it is."""
    row = ContentKey.objects.filter(asset=asset, label=label_of(track)).first()
    if not asset.protection or row is None:
        return index
    closed = path.with_name(f"closed-{path.name}")
    key = keys.unwrap(bytes(row.wrapped), row.kid, settings.CONTENT_KEY_KEYS)
    index = encryption.encrypt(path, closed, scheme=asset.protection, key=key, kid=row.kid)
    closed.replace(path)
    return index
