"""From what a player names to what is live of it. Versions never change: their contents are remembered."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import Q

from apps.catalog import languages, sources
from apps.catalog.models import Episode, Extra, Kind, Listing, TitleVersion
from apps.catalog.offers import Offers, Rights
from apps.media.languages import autonym
from apps.media.models import Asset, AudioTrack, Rendition, SubtitleTrack
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
    it = Live(str(public_id), maturity, announced, Rights.of(offers), contents_of(version))
    if wanted.extra is not None:
        part = it.contents.extras.get(str(wanted.extra))
        return (it, part) if part else (None, None)
    if wanted.episode is not None:
        part = it.contents.parts.get(str(wanted.episode))
        return (it, part) if part and part.is_episode else (None, None)
    return it, it.contents.parts.get(it.id)


def _listing(wanted: Wanted) -> Any:
    # Rows of the desk keep their ids for good; what is live of them the version says.
    if wanted.title:
        asked = Q(public_id=wanted.title) if _is_uuid(wanted.title) else Q(slug=wanted.title)
    elif wanted.episode is not None:
        asked = Q(title__in=Episode.objects.filter(public_id=wanted.episode).values("season__title"))
    else:
        asked = Q(title__in=Extra.objects.filter(public_id=wanted.extra).values("title"))
    columns = ("public_id", "maturity", "announced", "offers", "version")
    return Listing.objects.filter(asked).values_list(*columns).first()


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
    """An asset and what there is of it with bytes behind it.

    `edition` as in `Asset`. `protection`: `cenc`, `cbcs` or "". `rungs`: lines and codec; `sounds`: codec and
    what is told of it.
    """

    edition: int
    duration_ms: int
    has_thumbnails: bool
    protection: str
    ready: bool
    rungs: Sequence[tuple[int, str]]
    sounds: Sequence[tuple[str, Json]]
    subtitles: Sequence[Json]

    def video(self, codecs: Collection[str] | None = None) -> Video:
        """What of it a device plays that knows these codecs; None: all of it."""
        heights = {height for height, codec in self.rungs if decodes(codecs, codec)}
        return Video(self.ready, sorted(heights), [one["language"] for one in self.audio(codecs)])

    def audio(self, codecs: Collection[str] | None = None) -> list[Json]:
        return [told for codec, told in self.sounds if decodes(codecs, codec)]


def tracks(asset: str) -> Tracks | None:
    """None: there is no such asset, or none is meant."""
    found = Asset.objects.filter(public_id=asset).first() if asset else None
    if found is None:
        return None
    rungs = Rendition.objects.filter(asset=found).exclude(key="").values_list("height", "codec")
    spoken = AudioTrack.objects.filter(asset=found).exclude(key="")
    written = SubtitleTrack.objects.filter(asset=found).exclude(key="")
    columns = ("language", "label", "described")
    return Tracks(
        edition=found.edition,
        duration_ms=found.duration_ms or 0,
        has_thumbnails=bool(found.thumbnails),
        protection=found.protection,
        ready=found.is_ready and not found.placeholder,
        rungs=list(rungs),
        sounds=[
            (name_of(codecs), _shown(dict(zip(columns, told, strict=True))))
            for codecs, *told in spoken.values_list("codecs", *columns)
        ],
        subtitles=[_shown(one) for one in written.values("language", "label", "forced", "sdh")],
    )


def _shown(track: Json) -> Json:
    """With the label that the manifests have."""
    return {**track, "label": track["label"] or autonym(track["language"])}
