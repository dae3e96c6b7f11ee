"""Manifests made for one viewer, and the texts and objects that they lead to."""

from functools import lru_cache

from django.conf import settings

from apps.core.errors import STORE_ERRORS
from apps.engagement.services import preferences
from apps.media import mpd, playlists
from apps.media.playlists import Package
from apps.streaming.tokens import MediaClaims
from apps.streaming.viewable import Limits, Wishes, arranged, within

from . import shelves
from .opening import NotThere
from .shelves import TOKEN, Item, Shelf


def hls(claims: MediaClaims, token: str, form: str) -> str:
    """The multivariant playlist. `form`: which keys it names, `shelves.IDENTITY` or `CLEAR_KEY`.

    Raises `NotThere`.
    """
    text = _hls(_shelf(claims), Limits.of(claims), wishes(claims), form)
    return text.replace(TOKEN, token)


def dash(claims: MediaClaims, token: str) -> str:
    """The MPD. Raises `NotThere`."""
    return _dash(_shelf(claims), Limits.of(claims), wishes(claims)).replace(TOKEN, token)


def item(claims: MediaClaims, address: str) -> Item:
    """What lies at that address, if it is there and these claims allow it. Raises `NotThere`."""
    found = _shelf(claims).items.get(address)
    if found is None or not Limits.of(claims).permit(found.height, found.language):
        raise NotThere
    return found


def wishes(claims: MediaClaims) -> Wishes:
    """None while the store of preferences is away: the film plays all the same."""
    try:
        told = preferences.of(claims.account, claims.profile)
    except STORE_ERRORS:
        return Wishes()
    return Wishes(told["audio_language"], told["audio_description"], told["subtitle_language"])


def _shelf(claims: MediaClaims) -> Shelf:
    found = shelves.shelf(claims.asset, claims.edition)
    if found is None:
        raise NotThere
    return found


# The same for all viewers of the same plan and the same wishes; only the token differs.


@lru_cache(maxsize=256)
def _hls(shelf: Shelf, limits: Limits, wished: Wishes, form: str) -> str:
    package = _seen(shelf, limits, wished)
    query = f"?keys={form}" if package.scheme and form != shelves.IDENTITY else ""

    def at(name: str) -> str:
        return shelf.at(name) + query

    keys = shelves.keys_of(package, form) if package.scheme else None
    return playlists.master(package, at=at, keys=keys)


@lru_cache(maxsize=256)
def _dash(shelf: Shelf, limits: Limits, wished: Wishes) -> str:
    package = _seen(shelf, limits, wished)
    licence = f"{settings.SITE_URL}/play/{TOKEN}/licence" if package.scheme else ""
    return mpd.write(package, at=shelf.at, licence=licence)


def _seen(shelf: Shelf, limits: Limits, wished: Wishes) -> Package:
    package = arranged(within(shelf.package, limits), wished)
    if shelf.package.videos and not package.videos:
        raise NotThere
    return package
