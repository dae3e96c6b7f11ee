"""The working copy of a title as data: what `compile` publishes, `diff` compares and `restoring` writes back.

`sources` says what is in a `source`; the same desk gives the same.

`facts` tell what documents need of things that are not drafted. Snapshots taken together share them, so
they may tell more than one title asks for:

    {people: {id: {slug, name, names: {language: name}}}, genres: {slug: {name, names}},
     tags: {slug: name}, teams: {slug: {name, short_name}},
     assets: {id: {state, placeholder, duration_ms, heights, audio, subtitles}},
     artworks: {id: {state, kind, width, height, blurhash, variants}}}
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from apps.media.models import Asset, AudioTrack, Rendition, SubtitleTrack

from . import reading, sources
from .models import Genre, GenreName, Person, PersonText, Tag, Team, Title
from .reading import Desk, Json, Owner


@dataclass(frozen=True, slots=True)
class Snapshot:
    source: Json
    facts: Json


def take(title: Title, *, releasing: Collection[int] = ()) -> Snapshot:
    """The title as its rows are now. Seasons with the keys in `releasing` count as not held back."""
    return take_many([title], releasing=releasing)[0]


def take_many(titles: Iterable[Title], *, releasing: Collection[int] = ()) -> list[Snapshot]:
    """A snapshot of each, in their order; some two dozen queries whatever their number."""
    keys = [title.pk for title in titles]
    read = reading.read(keys)
    facts = _facts(read)
    return [Snapshot(_title(read, key, releasing), facts) for key in keys]


def names_of(*compared: Json) -> dict[str, str]:
    """What the desk calls that to which these sources refer, for `diff`; what is gone has no name.

    People and videos by id; genres, tags and teams by slug.
    """
    spots = [one for source in compared for one in (*sources.places(source), *source["extras"])]
    people = {credit["person"] for one in spots for credit in one.get("credits", [])}
    videos = {one["asset"] for one in spots if one.get("asset")}
    events = [source["event"] for source in compared if source["event"]]
    referred: list[tuple[Any, str, set[str]]] = [
        (Person, "public_id", people),
        (Asset, "public_id", videos),
        (Genre, "slug", {slug for source in compared for slug in source["genres"]}),
        (Tag, "slug", {slug for source in compared for slug in source["tags"]}),
        (Team, "slug", {slug for event in events for slug in event["contestants"]}),
    ]
    return {
        str(key): name
        for model, column, keys in referred
        if keys
        for key, name in model.objects.filter((f"{column}__in", keys)).values_list(column, "name")
    }


def assets_of(source: Json) -> Json:
    """What is to be told of the videos that a source names, as they are now: `facts["assets"]`."""
    owners = [*sources.places(source), *source["extras"]]
    ids = {one["asset"] for one in owners if one.get("asset")}
    return _assets(set(Asset.objects.filter(public_id__in=ids).values_list("pk", flat=True)))


def _title(read: Desk, key: int, releasing: Collection[int]) -> Json:
    owner = ("title", key)
    return {
        **read.titles[key],
        "texts": read.texts[owner],
        "genres": sorted(read.genres[owner]),
        "tags": sorted(read.tags[owner]),
        "external_ids": read.external_ids[owner],
        "event": read.events.get(owner),
        "credits": read.credits[owner],
        "artworks": read.artworks[owner],
        "windows": read.windows[owner],
        "segments": read.segments[owner],
        "extras": read.extras[owner],
        "seasons": [_season(read, season, releasing) for season in read.seasons[owner]],
    }


def _season(read: Desk, season: Json, releasing: Collection[int]) -> Json:
    owner, fields = _apart("season", season)
    return {
        **fields,
        "held": season["held"] and owner[1] not in releasing,
        "texts": read.texts[owner],
        "windows": read.windows[owner],
        "artworks": read.artworks[owner],
        "episodes": [_episode(read, episode) for episode in read.episodes[owner]],
    }


def _episode(read: Desk, episode: Json) -> Json:
    owner, fields = _apart("episode", episode)
    return {
        **fields,
        "texts": read.texts[owner],
        "credits": read.credits[owner],
        "artworks": read.artworks[owner],
        "windows": read.windows[owner],
        "segments": read.segments[owner],
        "external_ids": read.external_ids[owner],
    }


def _apart(kind: str, row: Json) -> tuple[Owner, Json]:
    return (kind, row["pk"]), {name: value for name, value in row.items() if name != "pk"}


def _facts(read: Desk) -> Json:
    names = PersonText.objects.filter(person_id__in=list(read.person_ids)).exclude(name="")
    for person, language, name in names.values_list("person_id", "language", "name"):
        read.people[read.person_ids[person]]["names"][language] = name
    return {
        "people": read.people,
        "genres": _genres(read.genre_names),
        "tags": read.tag_names,
        "teams": read.teams,
        "assets": _assets(read.asset_ids),
        "artworks": read.pictures,
    }


def _genres(known: dict[str, str]) -> Json:
    genres: Json = {slug: {"name": name, "names": {}} for slug, name in known.items()}
    names = GenreName.objects.filter(genre__slug__in=list(known))
    for slug, language, name in names.values_list("genre__slug", "language", "name"):
        genres[slug]["names"][language] = name
    return genres


def _assets(keys: set[int]) -> Json:
    """Tracks in the order in which the asset has them, heights from low to high."""
    assets: dict[int, Json] = {}
    rows = Asset.objects.filter(pk__in=keys).values_list(
        "pk", "public_id", "state", "placeholder", "duration_ms"
    )
    for pk, public_id, state, placeholder, duration_ms in rows:
        assets[pk] = {
            "id": str(public_id), "state": state, "placeholder": placeholder, "duration_ms": duration_ms,
            "heights": [], "audio": [], "subtitles": [],
        }  # fmt: skip
    models: list[tuple[str, Any, str]] = [
        ("heights", Rendition, "height"),
        ("audio", AudioTrack, "language"),
        ("subtitles", SubtitleTrack, "language"),
    ]
    for name, model, column in models:
        order = "height" if model is Rendition else "pk"
        for pk, value in model.objects.filter(asset__in=keys).order_by(order).values_list("asset_id", column):
            assets[pk][name].append(value)
    return {asset.pop("id"): asset for asset in assets.values()}
