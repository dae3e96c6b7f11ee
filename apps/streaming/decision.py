"""May this profile play this, here and now? Pure: one order of judgements, of which the first refusal counts.

Rights are the catalogue's (`catalog.offers`), tier and streams are the plan's; this puts them in line. A
title's page tells the same of rights as `judge` does. What one more stream would be is judged here for
people to read; when a session starts, the script of `store.leases` counts and takes it in one step.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from apps.catalog import offers
from apps.catalog.models import Tier
from apps.catalog.offers import Offers, Terms, Viewer
from apps.core.decisions import ALLOWED, Decision, refused


@dataclass(frozen=True, slots=True)
class Shown:
    """What is live of a title: its rating, and the rights windows of the title, the season, the episode.

    `is_extra`: a trailer or the like is meant. Whoever sees the title may see it, with whatever plan, also
    ahead of the title's time if that is announced.
    """

    maturity: int
    announced: bool
    levels: Sequence[Offers]
    is_extra: bool = False


@dataclass(frozen=True, slots=True)
class Video:
    """What there is to play: rungs in lines, and languages of the sound."""

    heights: Sequence[int]
    audio: Sequence[str]


@dataclass(frozen=True, slots=True)
class Ask:
    """Who wants to play what.

    `viewer` has the tier of the plan. `shown` None: nothing is live by that name. `max_height`: what the plan
    and the device can do; None: no limit. `playing` of `streams` are in use. `decodable`: what of the video
    is in codecs that the device plays; None: it did not say which.
    """

    viewer: Viewer
    shown: Shown | None
    verified: bool
    video: Video | None
    max_height: int | None
    streams: int
    playing: int
    decodable: Video | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One judgement; `offers` are the windows that it looked at."""

    name: str
    decision: Decision
    offers: Offers = ()


HIDDEN = offers.HIDDEN
# Viewers are told HIDDEN instead: that there is something would say too much.
TOO_MATURE = refused("maturity_restricted", "It is rated above what the profile may see.")
UNVERIFIED = refused("email_unverified", "Confirm your e-mail address first.")
NOT_READY = refused("not_ready", "There is nothing to play of it yet.")
UNSUPPORTED = refused("device_unsupported", "This device plays none of the codecs that it is there in.")
FULL = refused("stream_limit", "All streams of the plan are in use.")
LEVELS = ("rights of the title", "rights of the season", "rights of the episode")


def judge(ask: Ask) -> Decision:
    """The first refusal in the words for viewers, or that it is allowed."""
    refusal = next((step.decision for step in steps(ask) if not step.decision), ALLOWED)
    return HIDDEN if refusal is TOO_MATURE else refusal


def steps(ask: Ask) -> Iterator[Step]:
    """Every judgement in its order, whether or not an earlier one refuses; without a title there is one."""
    shown = ask.shown
    yield Step("is live", ALLOWED if shown else HIDDEN)
    if shown is None:
        return
    yield Step("maturity", TOO_MATURE if shown.maturity > ask.viewer.ceiling else ALLOWED)
    rights = list(_rights(ask.viewer, shown))
    yield from rights
    yield Step("e-mail address", ALLOWED if ask.verified or shown.is_extra else UNVERIFIED)
    # Where no window holds there are no terms; what plan and device do to the video is still to be told.
    allowed = all(step.decision for step in rights)
    its = terms(ask) if allowed else Terms(ask.max_height, None)
    yield Step("video", _plays(ask.video, its))
    if ask.decodable is not None:
        yield Step("device", _decodes(ask.video, ask.decodable, its))
    yield Step("streams", ALLOWED if ask.playing < ask.streams else FULL)


def terms(ask: Ask) -> Terms:
    """How it may be shown, by the windows that hold and by plan and device."""
    if ask.shown is None:
        return Terms(0, frozenset())
    if ask.shown.is_extra:
        return Terms(ask.max_height, None)
    of_rights = offers.terms(ask.viewer, *ask.shown.levels)
    heights = [one for one in (of_rights.max_height, ask.max_height) if one is not None]
    return Terms(min(heights, default=None), of_rights.languages)


def tier_that_would_do(viewer: Viewer, shown: Shown) -> int | None:
    """The lowest tier above the viewer's with which rights would let them play it; None: none would."""
    return next(
        (
            tier
            for tier in sorted(one.value for one in Tier)
            if tier > viewer.tier and offers.decide(replace(viewer, tier=tier), shown.maturity, *shown.levels)
        ),
        None,
    )


def tallest(video: Video, its: Terms) -> int | None:
    """The highest rung within the terms."""
    fitting = (one for one in video.heights if its.max_height is None or one <= its.max_height)
    return max(fitting, default=None)


def speaks(languages: frozenset[str] | None, language: str) -> bool:
    """Whether a track in the language is licensed; a licence for `en` is one for `en-GB`."""
    return languages is None or language in languages or language.partition("-")[0] in languages


def _rights(viewer: Viewer, shown: Shown) -> Iterator[Step]:
    """Level by level what `offers.decide` says of all of them. Lower ones without windows inherit."""
    if shown.is_extra:
        title = shown.levels[0]
        yield Step(LEVELS[0], _hidden_unless(shown, offers.sees(viewer, 0, shown.announced, title)), title)
        return
    for depth, level in enumerate(shown.levels):
        decision = offers.decide(viewer, 0, level) if level or depth == 0 else ALLOWED
        yield Step(LEVELS[depth], _hidden_unless(shown, decision) if depth == 0 else decision, level)


def _hidden_unless(shown: Shown, decision: Decision) -> Decision:
    """What has not been announced yet, the catalogue does not show to anybody either."""
    return HIDDEN if decision == offers.NOT_YET and not shown.announced else decision


def _plays(video: Video | None, its: Terms) -> Decision:
    """Whether a rung and, unless the film is silent, a sound are left."""
    if video is None or tallest(video, its) is None:
        return NOT_READY
    if video.audio and not any(speaks(its.languages, language) for language in video.audio):
        return NOT_READY
    return ALLOWED


def _decodes(video: Video | None, decodable: Video, its: Terms) -> Decision:
    """Whether there is still something to see, and to hear unless the film is silent."""
    heard = not (video and video.audio) or bool(decodable.audio)
    return ALLOWED if heard and _plays(decodable, its) else UNSUPPORTED
