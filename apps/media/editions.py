"""All that players are served of an asset at one time: as it is, or as it was before it was made anew."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from django.db.models import TextField
from django.db.models.functions import Cast

from .models import Asset, AudioTrack, FormerEdition, Rendition, SubtitleTrack

Json = dict[str, Any]
LEFT_OUT = frozenset({"id", "asset"})
# Where rows of tracks have the index as text, when it is not to be read along with them.
INDEX_TEXT = "index_text"


@dataclass(frozen=True, slots=True)
class Edition:
    """`prefix`, `protection` and `thumbnails` as in `Asset`; tracks that have bytes, in their order."""

    prefix: str
    protection: str
    thumbnails: Json
    renditions: list[Rendition]
    audio: list[AudioTrack]
    subtitles: list[SubtitleTrack]

    @classmethod
    def of(cls, asset: Asset, *, unread: bool = False) -> Self:
        """As the asset's rows are now. `unread`: their indexes, which are long, are left as text."""
        kinds: tuple[Any, ...] = (Rendition, AudioTrack, SubtitleTrack)
        rows = ([*_rows(kind, asset, unread=unread)] for kind in kinds)
        return cls(asset.prefix, asset.protection, asset.thumbnails, *rows)

    @classmethod
    def former(cls, asset: Asset, edition: int) -> Self | None:
        """As it was in that edition; None: nobody can be playing that any more. Its rows are not stored."""
        row = FormerEdition.objects.filter(asset=asset, edition=edition).first()
        if row is None:
            return None
        told = row.told
        return cls(
            told["prefix"],
            told["protection"],
            told["thumbnails"],
            [Rendition(asset=asset, **one) for one in told["renditions"]],
            [AudioTrack(asset=asset, **one) for one in told["audio"]],
            [SubtitleTrack(asset=asset, **one) for one in told["subtitles"]],
        )

    def to_json(self) -> Json:
        return {
            "prefix": self.prefix,
            "protection": self.protection,
            "thumbnails": self.thumbnails,
            "renditions": _told(self.renditions),
            "audio": _told(self.audio),
            "subtitles": _told(self.subtitles),
        }


def _rows(kind: Any, asset: Asset, *, unread: bool) -> Any:
    rows = kind.objects.filter(asset=asset).exclude(key="")
    if not unread:
        return rows
    return rows.defer("index").annotate(**{INDEX_TEXT: Cast("index", TextField())})


def _told(rows: Iterable[Rendition | AudioTrack | SubtitleTrack]) -> list[Json]:
    return [
        {one.name: getattr(row, one.name) for one in row._meta.concrete_fields if one.name not in LEFT_OUT}
        for row in rows
    ]
