"""From what a player names to what is live of it. Versions never change: their contents are remembered."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson

from apps.catalog import languages, sources
from apps.catalog.models import Kind, TitleVersion
from apps.catalog.offers import Offers, Rights
from apps.core.postgres.base import prepared_cursor
from apps.media import editions
from apps.media.editions import Present
from apps.media.languages import autonym
from apps.streaming.codecs import decodes, name_of
from apps.streaming.decision import Shown, Video

Json = dict[str, Any]
SPECIALS = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a player names: a title by its slug or public id, or an episode or an extra by its public id, with
    or without the title."""

    title: str = ""
    episode: UUID | None = None
    extra: UUID | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """Something that plays: the main video of a title, an episode, or an extra, whose public id `id` is.

    `season`, `season_number` and `number` are of episodes alone; `names` by language; `asset` "" for none.
    """

    id: str
    season: str
    season_number: int
    number: int
    asset: str
    names: Mapping[str, str]
    segments: Sequence[Json]
    is_extra: bool = False

    @property
    def is_episode(self) -> bool:
        return bool(self.season)

    @property
    def credits_ms(self) -> int:
        """Where the credits begin; 0 where nobody marked them."""
        return min((one["start_ms"] for one in self.segments if one["kind"] == "credits"), default=0)


@dataclass(frozen=True, slots=True)
class Contents:
    """Of a version: its parts, the episodes in order, its extras, and the names of the title by language."""

    parts: Mapping[str, Part]
    extras: Mapping[str, Part]
    names: Mapping[str, str]
    original_language: str

    def after(self, part: Part) -> list[Part]:
        """The episodes that follow. Specials follow nothing, and nothing follows them."""
        if part.season_number == SPECIALS:
            return []
        regular = [one for one in self.parts.values() if one.season_number != SPECIALS]
        return regular[regular.index(part) + 1 :]

    def first(self) -> Part | None:
        regular = [one for one in self.parts.values() if one.season_number != SPECIALS or not one.is_episode]
        return next(iter(regular or self.parts.values()), None)

    def name_of(self, part: Part | None, language: str) -> str:
        """Of the part, else of the title, in the language or the next best."""
        texts = {code: {"name": name} for code, name in (part.names if part else self.names).items()}
        return languages.pick(texts, "name", language, self.original_language)


@dataclass(frozen=True, slots=True)
class Live:
    """A title as it is live."""

    id: str
    maturity: int
    announced: bool
    rights: Rights
    contents: Contents

    def levels(self, part: Part | None) -> Sequence[Offers]:
        """The windows that count for the part; for none, those of the title."""
        if part is None or not part.is_episode:
            return (self.rights.title,)
        return self.rights.episode(part.id)

    def shown(self, part: Part | None) -> Shown:
        return Shown(self.maturity, self.announced, self.levels(part), part is not None and part.is_extra)


def live(wanted: Wanted) -> tuple[Live | None, Part | None]:
    """The live title that is wanted, or the one with the episode or extra; and the part that is meant.

    Of a series without an episode no part is meant yet. (None, None) where nothing live is called so.
    """
    found = _listing(wanted)
    if found is None:
        return None, None
    public_id, maturity, announced, offers, version = found
    it = Live(str(public_id), maturity, announced, _rights(offers), contents_of(version))
    if wanted.extra is not None:
        part = it.contents.extras.get(str(wanted.extra))
        return (it, part) if part else (None, None)
    if wanted.episode is not None:
        part = it.contents.parts.get(str(wanted.episode))
        return (it, part) if part and part.is_episode else (None, None)
    return it, it.contents.parts.get(it.id)


def _listing(wanted: Wanted) -> Any:
    with prepared_cursor() as cursor:
        cursor.execute(*_asking_for(wanted))
        return cursor.fetchone()


# Rows of the desk keep their ids for good; what is live of them the version says.
LISTING = "SELECT public_id, maturity, announced, offers::text, version_id FROM catalog_listing WHERE "
OF_EPISODE = """title_id = (
  SELECT season.title_id FROM catalog_season AS season JOIN catalog_episode AS episode
  ON episode.season_id = season.id WHERE episode.public_id = %s
)"""
OF_EXTRA = "title_id = (SELECT title_id FROM catalog_extra WHERE public_id = %s)"


def _asking_for(wanted: Wanted) -> tuple[str, list[Any]]:
    """The statement and its parameter."""
    if wanted.title:
        condition = "public_id = %s" if _is_uuid(wanted.title) else "slug = %s"
        return LISTING + condition, [wanted.title]
    if wanted.episode is not None:
        return LISTING + OF_EPISODE, [wanted.episode]
    return LISTING + OF_EXTRA, [wanted.extra]


@lru_cache(maxsize=2000)
def _rights(offers: str) -> Rights:
    return Rights.of(orjson.loads(offers))


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return len(text) == 36


@lru_cache(maxsize=2000)
def contents_of(version: int) -> Contents:
    """What plays in the version with this key."""
    source = TitleVersion.objects.values_list("source", flat=True).get(pk=version)
    source = sources.without_held(source)
    parts = [] if source.get("kind") == Kind.SERIES else [_part(source)]
    seasons = sorted(source["seasons"], key=lambda one: one["number"])
    parts += [
        _part(episode, season)
        for season in seasons
        for episode in sorted(season["episodes"], key=lambda one: one["number"])
    ]
    extras = [_extra(extra) for extra in source["extras"]]
    return Contents(
        {one.id: one for one in parts}, {one.id: one for one in extras}, _names(source),
        source["original_language"],
    )  # fmt: skip


def _part(source: Json, season: Json | None = None) -> Part:
    return Part(
        id=source["id"],
        season=season["id"] if season else "",
        season_number=season["number"] if season else SPECIALS,
        number=source["number"] if season else 0,
        asset=source["asset"] or "",
        names=_names(source),
        segments=tuple(
            {name: one[name] for name in ("kind", "start_ms", "end_ms")} for one in source["segments"]
        ),
    )


def _extra(source: Json) -> Part:
    return Part(
        id=source["id"], season="", season_number=SPECIALS, number=0, asset=source["asset"] or "",
        names=_names(source), segments=(), is_extra=True,
    )  # fmt: skip


def _names(source: Json) -> Mapping[str, str]:
    named = {code: texts["name"] for code, texts in source["texts"].items() if texts.get("name")}
    return named or {source.get("original_language", ""): source["name"]}


# --- The bytes -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tracks:
    """What there is to play of an asset.

    `edition` as in `Asset`. `protection`: `cenc`, `cbcs` or "". `rungs`: lines and codec; `sounds`: codec and
    what is told of it.
    """

    edition: int
    duration_ms: int
    has_thumbnails: bool
    protection: str
    rungs: Sequence[tuple[int, str]]
    sounds: Sequence[tuple[str, Json]]
    subtitles: Sequence[Json]

    def video(self, codecs: Collection[str] | None = None) -> Video:
        """What of it a device plays that knows these codecs; None: all of it."""
        heights = {height for height, codec in self.rungs if decodes(codecs, codec)}
        return Video(sorted(heights), [one["language"] for one in self.audio(codecs)])

    def audio(self, codecs: Collection[str] | None = None) -> list[Json]:
        return [told for codec, told in self.sounds if decodes(codecs, codec)]


def tracks(asset: str) -> Tracks | None:
    """None: there is nothing of it to play, or none is meant."""
    found = editions.present(asset, indexes=False) if asset else None
    return _tracks(found) if found else None


@lru_cache(maxsize=500)
def _tracks(present: Present) -> Tracks:
    told = orjson.loads(present.text)
    return Tracks(
        edition=present.number,
        duration_ms=present.duration_ms,
        has_thumbnails=bool(told["thumbnails"]),
        protection=told["protection"],
        rungs=[(one["height"], one["codec"]) for one in told["renditions"]],
        sounds=[
            (name_of(one["codecs"]), _shown(one, "language", "label", "described")) for one in told["audio"]
        ],
        subtitles=[_shown(one, "language", "label", "forced", "sdh") for one in told["subtitles"]],
    )


def _shown(track: Json, *names: str) -> Json:
    """With the label that the manifests have."""
    label = track["label"] or autonym(track["language"])
    return {name: track[name] for name in names} | {"label": label}
