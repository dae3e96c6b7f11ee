"""Writing a source back to the working copy it was taken of, or a changed form of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from apps.catalog import snapshot, sources
from apps.catalog.models import (
    Artwork,
    Contestant,
    Credit,
    Episode,
    EpisodeText,
    Event,
    ExternalId,
    Extra,
    ExtraText,
    Genre,
    Person,
    Season,
    SeasonText,
    Segment,
    Tag,
    Team,
    Title,
    TitleText,
    Window,
)
from apps.core.errors import DomainError
from apps.media.models import Asset

Json = dict[str, Any]
PLAIN = ("name", "original_language", "maturity", "descriptors", "announced")
LAST_NUMBER = 32_767


class CannotRestore(DomainError):
    """What the source refers to is gone, or is something else's by now; `missing` lists all: {what, name}."""

    code = "cannot_restore"
    status = 409

    def __init__(self, missing: list[dict[str, str]]) -> None:
        shown = ", ".join(f"{one['what']} {one['name']}" for one in missing[:5])
        more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        super().__init__(
            f"Some of what this needs is gone or taken: {shown}{more}.", extra={"missing": missing}
        )


@dataclass(frozen=True, slots=True)
class Node:
    """The title, a season or an episode as it is wanted; `pk` is that of its row."""

    kind: str
    wanted: Json
    pk: int


@transaction.atomic
def restore(title: Title, source: Json) -> None:
    """Make the working copy what the source says: then it is what `snapshot.take` gives.

    Except for the address and the kind, which stay, and for seasons that are held back and that the
    source does not know: they are left alone. The title is locked, and the deed judged and put on record,
    by the caller. Raises `CannotRestore`; then nothing has changed.
    """
    now = snapshot.take(title).source
    wanted = {season["id"] for season in source["seasons"]}
    kept = [season for season in now["seasons"] if season["held"] and season["id"] not in wanted]
    outside = _Outside(title, source)
    outside.refuse_missing(kept)
    _write_title(title, source, outside)
    if source["event"] != now["event"]:
        _write_event(title, source["event"], outside)
    if source["extras"] != now["extras"]:
        _write_extras(title, source["extras"], outside)
    nodes = _write_tree(title, source, outside, {season["id"] for season in kept})
    _write_parts(nodes, {one["id"]: one for one in sources.places(now)}, outside)
    title.refresh_from_db()


def put_away_pictures(title: Title, *, seasons: Iterable[int] = (), episodes: Iterable[int] = ()) -> None:
    """Before seasons or episodes are deleted: their pictures stay with the title, off the desk, for the
    versions that show them. Takes keys; the episodes of the seasons are meant too.
    """
    seasons = list(seasons)
    of_them = Q(season__in=seasons) | Q(episode__season__in=seasons) | Q(episode__in=list(episodes))
    Artwork.objects.filter(of_them).update(title=title, season=None, episode=None, dropped=True)


# --- What a source refers to -------------------------------------------------------------------------


class _Outside:
    """The keys of what the source refers to, by the names that it uses."""

    def __init__(self, title: Title, source: Json) -> None:
        self.title = title
        self.source = source
        spots = list(sources.places(source))
        videos = [one.get("asset") for one in (*spots, *source["extras"])]
        event = source["event"] or {"contestants": []}
        self.wanted: dict[str, set[str]] = {
            "person": {credit["person"] for one in spots for credit in one.get("credits", [])},
            "video": {video for video in videos if video},
            "genre": set(source["genres"]),
            "tag": set(source["tags"]),
            "team": set(event["contestants"]),
            "artwork": {artwork["id"] for one in spots for artwork in one["artworks"]},
        }
        self.people = _keys(Person, "public_id", self.wanted["person"])
        self.assets = _keys(Asset, "public_id", self.wanted["video"])
        self.genres = _keys(Genre, "slug", self.wanted["genre"])
        self.tags = _keys(Tag, "slug", self.wanted["tag"])
        self.teams = _keys(Team, "slug", self.wanted["team"])
        artworks = Artwork.objects.filter(_under(title)).select_related("season", "episode__season")
        self.artworks = {str(one.public_id): one for one in artworks}

    def refuse_missing(self, kept: list[Json]) -> None:
        """Raises `CannotRestore`. `kept` are the seasons that stay beside those of the source."""
        known: dict[str, Json] = {
            "person": self.people, "video": self.assets, "genre": self.genres, "tag": self.tags,
            "team": self.teams, "artwork": self.artworks,
        }  # fmt: skip
        missing = [(what, name) for what in known for name in sorted(self.wanted[what] - known[what].keys())]
        if self.source["kind"] != self.title.kind:
            missing.append(("kind", self.source["kind"]))
        numbers = {season["number"] for season in self.source["seasons"]}
        missing += [("season number", str(one["number"])) for one in kept if one["number"] in numbers]
        missing += [("external id", name) for name in self._taken_ids(kept)]
        if missing:
            raise CannotRestore([{"what": what, "name": name} for what, name in missing])

    def _taken_ids(self, kept: list[Json]) -> list[str]:
        """External ids that something else has by now: another title, or an episode that stays."""
        spots = list(sources.places(self.source))
        wanted = {pair for one in spots for pair in one.get("external_ids", {}).items()}
        if not wanted:
            return []
        stay = {one["id"] for season in kept for one in season["episodes"]} - {one["id"] for one in spots}
        rows = ExternalId.objects.filter(value__in={value for _, value in wanted}).values_list(
            "scheme", "value", "title_id", "episode__season__title_id", "episode__public_id"
        )
        return sorted(
            f"{scheme}:{value}"
            for scheme, value, title, of_title, episode in rows
            if (scheme, value) in wanted
            and (self.title.pk not in (title, of_title) or (episode and str(episode) in stay))
        )


def _keys(model: Any, column: str, names: set[str]) -> dict[str, int]:
    if not names:
        return {}
    rows = model.objects.filter((f"{column}__in", names)).values_list(column, "pk")
    return {str(name): key for name, key in rows}


def _under(title: Title) -> Q:
    return Q(title=title) | Q(season__title=title) | Q(episode__season__title=title)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


# --- The title itself --------------------------------------------------------------------------------


def _write_title(title: Title, source: Json, outside: _Outside) -> None:
    for name in PLAIN:
        setattr(title, name, source[name])
    title.released_on = _day(source["released_on"])
    title.asset_id = outside.assets[source["asset"]] if source["asset"] else None
    title.save(update_fields=[*PLAIN, "released_on", "asset", "updated_at"])
    title.genres.set(outside.genres.values())
    title.tags.set(outside.tags.values())


def _write_event(title: Title, event: Json | None, outside: _Outside) -> None:
    Event.objects.filter(title=title).delete()
    if event is None:
        return
    columns = {name: value for name, value in event.items() if name != "contestants"}
    columns["kick_off_at"] = _moment(event["kick_off_at"])
    row = Event.objects.create(title=title, **columns)
    Contestant.objects.bulk_create(
        Contestant(event=row, team_id=outside.teams[slug], order=order)
        for order, slug in enumerate(event["contestants"])
    )


def _write_extras(title: Title, extras: list[Json], outside: _Outside) -> None:
    title.extras.all().delete()
    rows = Extra.objects.bulk_create(
        Extra(
            title=title,
            public_id=extra["id"],
            kind=extra["kind"],
            name=extra["name"],
            order=extra["order"],
            asset_id=outside.assets[extra["asset"]] if extra["asset"] else None,
        )
        for extra in extras
    )
    ExtraText.objects.bulk_create(
        ExtraText(extra=row, language=language, **text)
        for row, extra in zip(rows, extras, strict=True)
        for language, text in extra["texts"].items()
    )


# --- Seasons and episodes: rows that stay keep their keys ---------------------------------------------


def _write_tree(title: Title, source: Json, outside: _Outside, kept: set[str]) -> list[Node]:
    """Seasons, episodes and pictures; `kept` names the seasons to leave alone."""
    seasons = {str(one.public_id): one for one in title.seasons.exclude(public_id__in=kept)}
    season_keys = _arrange(Season, seasons, _seasons(title, source))
    wanted = _episodes(source, season_keys, outside)
    own = Episode.objects.filter(season__title=title)
    # One that was moved to a season that is kept is wanted back.
    own = own.filter(~Q(season__public_id__in=kept) | Q(public_id__in=wanted))
    episodes = {str(one.public_id): one for one in own}
    episode_keys = _arrange(Episode, episodes, wanted)
    nodes = [Node("title", source, title.pk)]
    for season in source["seasons"]:
        nodes.append(Node("season", season, season_keys[season["id"]]))
        nodes += [Node("episode", one, episode_keys[one["id"]]) for one in season["episodes"]]
    _write_artworks(nodes, outside, kept)
    # What is wanted has moved out of what goes.
    gone = [one.pk for name, one in seasons.items() if name not in season_keys]
    lost = [one.pk for name, one in episodes.items() if name not in episode_keys]
    if gone or lost:
        put_away_pictures(title, seasons=gone, episodes=lost)
        Episode.objects.filter(pk__in=lost).delete()
        Season.objects.filter(pk__in=gone).delete()
    return nodes


def _seasons(title: Title, source: Json) -> dict[str, Json]:
    return {
        one["id"]: {"title_id": title.pk, "number": one["number"], "held": one["held"]}
        for one in source["seasons"]
    }


def _episodes(source: Json, season_keys: dict[str, int], outside: _Outside) -> dict[str, Json]:
    return {
        one["id"]: {
            "season_id": season_keys[season["id"]],
            "number": one["number"],
            "name": one["name"],
            "released_on": _day(one["released_on"]),
            "asset_id": outside.assets[one["asset"]] if one["asset"] else None,
        }
        for season in source["seasons"]
        for one in season["episodes"]
    }


def _arrange(model: Any, rows: dict[str, Any], wanted: dict[str, Json]) -> dict[str, int]:
    """Change and add numbered rows; the keys of those that are wanted.

    The others are not deleted yet: they only make room, with a number at the far end.
    """
    gone = [row for name, row in rows.items() if name not in wanted]
    changed = [
        row for name, row in rows.items()
        if name in wanted and any(getattr(row, column) != value for column, value in wanted[name].items())
    ]  # fmt: skip
    used = {row.number for row in rows.values()} | {columns["number"] for columns in wanted.values()}
    free = (number for number in range(LAST_NUMBER, -1, -1) if number not in used)
    for row in (*gone, *changed):
        row.number = next(free)
    model.objects.bulk_update([*gone, *changed], ["number"])
    for row in changed:
        for column, value in wanted[str(row.public_id)].items():
            setattr(row, column, value)
    if changed:
        model.objects.bulk_update(changed, list(wanted[str(changed[0].public_id)]))
    new = [model(public_id=name, **columns) for name, columns in wanted.items() if name not in rows]
    made = model.objects.bulk_create(new)
    return {str(row.public_id): row.pk for row in (*rows.values(), *made) if str(row.public_id) in wanted}


def _write_artworks(nodes: list[Node], outside: _Outside, kept: set[str]) -> None:
    """Put back and take off; what a picture shows, and of what kind it is, never changes."""
    wanted = {one["id"]: (node, one) for node in nodes for one in node.wanted["artworks"]}
    for name, row in outside.artworks.items():
        if name in wanted:
            node, one = wanted[name]
            row.language, row.alt, row.dropped = one["language"], one["alt"], False
            row.title_id, row.season_id, row.episode_id = (
                node.pk if node.kind == kind else None for kind in ("title", "season", "episode")
            )
        elif not _is_kept(row, kept):
            row.dropped = True
    Artwork.objects.bulk_update(
        outside.artworks.values(), ["language", "alt", "dropped", "title", "season", "episode"]
    )


def _is_kept(artwork: Artwork, kept: set[str]) -> bool:
    season = artwork.season or (artwork.episode.season if artwork.episode else None)
    return season is not None and str(season.public_id) in kept


# --- What belongs to a title, a season or an episode: lists that differ are written anew --------------


def _write_parts(nodes: list[Node], before: dict[str, Json], outside: _Outside) -> None:
    """`before`: the places of the present source by id. Whole lists, for the order of rows is theirs."""

    def credit(one: Json) -> Json:
        return {**_but(one, "id", "person"), "person_id": outside.people[one["person"]]}

    _rewrite(Credit, "credits", _differing(nodes, before, "credits", []), credit)
    _rewrite(Window, "windows", _differing(nodes, before, "windows", []), _window)
    _rewrite(Segment, "segments", _differing(nodes, before, "segments", []), _segment)
    for kind, model in (("title", TitleText), ("season", SeasonText), ("episode", EpisodeText)):
        of_kind = [node for node in nodes if node.kind == kind]
        _write_texts(model, _differing(of_kind, before, "texts", {}))
    _write_external_ids(_differing(nodes, before, "external_ids", {}))


def _differing(nodes: list[Node], before: dict[str, Json], key: str, empty: Any) -> list[Node]:
    return [
        node for node in nodes
        if node.wanted.get(key, empty) != before.get(node.wanted["id"], {}).get(key, empty)
    ]  # fmt: skip


def _of(nodes: list[Node]) -> Q:
    found = Q(pk__in=[])
    for kind in {node.kind for node in nodes}:
        found |= Q((f"{kind}__in", [node.pk for node in nodes if node.kind == kind]))
    return found


def _owner(node: Node) -> dict[str, int]:
    return {f"{node.kind}_id": node.pk}


def _rewrite(model: Any, key: str, nodes: list[Node], columns: Callable[[Json], Json]) -> None:
    if not nodes:
        return
    model.objects.filter(_of(nodes)).delete()
    model.objects.bulk_create(
        model(public_id=one["id"], **_owner(node), **columns(one))
        for node in nodes
        for one in node.wanted[key]
    )


def _but(one: Json, *names: str) -> Json:
    return {name: value for name, value in one.items() if name not in names}


def _window(one: Json) -> Json:
    moments = {name: _moment(one[name]) for name in ("starts_at", "ends_at")}
    return _but(one, "id", *moments) | moments


def _segment(one: Json) -> Json:
    return _but(one, "id")


def _write_texts(model: Any, nodes: list[Node]) -> None:
    if not nodes:
        return
    model.objects.filter(_of(nodes)).delete()
    model.objects.bulk_create(
        model(language=language, **_owner(node), **text)
        for node in nodes
        for language, text in node.wanted["texts"].items()
    )


def _write_external_ids(nodes: list[Node]) -> None:
    if not nodes:
        return
    ExternalId.objects.filter(_of(nodes)).delete()
    ExternalId.objects.bulk_create(
        ExternalId(scheme=scheme, value=value, **_owner(node))
        for node in nodes
        for scheme, value in node.wanted["external_ids"].items()
    )
