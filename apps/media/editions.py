"""All that players are served of an asset at one time: as it is, or as it was before it was made anew."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

import orjson

from apps.core.postgres.base import prepared_cursor

from .models import Asset, AssetState, AudioTrack, FormerEdition, Rendition, SubtitleTrack

Json = dict[str, Any]
LEFT_OUT = frozenset({"id", "asset"})
KINDS: dict[str, Any] = {"renditions": Rendition, "audio": AudioTrack, "subtitles": SubtitleTrack}


@dataclass(frozen=True, slots=True)
class Present:
    """What an asset serves now: the `number` of the edition, and its JSON (`Edition.to_json`).

    `indexes`, which are long, is JSON too: by keys of tracks the text of each one's; "" if not asked for.
    """

    number: int
    duration_ms: int
    text: str
    indexes: str = ""


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
    def of(cls, asset: Asset) -> Self:
        """As the asset's rows are now."""
        return cls(
            asset.prefix,
            asset.protection,
            asset.thumbnails,
            list(Rendition.objects.filter(asset=asset).exclude(key="")),
            list(AudioTrack.objects.filter(asset=asset).exclude(key="")),
            list(SubtitleTrack.objects.filter(asset=asset).exclude(key="")),
        )

    @classmethod
    def read(cls, present: Present) -> Self:
        """Its rows have what manifests need, and the index as text."""
        told, indexes = orjson.loads(present.text), orjson.loads(present.indexes)
        for row in (*told["renditions"], *told["audio"]):
            row["index"] = indexes[row["key"]]
        return cls._from_json(told)

    @classmethod
    def former(cls, asset: str, edition: int) -> Self | None:
        """As it was in that edition; None: nobody can be playing that any more. Its rows are not stored."""
        row = FormerEdition.objects.filter(asset__public_id=asset, edition=edition).first()
        return cls._from_json(row.told) if row else None

    @classmethod
    def _from_json(cls, told: Json) -> Self:
        rows: Any = ([kind(**row) for row in told[name]] for name, kind in KINDS.items())
        return cls(told["prefix"], told["protection"], told["thumbnails"], *rows)

    def to_json(self) -> Json:
        return {
            "prefix": self.prefix,
            "protection": self.protection,
            "thumbnails": self.thumbnails,
            "renditions": _told(self.renditions),
            "audio": _told(self.audio),
            "subtitles": _told(self.subtitles),
        }


def present(asset: str, *, indexes: bool) -> Present | None:
    """Of the asset with that public id, in one statement; None: there is nothing of it to play.

    A player waits for it, and so will the next within seconds: the rows by themselves are four statements,
    each of which costs Django more than all of them cost PostgreSQL.
    """
    with prepared_cursor() as cursor:
        cursor.execute(_statement(), {"asset": asset, "ready": AssetState.READY, "indexes": indexes})
        row = cursor.fetchone()
    return Present(*row) if row else None


# Names of tables, columns and fields alone are put into it, which are the models'.
STATEMENT = """
SELECT a.edition, coalesce(a.duration_ms, 0),
  json_build_object(
    'prefix', a.prefix, 'protection', a.protection, 'thumbnails', a.thumbnails, {listed}
  )::text,
  CASE WHEN %(indexes)s
    THEN (SELECT coalesce(json_object_agg(key, index), '{{}}')::text FROM ({indexes}) AS t)
    ELSE '' END
FROM {assets} AS a WHERE a.public_id = %(asset)s AND a.state = %(ready)s AND NOT a.placeholder
"""
ROWS = """
(SELECT coalesce(json_agg(json_build_object({fields}) ORDER BY {order}), '[]') FROM {table} AS t {those})
"""
INDEXES = "SELECT key, index::text FROM {table} AS t {those}"
THOSE = "WHERE t.asset_id = a.id AND t.key <> ''"


@cache
def _statement() -> str:
    listed = ", ".join(f"'{name}', {_listed(kind)}" for name, kind in KINDS.items())
    tables = (kind._meta.db_table for kind in (Rendition, AudioTrack))
    indexes = " UNION ALL ".join(INDEXES.format(table=table, those=THOSE) for table in tables)
    return STATEMENT.format(listed=listed, indexes=indexes, assets=Asset._meta.db_table)


def _listed(kind: Any) -> str:
    """The rows of tracks of a kind that have bytes, as JSON and in their order."""
    left_out = LEFT_OUT | {"index"}
    names = [one.name for one in kind._meta.concrete_fields if one.name not in left_out]
    fields = ", ".join(f"'{name}', t.{name}" for name in names)
    order = ", ".join(f"t.{name}" for name in kind._meta.ordering)
    return ROWS.format(fields=fields, order=order, table=kind._meta.db_table, those=THOSE)


def _told(rows: Iterable[Rendition | AudioTrack | SubtitleTrack]) -> list[Json]:
    return [
        {one.name: getattr(row, one.name) for one in row._meta.concrete_fields if one.name not in LEFT_OUT}
        for row in rows
    ]
