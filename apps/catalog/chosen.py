"""Titles and episodes that somebody has named, such as a history: what a viewer gets to see of them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from django.db import connection
from django.db.models import F

from .models import Listing
from .offers import Rights, Viewer, decide
from .shelf import locked_card

# Of live documents, so that nothing shows which is not published.
EPISODES = """
SELECT listing.maturity, listing.offers::text, (season->>'number')::int, episode::text
FROM catalog_listing listing
JOIN catalog_listingdocument document
    ON document.listing_id = listing.title_id AND document.language = %(reads)s
CROSS JOIN LATERAL jsonb_path_query(document.document::jsonb, '$.seasons[*]') season
CROSS JOIN LATERAL jsonb_path_query(season, '$.episodes[*]') episode
WHERE listing.public_id = ANY (%(titles)s::uuid[]) AND episode->>'id' = ANY (%(episodes)s)
"""


@dataclass(frozen=True, slots=True)
class ShownEpisode:
    """An episode of a live document; `locked`: the code and the reason why it does not play, or None."""

    id: str
    season_number: int
    number: int
    name: str
    duration_ms: int | None
    artwork: Mapping[str, Any]
    locked: Mapping[str, str] | None


def cards(viewer: Viewer, titles: Collection[str]) -> dict[str, str]:
    """The cards, as JSON text, of those with these ids that the viewer may see."""
    if not titles:
        return {}
    found = Listing.objects.filter(public_id__in=titles).visible_to(viewer).with_asks(viewer)
    rows: Any = found.in_language(viewer.language).values_list("public_id", F("asks"), "card")
    return {str(key): locked_card(card, viewer.tier, asks) for key, asks, card in rows}


def episodes(viewer: Viewer, wanted: Mapping[str, str]) -> dict[str, ShownEpisode]:
    """Episodes, by their ids, of series that the viewer may see; `wanted` says of which series each is."""
    if not wanted:
        return {}
    asked: dict[str, Any] = {
        "reads": viewer.language,
        "titles": sorted(set(wanted.values())),
        "episodes": list(wanted),
    }
    with connection.cursor() as cursor:
        cursor.execute(EPISODES, asked)
        shown = (_shown(viewer, *row) for row in cursor.fetchall())
        return {one.id: one for one in shown}


def _shown(viewer: Viewer, maturity: int, rights: str, season_number: int, text: str) -> ShownEpisode:
    episode = orjson.loads(text)
    judged = decide(viewer, maturity, *Rights.of(orjson.loads(rights)).episode(episode["id"]))
    return ShownEpisode(
        id=episode["id"],
        season_number=season_number,
        number=episode["number"],
        name=episode["name"],
        duration_ms=episode.get("duration_ms"),
        artwork=episode.get("artwork", {}),
        locked=None if judged else {"code": judged.code, "detail": judged.detail},
    )
