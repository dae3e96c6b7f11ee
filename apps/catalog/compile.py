"""From the desk to the shelf: a snapshot becomes what viewers read, in every language of the site.

Pure: JSON in, JSON out, no database and no clock.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from apps.accounts.maturity import Maturity

from . import languages, sources
from .models import Artwork, Kind, Tier

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Compiled:
    """`documents`: `{language: {name, card, document}}`, for lists and for the title's page.

    `columns`: those of `Listing`, and with them `windows` for `ListingWindow` and `offers` for
    `offers.decide`: `{title: [window], seasons: {id: [window]}, episodes: {id: {season, windows}}}`.
    """

    documents: dict[str, Json]
    columns: Json


def compile(source: Json, facts: Json) -> Compiled:  # noqa: A001 the verb of the house for it
    """What viewers may read of a snapshot; seasons that are held back are left out."""
    source = sources.without_held(source)
    columns = _columns(source, facts)
    documents = {}
    for language in languages.site_languages():
        reading = Reading(source, facts, language, columns)
        card = reading.card()
        documents[language] = {"name": card["name"], "card": card, "document": reading.document(card)}
    return Compiled(documents, columns)


def checksum(source: Json, columns: Json, documents: Mapping[str, Json]) -> str:
    """SHA-256 over the three, whatever the order of their keys."""
    whole = {"source": source, "columns": columns, "documents": documents}
    return hashlib.sha256(orjson.dumps(whole, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _columns(source: Json, facts: Json) -> Json:
    released_on = source["released_on"]
    tiers = [window["tier"] for window in source["windows"]]
    places = list(sources.places(source))
    videos = [facts["assets"][one["asset"]] for one in places if one.get("asset")]
    people = dict.fromkeys(credit["person"] for one in places for credit in one.get("credits", []))
    return {
        "public_id": source["id"],
        "slug": source["slug"],
        "kind": source["kind"],
        "year": int(released_on[:4]) if released_on else None,
        "released_on": released_on,
        # Neither can be lacking in what is published; a preview is careful.
        "maturity": Maturity.A.value if source["maturity"] is None else source["maturity"],
        "tier": min(tiers, default=Tier.PREMIUM.value),
        "announced": source["announced"],
        "genres": source["genres"],
        "tags": source["tags"],
        "languages": sorted({language for video in videos for language in video["audio"]}),
        "people": list(people),
        "windows": source["windows"],
        "offers": _offers(source),
    }


def _offers(source: Json) -> Json:
    return {
        "title": source["windows"],
        "seasons": {season["id"]: season["windows"] for season in source["seasons"]},
        "episodes": {
            episode["id"]: {"season": season["id"], "windows": episode["windows"]}
            for season in source["seasons"]
            for episode in season["episodes"]
        },
    }


@dataclass(frozen=True, slots=True)
class Reading:
    """A title as it reads in one language."""

    source: Json
    facts: Json
    language: str
    columns: Json

    def card(self) -> Json:
        """What a list shows of it."""
        source = self.source
        texts = source["texts"]
        return {
            "id": source["id"],
            "slug": source["slug"],
            "kind": source["kind"],
            "name": self._text(texts, "name") or source["name"],
            "tagline": self._text(texts, "tagline"),
            "year": self.columns["year"],
            "maturity": self._maturity(),
            "genres": [{"slug": slug, "name": self._named("genres", slug)} for slug in source["genres"]],
            "tier": Tier(self.columns["tier"]).label,
            "languages": self.columns["languages"],
            "artwork": self._pictures(source["artworks"], ("poster", "backdrop")),
            **self._extent(),
        }

    def document(self, card: Json) -> Json:
        """What the title's page shows: the card, and all the rest."""
        source = self.source
        texts = source["texts"]
        return {
            **card,
            "synopsis": self._text(texts, "synopsis"),
            "advice": self._text(texts, "advice"),
            "original_language": source["original_language"],
            "released_on": source["released_on"],
            "artwork": self._pictures(source["artworks"], _kinds(source["artworks"], "poster", "backdrop")),
            "credits": self._credits(source["credits"]),
            **self._video(source),
            "segments": _segments(source["segments"]),
            "extras": [self._extra(extra) for extra in source["extras"] if self._is_ready(extra)],
            "seasons": [self._season(season) for season in source["seasons"]],
            "event": self._event(),
        }

    def _text(self, texts: languages.Texts, field: str) -> str:
        return languages.pick(texts, field, self.language, self.source["original_language"])

    def _named(self, kind: str, key: str) -> str:
        """The name of a person or a genre; the name they were entered with stands for other languages."""
        known = self.facts[kind][key]
        return str(known["names"].get(self.language) or known["name"])

    def _maturity(self) -> Json | None:
        value = self.source["maturity"]
        if value is None:
            return None
        descriptors = [one for one in self.source["descriptors"] if one != "none"]
        return {"value": value, "label": Maturity(value).label, "descriptors": descriptors}

    def _extent(self) -> Json:
        """How long a film is, how much there is of a series, who plays when."""
        if self.source["kind"] == Kind.SERIES:
            # Season 0 holds the specials.
            seasons = [season for season in self.source["seasons"] if season["number"]]
            episodes = sum(len(season["episodes"]) for season in seasons)
            return {"season_count": len(seasons), "episode_count": episodes}
        extent: Json = {"duration_ms": self._asset(self.source).get("duration_ms")}
        if self.source["kind"] == Kind.SPORT:
            event = self._event() or {"kick_off_at": None, "teams": []}
            extent |= {"kick_off_at": event["kick_off_at"], "teams": event["teams"]}
        return extent

    def _event(self) -> Json | None:
        event = self.source["event"]
        if event is None:
            return None
        told = {name: value for name, value in event.items() if name != "contestants"}
        teams = [{"slug": slug, **self.facts["teams"][slug]} for slug in event["contestants"]]
        return {**told, "teams": teams}

    def _asset(self, owner: Json) -> Json:
        return self.facts["assets"][owner["asset"]] if owner["asset"] else {}

    def _is_ready(self, owner: Json) -> bool:
        return self._asset(owner).get("state") == "ready"

    def _video(self, owner: Json) -> Json:
        """Of a title, an episode or an extra."""
        return video_of(self._asset(owner))

    def _credits(self, credits_: list[Json]) -> list[Json]:
        people = self.facts["people"]
        return [
            {
                "person": {
                    "id": credit["person"],
                    "slug": people[credit["person"]]["slug"],
                    "name": self._named("people", credit["person"]),
                },
                "role": credit["role"],
                "character": credit["character"],
            }
            for credit in credits_
        ]

    def _extra(self, extra: Json) -> Json:
        return {
            "id": extra["id"],
            "kind": extra["kind"],
            "name": self._text(extra["texts"], "name") or extra["name"],
            "synopsis": self._text(extra["texts"], "synopsis"),
            **self._video(extra),
        }

    def _season(self, season: Json) -> Json:
        return {
            "id": season["id"],
            "number": season["number"],
            "name": self._text(season["texts"], "name"),
            "synopsis": self._text(season["texts"], "synopsis"),
            "artwork": self._pictures(season["artworks"], _kinds(season["artworks"], "poster")),
            "episodes": [self._episode(episode) for episode in season["episodes"]],
        }

    def _episode(self, episode: Json) -> Json:
        return {
            "id": episode["id"],
            "number": episode["number"],
            "name": self._text(episode["texts"], "name") or episode["name"],
            "synopsis": self._text(episode["texts"], "synopsis"),
            "released_on": episode["released_on"],
            "artwork": self._pictures(episode["artworks"], ("still",)),
            **self._video(episode),
            "segments": _segments(episode["segments"]),
            "credits": self._credits(episode["credits"]),
        }

    def _pictures(self, artworks: list[Json], kinds: tuple[str, ...]) -> Json:
        """The best picture of each kind, or None."""
        return {kind: self._picture(artworks, kind) for kind in kinds}

    def _picture(self, artworks: list[Json], kind: str) -> Json | None:
        """In the language, else for every language, else along the chain, else any; the newest of equals."""
        known = self.facts["artworks"]
        shown = [
            one
            for one in artworks
            if one["kind"] == kind and known[one["id"]]["state"] == Artwork.State.READY.value
        ]
        order = (self.language, "", *languages.chain(self.language, self.source["original_language"]))
        by_language = {one["language"]: one for one in reversed(shown)}
        best = next((code for code in order if code in by_language), None)
        if best is None:
            return rendered(shown[0], known) if shown else None
        return rendered(by_language[best], known)


def video_of(asset: Json) -> Json:
    """Length, tracks and whether a placeholder stands in for the main video; series have none."""
    tracks = {name: asset[name] for name in ("audio", "subtitles", "heights")} if asset else None
    return {
        "duration_ms": asset.get("duration_ms"),
        "tracks": tracks,
        "placeholder": asset.get("placeholder", False),
    }


def with_videos_of(source: Json, document: Json, assets: Json) -> Json:
    """A document, or a card, that was compiled of the source before, with its videos as they are by now."""
    renewed = {**document}
    if source["asset"] and source["asset"] in assets:
        now = video_of(assets[source["asset"]])
        renewed |= {name: now[name] for name in now if name in document}
    owners = {one["id"]: one["asset"] for one in source["extras"]}
    owners |= {one["id"]: one["asset"] for season in source["seasons"] for one in season["episodes"]}
    parts = {id_: video_of(assets[asset]) for id_, asset in owners.items() if asset in assets}
    if "extras" in document:
        renewed["extras"] = [{**one, **parts.get(one["id"], {})} for one in document["extras"]]
    if "seasons" in document:
        renewed["seasons"] = [
            {**season, "episodes": [{**one, **parts.get(one["id"], {})} for one in season["episodes"]]}
            for season in document["seasons"]
        ]
    return renewed


def _kinds(artworks: list[Json], *always: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*always, *(one["kind"] for one in artworks))))


def rendered(artwork: Json, known: Json) -> Json:
    """A picture of a snapshot as viewers get it; `known` are the facts on pictures, by id."""
    name, facts = artwork["id"], known[artwork["id"]]
    return {
        "id": name,
        "width": facts["width"],
        "height": facts["height"],
        "blurhash": facts["blurhash"],
        "focal": {"x": artwork["focal_x"], "y": artwork["focal_y"]},
        "alt": artwork["alt"],
        "variants": [
            {
                "url": f"/images/{name}/{variant['width']}.{variant['format']}",
                "format": variant["format"],
                "width": variant["width"],
                "height": variant["height"],
            }
            for variant in facts["variants"]
        ],
    }


def _segments(segments: list[Json]) -> list[Json]:
    return [{name: one[name] for name in ("kind", "start_ms", "end_ms")} for one in segments]
