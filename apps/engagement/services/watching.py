"""What viewers have watched, and can go on with, as far as they may see it now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.catalog import chosen
from apps.catalog.chosen import ShownEpisode
from apps.catalog.offers import Viewer
from apps.engagement.store import documents
from apps.engagement.store.documents import Place
from apps.engagement.store.remembering import Card

from . import positions


@dataclass(frozen=True, slots=True)
class Shown:
    """One row of a list: a title's card as JSON text, and the episode of it that is meant."""

    id: str
    card: str
    episode: ShownEpisode | None
    position_ms: int
    duration_ms: int | None
    finished: bool
    at: datetime
    first_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, and where the pages around them go on."""

    rows: Sequence[Shown]
    before: Place | None
    after: Place | None


def continue_watching(
    account: str, profile: str, viewer: Viewer, size: int, place: Place | None = None
) -> Page:
    """Titles to go on with, the latest first: a card of a series leads to an episode."""
    found = positions.continue_watching(account, profile)
    seen = chosen.cards(viewer, [one.card for one in found])
    visible = [one for one in found if one.card in seen]
    part, before, after = _cut(visible, size, place)
    wanted = {one.content: one.card for one in part if one.content != one.card}
    episodes = chosen.episodes(viewer, wanted)
    rows = [
        _to_go_on(one, seen[one.card], episodes.get(one.content))
        for one in part
        if one.content == one.card or one.content in episodes
    ]
    return Page(rows, before, after)


def _cut(cards: list[Card], size: int, place: Place | None) -> tuple[list[Card], Place | None, Place | None]:
    backwards = place is not None and place.backwards
    if place:
        here = (place.at_ms, place.key)
        cards = [one for one in cards if (_order(one) > here if backwards else _order(one) < here)]
    part = cards[-size:] if backwards else cards[:size]
    return part, *_around([_order(one) for one in part], len(cards) > size, place)


def _order(card: Card) -> tuple[int, str]:
    return card.at_ms, card.card


def _around(
    orders: Sequence[tuple[int, str]], more: bool, place: Place | None
) -> tuple[Place | None, Place | None]:
    """Where the pages before and after these rows go on; `more`: there are in the direction of the place."""
    if not orders:
        return None, None
    backwards = place is not None and place.backwards
    before = Place(*orders[0], backwards=True) if (more if backwards else place) else None
    after = Place(*orders[-1]) if more or backwards else None
    return before, after


def _to_go_on(card: Card, text: str, episode: ShownEpisode | None) -> Shown:
    duration = card.duration_ms or (episode.duration_ms if episode else None)
    at = documents.moment(card.at_ms)
    return Shown(card.card, text, episode, card.position_ms, duration, False, at)


def history(profile: str, viewer: Viewer, size: int, place: Place | None = None) -> Page:
    """What the profile has watched, the latest first; a page is shorter by what may no longer be seen."""
    found = documents.history(profile, size + 1, place)
    more = len(found) > size
    backwards = place is not None and place.backwards
    part = (found[1:] if backwards else found[:size]) if more else found
    orders = [(documents.milliseconds(row["at"]), row["_id"]) for row in part]
    seen = chosen.cards(viewer, {row["title"] for row in part if row["title"]})
    episodes = chosen.episodes(viewer, {row["content"]: row["title"] for row in part if _is_part(row)})
    rows = [
        _watched(row, seen[row["title"]], episodes.get(row["content"]))
        for row in part
        if row["title"] in seen and (not _is_part(row) or row["content"] in episodes)
    ]
    return Page(rows, *_around(orders, more, place))


def _is_part(row: Mapping[str, Any]) -> bool:
    return bool(row["content"] != row["title"])


def _watched(row: Mapping[str, Any], text: str, episode: ShownEpisode | None) -> Shown:
    told = (row["position_ms"], row["duration_ms"], row["finished"], row["at"], row["first_at"])
    return Shown(row["content"], text, episode, *told)
