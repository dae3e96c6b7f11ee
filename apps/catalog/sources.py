"""What a source is, and ways through it.

A source holds all that an editor can change on the title and under it, and nothing else. Its ids are
public ids, its moments RFC 3339 in UTC, and the same desk gives the same source:

    {id, kind, name, slug, original_language, released_on, maturity, descriptors, announced, asset,
     texts: {language: {name, tagline, synopsis, advice}}, genres: [slug], tags: [slug],
     external_ids: {scheme: value},
     event: null or {sport, competition, season, round, venue, kick_off_at, contestants: [team's slug]},
     credits: [{id, person, role, character, order}],
     artworks: [{id, kind, language, focal_x, focal_y, alt}], without the dropped ones,
     windows: [{id, scope, countries, tier, starts_at, ends_at, max_height, languages}],
     segments: [{id, kind, start_ms, end_ms}], extras: [{id, kind, name, asset, order, texts}],
     seasons: [{id, number, held, texts, windows, artworks, episodes: [
         {id, number, name, released_on, asset, texts, credits, artworks, windows, segments,
          external_ids}]}]}
"""

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]


def places(source: Json) -> Iterator[Json]:
    """The title, its seasons and their episodes."""
    yield source
    for season in source["seasons"]:
        yield season
        yield from season["episodes"]


def without_held(source: Json) -> Json:
    """The part that is published: seasons that are held back are not."""
    return {**source, "seasons": [season for season in source["seasons"] if not season["held"]]}
