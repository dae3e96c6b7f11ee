"""The rows of working copies, read in bulk: one query per table whatever the number of titles."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from .models import (
    Artwork,
    Contestant,
    Credit,
    Episode,
    EpisodeText,
    Event,
    ExternalId,
    Extra,
    ExtraText,
    Season,
    SeasonText,
    Segment,
    Title,
    TitleText,
    Window,
)

Json = dict[str, Any]
# Whose row it is: ("season", 17).
Owner = tuple[str, int]
Lists = defaultdict[Owner, list[Json]]
Texts = defaultdict[Owner, dict[str, dict[str, str]]]


@dataclass(slots=True)
class Desk:
    """Some titles and all that is under them, in the shapes of `snapshot`, by owner.

    `people`, `pictures`, `teams`, `genre_names` and `tag_names` tell of what is referred to, by its name
    outside; `person_ids` and `asset_ids` are the keys of that of which there is more to tell.
    """

    titles: dict[int, Json] = field(default_factory=dict)
    seasons: Lists = field(default_factory=lambda: defaultdict(list))
    episodes: Lists = field(default_factory=lambda: defaultdict(list))
    extras: Lists = field(default_factory=lambda: defaultdict(list))
    credits: Lists = field(default_factory=lambda: defaultdict(list))
    artworks: Lists = field(default_factory=lambda: defaultdict(list))
    windows: Lists = field(default_factory=lambda: defaultdict(list))
    segments: Lists = field(default_factory=lambda: defaultdict(list))
    texts: Texts = field(default_factory=lambda: defaultdict(dict))
    external_ids: defaultdict[Owner, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    genres: defaultdict[Owner, list[str]] = field(default_factory=lambda: defaultdict(list))
    tags: defaultdict[Owner, list[str]] = field(default_factory=lambda: defaultdict(list))
    events: dict[Owner, Json] = field(default_factory=dict)
    keys: dict[str, list[int]] = field(default_factory=dict)
    people: Json = field(default_factory=dict)
    pictures: Json = field(default_factory=dict)
    teams: Json = field(default_factory=dict)
    genre_names: dict[str, str] = field(default_factory=dict)
    tag_names: dict[str, str] = field(default_factory=dict)
    person_ids: dict[int, str] = field(default_factory=dict)
    asset_ids: set[int] = field(default_factory=set)

    def of(self, *owners: str) -> Q:
        """Rows of what has been read so far: of any of these kinds of owner."""
        found = Q(pk__in=[])
        for owner in owners:
            if keys := self.keys[owner]:
                found |= Q((f"{owner}_id__in", keys))
        return found


def day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def moment(value: datetime | None) -> str | None:
    """RFC 3339 in UTC."""
    return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def owner(title: int | None, season: int | None, episode: int | None) -> Owner:
    if title is not None:
        return ("title", title)
    return ("season", season) if season is not None else ("episode", episode or 0)


def read(titles: Iterable[int]) -> Desk:
    """Everything of the titles with these keys."""
    desk = Desk()
    _titles(desk, titles)
    _seasons(desk)
    _episodes(desk)
    _extras(desk)
    _texts(desk)
    _vocabulary(desk)
    _external_ids(desk)
    _events(desk)
    _credits(desk)
    _artworks(desk)
    _windows(desk)
    _segments(desk)
    return desk


def _asset(desk: Desk, key: int | None, public_id: UUID | None) -> str | None:
    if key is None:
        return None
    desk.asset_ids.add(key)
    return str(public_id)


def _titles(desk: Desk, titles: Iterable[int]) -> None:
    rows = Title.objects.filter(pk__in=list(titles)).values_list(
        "pk", "public_id", "kind", "name", "slug", "original_language", "released_on", "maturity",
        "descriptors", "announced", "asset_id", "asset__public_id",
    )  # fmt: skip
    for pk, public_id, kind, name, slug, language, released, maturity, descriptors, ahead, key, asset in rows:
        desk.titles[pk] = {
            "id": str(public_id),
            "kind": kind,
            "name": name,
            "slug": slug,
            "original_language": language,
            "released_on": day(released),
            "maturity": maturity,
            "descriptors": descriptors,
            "announced": ahead,
            "asset": _asset(desk, key, asset),
        }
    desk.keys["title"] = list(desk.titles)


def _seasons(desk: Desk) -> None:
    rows = Season.objects.filter(desk.of("title")).order_by("number")
    desk.keys["season"] = []
    for pk, title, public_id, number, held in rows.values_list(
        "pk", "title_id", "public_id", "number", "held"
    ):
        desk.keys["season"].append(pk)
        desk.seasons["title", title].append({"id": str(public_id), "number": number, "held": held, "pk": pk})


def _episodes(desk: Desk) -> None:
    desk.keys["episode"] = []
    if not desk.keys["season"]:
        return
    rows = Episode.objects.filter(desk.of("season")).order_by("number")
    for pk, season, public_id, number, name, released, key, asset in rows.values_list(
        "pk", "season_id", "public_id", "number", "name", "released_on", "asset_id", "asset__public_id"
    ):
        desk.keys["episode"].append(pk)
        episode = {
            "id": str(public_id),
            "number": number,
            "name": name,
            "released_on": day(released),
            "asset": _asset(desk, key, asset),
            "pk": pk,
        }
        desk.episodes["season", season].append(episode)


def _extras(desk: Desk) -> None:
    rows = Extra.objects.filter(desk.of("title")).order_by("order", "pk")
    desk.keys["extra"] = []
    for pk, title, public_id, kind, name, key, asset, order in rows.values_list(
        "pk", "title_id", "public_id", "kind", "name", "asset_id", "asset__public_id", "order"
    ):
        desk.keys["extra"].append(pk)
        extra = {
            "id": str(public_id),
            "kind": kind,
            "name": name,
            "asset": _asset(desk, key, asset),
            "order": order,
            "texts": desk.texts["extra", pk],
        }
        desk.extras["title", title].append(extra)


def _texts(desk: Desk) -> None:
    models: dict[str, Any] = {
        "title": TitleText, "season": SeasonText, "episode": EpisodeText, "extra": ExtraText,
    }  # fmt: skip
    for kind, model in models.items():
        if not desk.keys[kind]:
            continue
        fields = ["name", "tagline", "synopsis", *(["advice"] if model is TitleText else [])]
        rows = model.objects.filter(desk.of(kind)).order_by("language")
        for key, language, *values in rows.values_list(f"{kind}_id", "language", *fields):
            desk.texts[kind, key][language] = dict(zip(fields, values, strict=True))


def _vocabulary(desk: Desk) -> None:
    genres = Title.genres.through.objects.filter(desk.of("title"))
    for title, slug, name in genres.values_list("title_id", "genre__slug", "genre__name"):
        desk.genres["title", title].append(slug)
        desk.genre_names[slug] = name
    tags = Title.tags.through.objects.filter(desk.of("title"))
    for title, slug, name in tags.values_list("title_id", "tag__slug", "tag__name"):
        desk.tags["title", title].append(slug)
        desk.tag_names[slug] = name


def _external_ids(desk: Desk) -> None:
    rows = ExternalId.objects.filter(desk.of("title", "episode")).order_by("scheme")
    for title, episode, scheme, value in rows.values_list("title_id", "episode_id", "scheme", "value"):
        desk.external_ids[owner(title, None, episode)][scheme] = value


def _events(desk: Desk) -> None:
    fields = ("sport", "competition", "season", "round", "venue")
    rows = Event.objects.filter(desk.of("title")).values_list("pk", "kick_off_at", *fields)
    for title, kick_off_at, *values in rows:
        event: Json = dict(zip(fields, values, strict=True))
        desk.events["title", title] = {**event, "kick_off_at": moment(kick_off_at), "contestants": []}
    if not desk.events:
        return
    teams = Contestant.objects.filter(event__in=desk.keys["title"]).order_by("order", "pk")
    for title, slug, name, short in teams.values_list(
        "event_id", "team__slug", "team__name", "team__short_name"
    ):
        desk.events["title", title]["contestants"].append(slug)
        desk.teams[slug] = {"name": name, "short_name": short}


def _credits(desk: Desk) -> None:
    rows = Credit.objects.filter(desk.of("title", "episode")).order_by("order", "pk")
    for title, episode, public_id, key, person, slug, name, role, character, order in rows.values_list(
        "title_id", "episode_id", "public_id", "person_id", "person__public_id", "person__slug",
        "person__name", "role", "character", "order",
    ):  # fmt: skip
        if key not in desk.person_ids:
            desk.person_ids[key] = str(person)
            desk.people[str(person)] = {"slug": slug, "name": name, "names": {}}
        credit = {
            "id": str(public_id),
            "person": str(person),
            "role": role,
            "character": character,
            "order": order,
        }
        desk.credits[owner(title, None, episode)].append(credit)


def _artworks(desk: Desk) -> None:
    rows = Artwork.objects.filter(desk.of("title", "season", "episode"), dropped=False)
    fields = ("kind", "language", "focal_x", "focal_y", "alt")
    facts = ("state", "kind", "width", "height", "blurhash", "variants")
    for title, season, episode, public_id, *values in rows.order_by("kind", "language", "-pk").values_list(
        "title_id", "season_id", "episode_id", "public_id", *fields, *facts
    ):
        name = str(public_id)
        artwork = {"id": name, **dict(zip(fields, values, strict=False))}
        desk.artworks[owner(title, season, episode)].append(artwork)
        desk.pictures[name] = dict(zip(facts, values[len(fields) :], strict=True))


def _windows(desk: Desk) -> None:
    rows = Window.objects.filter(desk.of("title", "season", "episode")).order_by("starts_at", "pk")
    for title, season, episode, public_id, starts_at, ends_at, scope, *values in rows.values_list(
        "title_id", "season_id", "episode_id", "public_id", "starts_at", "ends_at",
        "scope", "countries", "tier", "max_height", "languages",
    ):  # fmt: skip
        countries, tier, max_height, languages = values
        window = {
            "id": str(public_id),
            "scope": scope,
            "countries": countries,
            "tier": tier,
            "starts_at": moment(starts_at),
            "ends_at": moment(ends_at),
            "max_height": max_height,
            "languages": languages,
        }
        desk.windows[owner(title, season, episode)].append(window)


def _segments(desk: Desk) -> None:
    rows = Segment.objects.filter(desk.of("title", "episode")).order_by("start_ms", "pk")
    for title, episode, public_id, kind, start_ms, end_ms in rows.values_list(
        "title_id", "episode_id", "public_id", "kind", "start_ms", "end_ms"
    ):
        segment = {"id": str(public_id), "kind": kind, "start_ms": start_ms, "end_ms": end_ms}
        desk.segments[owner(title, None, episode)].append(segment)
