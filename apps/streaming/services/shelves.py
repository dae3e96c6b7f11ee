"""What there is of an asset under which address, from its rows: the list of all that is ever served of it.

An address is `<tag>/<name>`. The tag stands for the object, which never changes, so that what is behind an
address never does either, also when the asset is made anew. Nothing of an address ever becomes a path.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import PurePosixPath
from threading import Lock
from time import monotonic
from typing import Any
from uuid import UUID

from apps.media import editions, packages, playlists, thumbnails
from apps.media.editions import Edition
from apps.media.models import AudioTrack, ContentKey, Rendition, SubtitleTrack
from apps.media.playlists import Package, Track, Video
from apps.media.thumbnails import Sheets

# Stands in texts where the viewer's goes.
TOKEN = ":token:"  # noqa: S105 none of ours looks like it
# Its address has no tag: it always tells of the latest sheets.
LATEST = thumbnails.TRACK
IDENTITY, CLEAR_KEY = "identity", "clearkey"
KEPT_S = 5.0
MOST = 64
TYPES = {
    ".mp4": "video/mp4", ".vtt": "text/vtt; charset=utf-8", ".jpg": "image/jpeg",
    ".m3u8": "application/vnd.apple.mpegurl",
}  # fmt: skip
SOUND = "audio/mp4"
KINDS = (*TYPES.values(), SOUND)


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """An object of the storage, whose `key` and `etag` it has; or, without a key, a text that `write` makes
    for a form of keys. `height` and `language` say for whom it is (`viewable.Limits.permit`)."""

    name: str
    height: int = 0
    language: str = ""
    key: str = ""
    etag: str = ""
    write: Callable[[str], str] | None = None

    @property
    def kind(self) -> str:
        suffix = PurePosixPath(self.name).suffix
        return SOUND if suffix == ".mp4" and self.language else TYPES[suffix]


@dataclass(frozen=True, slots=True, eq=False)
class Shelf:
    """`items` by address; `tags` by name; `stamp` differs whenever the rows do."""

    asset: str
    stamp: Any
    package: Package
    tags: Mapping[str, str]
    items: Mapping[str, Item]

    def at(self, name: str) -> str:
        """The address on the site of something of the package, for `TOKEN`."""
        if name.startswith("keys/"):
            return f"/play/{TOKEN}/{name}"
        return f"/vod/{TOKEN}/{self.asset}/{self.tags[name]}/{name}"


_shelves: dict[tuple[str, int | None], tuple[float, Shelf]] = {}
_lock = Lock()


def shelf(asset: str, edition: int | None = None) -> Shelf | None:
    """Of the asset in that edition, the present one unless told, as its rows were within the last `KEPT_S`.

    None: there is nothing to play of it.
    """
    kept_as = asset, edition
    known = _shelves.get(kept_as)
    if known and monotonic() < known[0]:
        return known[1]
    made = _of(asset, edition, known[1] if known else None)
    if made is None:
        return None
    with _lock:
        _shelves.pop(kept_as, None)
        _shelves[kept_as] = monotonic() + KEPT_S, made
        while len(_shelves) > MOST:
            _shelves.pop(next(iter(_shelves)))
    return made


def _of(asset: str, edition: int | None, known: Shelf | None) -> Shelf | None:
    now = editions.present(asset, indexes=known is None)
    if now is None:
        return None
    if edition is not None and edition != now.number:
        # It never changes again.
        if known and known.stamp == edition:
            return known
        former = Edition.former(asset, edition)
        return _stocked(asset, former, edition) if former else None
    if known and known.stamp == now.text:
        return known
    if not now.indexes:
        return _of(asset, edition, None)
    return _stocked(asset, Edition.read(now), now.text)


def forget() -> None:
    """Whatever this process remembers."""
    with _lock:
        _shelves.clear()


# A media playlist of a long film takes some 300 KB.
@lru_cache(maxsize=128)
def written(item: Item, form: str) -> tuple[str, str]:
    """The text, with `TOKEN` in it, and its ETag."""
    assert item.write  # noqa: S101 asked of texts alone
    text = item.write(form)
    return text, sha256(text.encode()).hexdigest()


def keys_of(package: Package, form: str) -> playlists.Keys:
    """Where players of a form of keys are told to get them."""
    if form == CLEAR_KEY:
        return playlists.clear_keys(package.scheme)
    return playlists.identity_keys(package.scheme, at=lambda name: f"/play/{TOKEN}/{name}")


def _stocked(asset: str, edition: Edition, stamp: Any) -> Shelf:
    kids: dict[str, UUID] = {}
    if edition.protection:
        kids = dict(ContentKey.objects.filter(asset__public_id=asset).values_list("label", "kid"))
    sheets = Sheets.from_json(edition.thumbnails) if edition.thumbnails else None
    package = packages.package(
        edition.renditions, edition.audio, edition.subtitles, sheets=sheets, scheme=edition.protection,
        kids=kids,
    )  # fmt: skip
    items = dict(_items(edition, package))
    tags = {item.name: address.rpartition(item.name)[0].strip("/") for address, item in items.items()}
    if sheets:
        # DASH names sheets by a template.
        tags[f"{thumbnails.FOLDER}/$Number$.jpg"] = tags[playlists.IMAGES]
        at = lambda name: f"{tags[name]}/{name}"  # noqa: E731
        items[LATEST] = Item(LATEST, write=lambda _: thumbnails.vtt(sheets, at=at))
    return Shelf(asset, stamp, package, tags, items)


def _tag(key: str) -> str:
    return sha256(key.encode()).hexdigest()[:10]


def _items(edition: Edition, package: Package) -> Iterator[tuple[str, Item]]:
    for rung, video in zip(edition.renditions, package.videos, strict=True):
        yield from _placed(rung, *_of_video(rung, video, package))
    for sound, heard in zip(edition.audio, package.audios, strict=True):
        write = partial(_keyed, playlists.media, package, heard)
        yield from _placed(
            sound,
            Item(heard.file, language=sound.language, key=sound.key, etag=sound.sha256),
            Item(heard.playlist, language=sound.language, write=write),
        )
    for text, read in zip(edition.subtitles, package.subtitles, strict=True):
        write = partial(_plain, playlists.subtitles, read, package.duration_ms)
        yield from _placed(
            text,
            Item(read.file, language=text.language, key=text.key, etag=text.sha256),
            Item(read.playlist, language=text.language, write=write),
        )
    if package.sheets:
        yield from _pictures(package.sheets, edition.prefix)


def _placed(row: Rendition | AudioTrack | SubtitleTrack, *items: Item) -> Iterator[tuple[str, Item]]:
    tag = _tag(row.key)
    return ((f"{tag}/{one.name}", one) for one in items)


def _of_video(row: Rendition, video: Video, package: Package) -> Iterator[Item]:
    yield Item(video.file, row.height, key=row.key, etag=row.sha256)
    for name, write in ((video.playlist, playlists.media), (video.frames_playlist, playlists.frames)):
        yield Item(name, row.height, write=partial(_keyed, write, package, video))


def _pictures(sheets: Sheets, prefix: str) -> Iterator[tuple[str, Item]]:
    tag = _tag(prefix)
    for number in range(sheets.sheets):
        name = sheets.file(number)
        key = prefix + name
        yield f"{tag}/{name}", Item(name, key=key, etag=sha256(key.encode()).hexdigest())
    made = partial(_plain, playlists.images, sheets)
    yield f"{tag}/{playlists.IMAGES}", Item(playlists.IMAGES, write=made)


def _keyed(write: Callable[..., str], package: Package, track: Track, form: str) -> str:
    return write(track, keys=keys_of(package, form)(track))


def _plain(write: Callable[..., str], *given: Any) -> str:
    """Without the form of keys, for there are none."""
    return write(*given[:-1])
