"""Everything that a decision is made from, gathered for one account, profile and place."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from apps.billing.entitlements import Entitlement
from apps.billing.services import entitlement_of
from apps.catalog.offers import Viewer
from apps.engagement.services import positions
from apps.streaming.decision import Ask, Video, judge

from .finding import Live, Part, Tracks, Wanted, live, tracks


@dataclass(frozen=True, slots=True)
class Abilities:
    """Of a device: the most lines that it shows, and what it decodes, by the names of `streaming.codecs`.
    None: it did not say."""

    max_height: int | None = None
    codecs: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Who:
    """Who wants to play: `account_pk` is the key inside, `account` and `profile` are public ids."""

    account_pk: int
    account: str
    profile: str
    verified: bool
    ceiling: int
    kid: bool
    language: str
    territory: str


@dataclass(frozen=True, slots=True)
class Case:
    """A question and what it is about; `part` None: the title has nothing that plays. `able`: the device."""

    ask: Ask
    able: Abilities
    entitlement: Entitlement
    live: Live | None
    part: Part | None
    tracks: Tracks | None


def gather(
    who: Who, wanted: Wanted, *, at: datetime, able: Abilities | None = None, playing: int = 0
) -> Case:
    """The case of what is wanted. A series goes on where the profile was."""
    able = able or Abilities()
    entitlement = entitlement_of(who.account_pk, at)
    viewer = Viewer(who.territory, entitlement.tier, who.ceiling, who.kid, who.language, at)
    found, part = live(wanted)
    if found is not None and part is None:
        part = _goes_on(found, who)
    seen = tracks(part.asset) if part else None
    heights = [one for one in (entitlement.max_height, able.max_height) if one is not None]
    ask = Ask(
        viewer=viewer,
        shown=found.shown(part) if found else None,
        verified=who.verified or not settings.REQUIRE_VERIFIED_EMAIL,
        video=seen.video() if seen else None,
        max_height=min(heights, default=None),
        streams=entitlement.streams,
        playing=playing,
        decodable=_decodable(seen, able),
    )
    return Case(ask, able, entitlement, found, part, seen)


def _goes_on(found: Live, who: Who) -> Part | None:
    """The episode on the profile's card of the series, else the first."""
    cards = positions.continue_watching(who.account, who.profile)
    content = next((one.content for one in cards if one.card == found.id), "")
    return found.contents.parts.get(content) or found.contents.first()


def _decodable(seen: Tracks | None, able: Abilities) -> Video | None:
    return seen.video(able.codecs) if seen and able.codecs is not None else None


def next_part(case: Case) -> Part | None:
    """The episode after the one that plays, if the viewer may play it now, and the device can."""
    if case.live is None or case.part is None:
        return None
    following = next(iter(case.live.contents.after(case.part)), None)
    if following is None:
        return None
    seen = tracks(following.asset)
    ask = Ask(
        case.ask.viewer, case.live.shown(following), case.ask.verified, seen.video() if seen else None,
        case.ask.max_height, streams=1, playing=0, decodable=_decodable(seen, case.able),
    )  # fmt: skip
    return following if judge(ask) else None
