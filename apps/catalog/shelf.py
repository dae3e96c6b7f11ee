"""What viewers read, as JSON text that nobody parses on the way: pages of cards, and one title's document.

One statement each, written out because it is asked more often than all else together. `Listing.objects`
puts the same questions for everything that is not.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
from django.db import connection

from apps.core.decisions import Decision
from apps.core.postgres.base import prepared_cursor

from . import offers
from .models import Tier
from .offers import Offer, Rights, Viewer


@dataclass(frozen=True, slots=True)
class Order:
    """A way to order a list: by one field, then by the listing, both upwards or both downwards.

    `key` is its column in SQL, of the type `kind`; `by_genre` the same column in the index of genres, if
    that has it.
    """

    name: str
    field: str
    descending: bool
    key: str = ""
    kind: str = ""
    by_genre: str = ""


POPULAR = Order("popular", "popularity", True, "listing.popularity", "int", "genre.popularity")
NEWEST = Order(
    "newest",
    "first_published_at",
    True,
    "listing.first_published_at",
    "timestamptz",
    "genre.first_published_at",
)
BY_TITLE = Order("title", "name", False, "document.name", "text")
ORDERS = {order.name: order for order in (POPULAR, NEWEST, BY_TITLE)}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which titles a list is to hold; what is None does not narrow it.

    `tier`: that they play with this plan and no lower one; `free`: whether they play without one. Both
    mean here and now.
    """

    kind: str | None = None
    genre: str | None = None
    language: str | None = None
    year: int | None = None
    max_rating: int | None = None
    tier: int | None = None
    free: bool | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """A place in an ordered list: the order's key as text and the listing, before or after which it goes on.

    `inclusive`: the listing itself belongs to what follows.
    """

    key: str
    listing: int
    backwards: bool = False
    inclusive: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Cards in order, each with its lock; `before` and `after`: where the pages around it go on."""

    cards: Sequence[str]
    before: Position | None = None
    after: Position | None = None


CONDITIONS = {
    "kind": "listing.kind = %(kind)s",
    "genre": "genre.genre = %(genre)s",
    "language": "listing.languages @> ARRAY[%(language)s]::varchar[]",
    "year": "listing.year = %(year)s",
    "max_rating": "listing.maturity <= %(max_rating)s",
    "tier": "offer.asks = %(tier)s",
    "free": "(offer.asks IS NOT DISTINCT FROM 0) = %(free)s",
}
# `offers.sees`: of the windows that admit the viewer and are not over, the lowest tier of those that have
# begun; and whether there are any.
STATEMENT = """
SELECT listing.title_id, {key}::text, offer.asks, (
    SELECT card FROM catalog_listingdocument WHERE listing_id = listing.title_id AND language = %(reads)s
)
FROM {source}
CROSS JOIN LATERAL (
    SELECT min(tier) FILTER (WHERE starts_at IS NULL OR starts_at <= %(at)s) AS asks, count(*) AS windows
    FROM catalog_listingwindow
    WHERE listing_id = listing.title_id AND (ends_at IS NULL OR ends_at > %(at)s) AND (
        scope = 'everywhere'
        OR scope = 'only' AND %(territory)s = ANY (countries)
        OR scope = 'except' AND %(territory)s <> '' AND %(territory)s <> ALL (countries)
    )
) offer
WHERE listing.maturity <= %(ceiling)s
AND (offer.asks IS NOT NULL OR listing.announced AND offer.windows > 0)
{conditions}
ORDER BY {key} {direction}, {tie} {direction} LIMIT {most}
"""
IN_GENRE = "catalog_listinggenre genre JOIN catalog_listing listing ON listing.title_id = genre.listing_id"
IN_LANGUAGE = """
JOIN catalog_listingdocument document
    ON document.listing_id = listing.title_id AND document.language = %(reads)s"""


FOUND = """
SELECT listing.maturity, listing.announced, listing.offers, document.document
FROM catalog_listing listing
JOIN catalog_listingdocument document
    ON document.listing_id = listing.title_id AND document.language = %(reads)s
WHERE listing.slug = %(slug)s
"""
MOVED = """
SELECT listing.maturity, listing.announced, listing.offers, listing.slug
FROM catalog_formerslug former
JOIN catalog_listing listing ON listing.title_id = former.title_id
WHERE former.slug = %(slug)s
"""


def page(viewer: Viewer, wanted: Wanted, order: Order, size: int, start: Position | None = None) -> Page:
    """At most `size` cards of what the viewer may see, from `start` on."""
    given = {name: value for name in CONDITIONS if (value := getattr(wanted, name)) is not None}
    parameters = {
        "reads": viewer.language, "at": viewer.at, "territory": viewer.territory, "ceiling": viewer.ceiling,
        **given,
    }  # fmt: skip
    if start:
        parameters |= {"from_key": start.key, "from_listing": start.listing}
    seek = (start.backwards, start.inclusive) if start else None
    sql = _statement(frozenset(given), order, seek, size + 1)
    rows = _rows(sql, parameters, _is_always_planned_alike(given, order))
    return cut(viewer, rows, size, start)


@lru_cache(maxsize=500)
def _statement(given: frozenset[str], order: Order, seek: tuple[bool, bool] | None, most: int) -> str:
    """The page's SQL, for each combination of filters, order, direction and size.

    The size stands in it as a number: without knowing it, PostgreSQL would plan for a tenth of the table.
    """
    backwards, inclusive = seek or (False, False)
    source, key, tie = "catalog_listing listing", order.key, "listing.title_id"
    if "genre" in given:
        source, key, tie = IN_GENRE, order.by_genre or key, "genre.listing_id"
    if order is BY_TITLE:
        source, tie = source + IN_LANGUAGE, "document.listing_id"
    downwards = order.descending is not backwards
    conditions = [CONDITIONS[name] for name in CONDITIONS if name in given]
    if seek:
        sign = ("<" if downwards else ">") + ("=" if inclusive else "")
        conditions.append(f"({key}, {tie}) {sign} (%(from_key)s::{order.kind}, %(from_listing)s)")
    return STATEMENT.format(
        source=source, key=key, tie=tie, direction="DESC" if downwards else "ASC", most=most,
        conditions="".join(f"AND {condition} " for condition in conditions),
    )  # fmt: skip


def _is_always_planned_alike(given: Iterable[str], order: Order) -> bool:
    """Whether one plan is right for all values, because an index has the order that is asked for.

    Else PostgreSQL has to look how many there are of what is asked for before it chooses.
    """
    return order is not BY_TITLE and "language" not in given


def _rows(sql: str, parameters: dict[str, Any], prepared: bool) -> list[tuple[Any, ...]]:
    with prepared_cursor() if prepared else connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def cut(viewer: Viewer, rows: list[tuple[Any, ...]], size: int, start: Position | None) -> Page:
    """The page out of its rows `(listing, key, asks, card)`, one more than fits if the list goes on."""
    if start and not rows:
        # All that was here has gone; the way back leads to where this page began.
        back = replace(start, backwards=not start.backwards, inclusive=not start.inclusive)
        return Page([], None, back) if start.backwards else Page([], back, None)
    more, rows = len(rows) > size, rows[:size]
    backwards = start is not None and start.backwards
    if backwards:
        rows.reverse()
    tier = viewer.tier
    cards = [locked_card(card, tier, asks) for _, _, asks, card in rows]
    before = _position(rows[0], backwards=True) if (more if backwards else start) else None
    after = _position(rows[-1]) if more or backwards else None
    return Page(cards, before, after)


def _position(row: tuple[Any, ...], *, backwards: bool = False) -> Position:
    listing, key = row[:2]
    return Position(key.isoformat() if isinstance(key, datetime) else str(key), listing, backwards)


def locked_card(card: str, tier: int, asks: int | None) -> str:
    """A card's JSON with its lock; `asks` as in `offers.locked`."""
    return card[:-1] + _tail(tier, asks)


@lru_cache(maxsize=100)
def _tail(tier: int, asks: int | None) -> str:
    """How a card's JSON ends: with `locked`: null, or the code and the reason why it does not play."""
    lock = offers.locked(tier, asks)
    return f',"locked":{"null" if lock else _json(_reason(lock))}}}'


def read(viewer: Viewer, slug: str) -> str | None:
    """The document of a live title that the viewer may see, with what of it plays; None: there is none."""
    for maturity, announced, told, document in _rows(FOUND, {"reads": viewer.language, "slug": slug}, True):
        rights = Rights.of(orjson.loads(told))
        if offers.sees(viewer, maturity, announced, rights.title):
            return f"{document[:-1]},{_json(_told(viewer, maturity, rights))[1:]}"
    return None


def moved_to(viewer: Viewer, slug: str) -> str | None:
    """The present address of a title that the viewer may see and that used to have this one."""
    for maturity, announced, told, present in _rows(MOVED, {"slug": slug}, True):
        if offers.sees(viewer, maturity, announced, Rights.of(orjson.loads(told)).title):
            return str(present)
    return None


def _told(viewer: Viewer, maturity: int, rights: Rights) -> dict[str, Any]:
    """`playable` for the title; `locks` for the seasons and episodes with windows of their own."""
    playable = offers.decide(viewer, maturity, rights.title)
    locks = {
        part: _reason(lock)
        for part, levels in rights.parts()
        if not (lock := offers.decide(viewer, maturity, *levels))
    }
    return {
        "offers": [_offer(one) for one in rights.title if one.concerns(viewer)],
        "playable": {"allowed": playable.allowed, **_reason(playable)},
        "locks": locks,
    }


def _offer(offer: Offer) -> dict[str, Any]:
    return {
        "tier": Tier(offer.tier).label,
        "starts_at": offer.starts_at,
        "ends_at": offer.ends_at,
        "max_height": offer.max_height,
        "languages": offer.languages,
    }


def _reason(decision: Decision) -> dict[str, str]:
    return {"code": decision.code, "detail": decision.detail}


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_UTC_Z).decode()
