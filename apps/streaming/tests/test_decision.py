"""The decision: its order, its words, and that a title's page tells the same."""

import os
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from apps.catalog import offers, shelf
from apps.catalog.models import Tier
from apps.catalog.offers import Offer, Rights, Viewer
from apps.catalog.tests.shelves import NOON, only, put, window
from apps.streaming import decision
from apps.streaming.decision import Ask, Shown, Video, judge, steps, terms, tier_that_would_do

SEED = int(os.environ.get("DECISION_SEED", "20261127"))
FREE, PREMIUM = Tier.FREE.value, Tier.PREMIUM.value
EPISODE, SEASON = str(UUID(int=1)), str(UUID(int=2))
VIEWER = Viewer("IN", FREE, 18, False, "en", NOON)
VIDEO = Video([360, 720], ["en"])
OPEN = Shown(0, False, [[Offer("everywhere", [], FREE, None, None)]])
ASK = Ask(VIEWER, OPEN, True, VIDEO, None, 2, 0)


def code(**changes: Any) -> str:
    return judge(replace(ASK, **changes)).code


def shown(*windows: Any, **fields: Any) -> Shown:
    return replace(OPEN, levels=[[Offer.of(one) for one in windows]], **fields)


def test_what_nothing_stands_against_is_allowed() -> None:
    assert judge(ASK)
    assert all(step.decision for step in steps(ASK))


def test_the_first_refusal_counts() -> None:
    """Everything is wrong; one after the other is put right."""
    elsewhere = shown(only("US", tier=PREMIUM), maturity=18)
    ask = Ask(replace(VIEWER, ceiling=7), None, False, None, None, 2, 2)
    order = [judge(ask).code]
    for right in (
        {"shown": elsewhere}, {"viewer": VIEWER}, {"shown": shown(window(tier=PREMIUM))},
        {"viewer": replace(VIEWER, tier=PREMIUM)}, {"verified": True}, {"video": VIDEO}, {"playing": 1},
    ):  # fmt: skip
        ask = replace(ask, **right)
        order.append(judge(ask).code)

    assert order == [
        "not_found", "not_found", "territory_restricted", "plan_required", "email_unverified", "not_ready",
        "stream_limit", "",
    ]  # fmt: skip


def test_staff_see_why_what_viewers_are_told_is_not_there() -> None:
    ask = replace(ASK, viewer=replace(VIEWER, ceiling=7), shown=replace(OPEN, maturity=13))

    assert judge(ask) == offers.HIDDEN
    assert [step.decision.code for step in steps(ask) if not step.decision] == ["maturity_restricted"]


def test_nothing_that_is_not_announced_is_told_of_before_its_time() -> None:
    later = window(starts_at=NOON + timedelta(days=1))

    assert code(shown=shown(later)) == "not_found"
    assert code(shown=shown(later, announced=True)) == "not_available_yet"


def test_every_step_is_told_whatever_an_earlier_one_says() -> None:
    names = [step.name for step in steps(replace(ASK, verified=False, shown=shown(window(tier=PREMIUM))))]

    assert names == ["is live", "maturity", "rights of the title", "e-mail address", "video", "streams"]


@pytest.mark.parametrize(
    ("of_plan", "of_window", "expected"),
    [(None, None, None), (480, None, 480), (None, 480, 480), (480, 720, 480), (1080, 720, 720)],
)
def test_plan_and_window_limit_the_height(
    of_plan: int | None, of_window: int | None, expected: int | None
) -> None:
    ask = replace(ASK, max_height=of_plan, shown=shown(window(max_height=of_window)))

    assert terms(ask).max_height == expected


def test_no_rung_low_enough_and_no_licensed_sound_are_nothing_to_play() -> None:
    assert code(max_height=240) == "not_ready"
    assert code(shown=shown(window(languages=["ta"]))) == "not_ready"
    assert code(shown=shown(window(languages=["ta"])), video=replace(VIDEO, audio=[])) == ""
    assert code(video=None) == "not_ready"


def test_a_device_needs_a_codec_of_the_picture_and_one_of_the_sound() -> None:
    assert code(decodable=VIDEO) == ""
    assert code(decodable=Video([], ["en"])) == "device_unsupported"
    assert code(decodable=Video([360], [])) == "device_unsupported"
    assert code(decodable=Video([360], []), video=replace(VIDEO, audio=[])) == ""
    assert code(decodable=Video([720], ["en"]), max_height=360) == "device_unsupported"
    assert code(decodable=Video([], []), video=None) == "not_ready"


def test_the_tier_that_would_do_is_the_lowest_one() -> None:
    assert tier_that_would_do(VIEWER, shown(window(tier=PREMIUM))) == PREMIUM
    assert tier_that_would_do(VIEWER, shown(only("US", tier=PREMIUM))) is None


# --- One policy ----------------------------------------------------------------------------------------

MOMENTS = [None, *(NOON + timedelta(hours=hour) for hour in (-2, -1, 1, 2))]


@st.composite
def windows(draw: Any) -> Any:
    starts_at = draw(st.sampled_from(MOMENTS))
    ends_at = draw(st.sampled_from(MOMENTS))
    if starts_at and ends_at and ends_at <= starts_at:
        ends_at = None
    scope = draw(st.sampled_from(["everywhere", "only", "except"]))
    named = [] if scope == "everywhere" else [draw(st.sampled_from(["IN", "US"]))]
    tier = draw(st.sampled_from([FREE, PREMIUM]))
    return window(scope=scope, countries=named, tier=tier, starts_at=starts_at, ends_at=ends_at)


viewers = st.builds(
    Viewer, st.sampled_from(["", "IN", "US"]), st.sampled_from([FREE, PREMIUM]), st.sampled_from([7, 18]),
    st.booleans(), st.just("en"), st.sampled_from([NOON, NOON + timedelta(hours=1)]),
)  # fmt: skip


@pytest.mark.django_db
@seed(SEED)
@given(
    of_title=st.lists(windows(), max_size=3), of_season=st.lists(windows(), max_size=2),
    of_episode=st.lists(windows(), max_size=2), maturity=st.sampled_from([0, 13]), announced=st.booleans(),
    watching=st.lists(viewers, min_size=3, max_size=6),
)  # fmt: skip
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_title_s_page_and_play_tell_the_same(
    of_title: Any, of_season: Any, of_episode: Any, maturity: int, announced: bool, watching: list[Viewer]
) -> None:
    with transaction.atomic():
        told = {"maturity": maturity, "announced": announced, "seasons": {SEASON: of_season}}
        episodes = {EPISODE: {"season": SEASON, "windows": of_episode}}
        # `put` would take no windows for one.
        listing = put("series", *(of_title or [window(ends_at=NOON - timedelta(days=9))]),
                      episodes=episodes, **told)  # fmt: skip
        rights = Rights.of(listing.offers)
        for viewer in watching:
            _judged_alike(viewer, rights, maturity, announced)
        transaction.set_rollback(True)


def _judged_alike(viewer: Viewer, rights: Rights, maturity: int, announced: bool) -> None:
    def play(levels: Any) -> str:
        return judge(replace(ASK, viewer=viewer, shown=Shown(maturity, announced, levels), playing=0)).code

    page = shelf.read(viewer, "series")
    if page is None:
        assert play((rights.title,)) != ""
        assert play(rights.episode(EPISODE)) != ""
        return
    document = orjson.loads(page)
    of_title = document["playable"]["code"]
    own = [part for part, _ in rights.parts()]
    lock = document["locks"].get(EPISODE) or (document["locks"].get(SEASON) if EPISODE not in own else None)
    of_episode = lock["code"] if lock else ("" if {EPISODE, SEASON} & set(own) else of_title)
    # What is shown without its time having come was announced, so nothing turns into "not found".
    assert play((rights.title,)) == of_title
    assert play(rights.episode(EPISODE)) == of_episode
    assert decision.judge(replace(ASK, shown=None)).code == "not_found"
