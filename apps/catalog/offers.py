"""Rights: may this viewer see a title, may they play it, and if not, why.

Pure. `Listing.objects.visible_to` and the statement of `shelf` ask the database the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from apps.core.decisions import ALLOWED, Decision, refused

from .models import Tier, Window


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks, as far as rights care: `territory` is an ISO 3166 code, or "" where it is unknown."""

    territory: str
    tier: int
    ceiling: int
    kid: bool
    language: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Offer:
    """One rights window. It holds from `starts_at` until just before `ends_at`; None is without an end."""

    scope: str
    countries: Sequence[str]
    tier: int
    starts_at: datetime | None
    ends_at: datetime | None
    max_height: int | None = None
    languages: Sequence[str] = ()

    @classmethod
    def of(cls, window: Mapping[str, Any]) -> Self:
        """Out of a row's values, or of the JSON of `Listing.offers`, whose moments are RFC 3339."""
        return cls(
            scope=window["scope"],
            countries=window["countries"],
            tier=window["tier"],
            starts_at=_moment(window["starts_at"]),
            ends_at=_moment(window["ends_at"]),
            max_height=window.get("max_height"),
            languages=window.get("languages", ()),
        )

    def admits(self, territory: str) -> bool:
        """Of an unknown territory nobody can say that it is, or is not, in a list."""
        if self.scope == Window.Territories.EVERYWHERE:
            return True
        return bool(territory) and (territory in self.countries) is (self.scope == Window.Territories.ONLY)

    def concerns(self, viewer: Viewer) -> bool:
        """Whether it lets the viewer's territory in, now or later."""
        return self.admits(viewer.territory) and not self.is_over(viewer.at)

    def is_over(self, at: datetime) -> bool:
        return self.ends_at is not None and self.ends_at <= at

    def is_ahead(self, at: datetime) -> bool:
        return self.starts_at is not None and self.starts_at > at

    def is_current(self, at: datetime) -> bool:
        return not self.is_over(at) and not self.is_ahead(at)


def _moment(value: datetime | str | None) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


Offers = Sequence[Offer]


@dataclass(frozen=True, slots=True)
class Rights:
    """All windows of a live title: its own, and those of seasons and episodes that narrow them."""

    title: Offers
    _told: Mapping[str, Any]

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """Out of `Listing.offers`, as `compile` writes it."""
        return cls([Offer.of(window) for window in told["title"]], told)

    def season(self, season: str) -> tuple[Offers, Offers]:
        """The levels for `decide`, of the season with this id."""
        return self.title, [Offer.of(window) for window in self._told["seasons"][season]]

    def episode(self, episode: str) -> tuple[Offers, Offers, Offers]:
        """The levels for `decide`, of the episode with this id; `KeyError`: the title has none such."""
        told = self._told["episodes"][episode]
        return *self.season(told["season"]), [Offer.of(window) for window in told["windows"]]

    def parts(self) -> Iterable[tuple[str, tuple[Offers, ...]]]:
        """The seasons and episodes with windows of their own, by id."""
        yield from ((one, self.season(one)) for one, windows in self._told["seasons"].items() if windows)
        for one, told in self._told["episodes"].items():
            if told["windows"]:
                yield one, self.episode(one)


HIDDEN = refused("not_found", "There is no such title.")
NOT_YET = refused("not_available_yet", "It is not available yet.")
NO_LONGER = refused("no_longer_available", "It is no longer available.")
ELSEWHERE = refused("territory_restricted", "It is not available where you are.")


def decide(viewer: Viewer, maturity: int, *levels: Offers) -> Decision:
    """Whether the viewer may play it now.

    `levels` are the windows of the title, then those of the season and of the episode that is meant. A
    lower level without windows inherits; one with windows narrows. The first refusal wins.
    """
    if maturity > viewer.ceiling:
        return HIDDEN
    return next((no for level in _telling(levels) if not (no := _judged(viewer, level))), ALLOWED)


def sees(viewer: Viewer, maturity: int, announced: bool, offers: Offers) -> Decision:
    """Whether the catalogue shows it: on offer here, for whatever plan, or announced for later."""
    if maturity > viewer.ceiling:
        return HIDDEN
    if any(offer.concerns(viewer) and (announced or not offer.is_ahead(viewer.at)) for offer in offers):
        return ALLOWED
    return _judged(viewer, offers)


def locked(tier: int, asks: int | None) -> Decision:
    """Whether what a viewer sees plays with their tier; `asks` is the lowest that plays it here and now."""
    if asks is None:
        return NOT_YET
    if asks <= tier:
        return ALLOWED
    return refused("plan_required", f"It needs the {Tier(asks).label} plan.")


@dataclass(frozen=True, slots=True)
class Terms:
    """How something may be shown: lines at most, and languages of sound and subtitles; None: any."""

    max_height: int | None
    languages: frozenset[str] | None


def terms(viewer: Viewer, *levels: Offers) -> Terms:
    """The terms of what `decide` allows.

    Of several windows that hold, the one with the most lines counts: rights of two licences do not add up
    to a third. Each further level narrows.
    """
    best = Terms(None, None)
    for level in _telling(levels):
        best = _narrowed(best, _best([offer for offer in level if _holds(viewer, offer)]))
    return best


def _telling(levels: Sequence[Offers]) -> Iterable[Offers]:
    """The title's level, which must offer something, and those below that have anything to say."""
    return (level for depth, level in enumerate(levels or [()]) if level or depth == 0)


def _judged(viewer: Viewer, offers: Offers) -> Decision:
    at = viewer.at
    current = [offer for offer in offers if offer.is_current(at)]
    if not current:
        return NOT_YET if any(offer.is_ahead(at) for offer in offers) else NO_LONGER
    here = [offer for offer in offers if offer.admits(viewer.territory)]
    asks = min((offer.tier for offer in here if offer.is_current(at)), default=None)
    if asks is not None:
        return locked(viewer.tier, asks)
    if any(offer.is_ahead(at) for offer in here):
        return NOT_YET
    return NO_LONGER if here else ELSEWHERE


def _holds(viewer: Viewer, offer: Offer) -> bool:
    return offer.tier <= viewer.tier and offer.is_current(viewer.at) and offer.admits(viewer.territory)


def _best(offers: Offers) -> Terms:
    if not offers:
        return Terms(0, frozenset())
    heights = [offer.max_height for offer in offers]
    height = None if None in heights else max(one for one in heights if one is not None)
    equals = [offer for offer in offers if offer.max_height == height]
    if any(not offer.languages for offer in equals):
        return Terms(height, None)
    return Terms(height, frozenset(language for offer in equals for language in offer.languages))


def _narrowed(one: Terms, other: Terms) -> Terms:
    heights = [terms.max_height for terms in (one, other) if terms.max_height is not None]
    named = [terms.languages for terms in (one, other) if terms.languages is not None]
    return Terms(min(heights, default=None), frozenset.intersection(*named) if named else None)
