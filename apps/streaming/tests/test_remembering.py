"""What is remembered of real sessions: by a clock that was set back, and of a child."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.accounts.tests.factories import ProfileFactory
from apps.accounts.tests.steps import V1
from apps.billing.models import Plan
from apps.catalog.models import Title
from apps.engagement.services import consumer
from apps.streaming.tokens import playback_token, read_playback

from . import steps
from .steps import beat, started

pytestmark = pytest.mark.django_db
DAY_MS = 86_400_000


def ahead(answer: dict[str, Any], days: int = 1) -> dict[str, Any]:
    """The session as it would be if it had begun while the clock of Redis was ahead by so much."""
    claims = read_playback(answer["playback_token"])
    made = replace(claims, epoch=claims.epoch + days * DAY_MS)
    return {**answer, "playback_token": playback_token(made)}


def epoch_of(answer: dict[str, Any]) -> int:
    return read_playback(answer["playback_token"]).epoch


# --- A clock that is set back --------------------------------------------------------------------------


def test_a_session_that_begins_after_the_clock_was_set_back_still_counts(
    watching: APIClient, film: Title
) -> None:
    before = ahead(started(watching))
    assert beat(before, 7, 300_000).status_code == 200
    steps.stop(before)

    after = started(watching)
    assert after["resume_ms"] == 300_000
    assert epoch_of(after) == epoch_of(before) + 1
    assert beat(after, 0, 120_000).status_code == 200
    steps.stop(after)

    assert started(watching)["resume_ms"] == 120_000


def test_so_does_another_episode_on_the_card_of_its_series(watching: APIClient, plans: Any) -> None:
    series = steps.series()
    first, second = (str(one.public_id) for one in series.seasons.get().episodes.order_by("number"))
    before = ahead(started(watching, episode=first))
    assert beat(before, 7, 300_000).status_code == 200
    steps.stop(before)

    after = started(watching, episode=second)
    assert beat(after, 0, 60_000).status_code == 200

    (card,) = watching.get(f"{V1}/me/continue-watching").json()["results"]
    assert (card["episode"]["id"], card["position_ms"]) == (second, 60_000)


def test_epochs_are_otherwise_the_time_at_which_a_session_began(watching: APIClient, film: Title) -> None:
    first = started(watching)
    steps.stop(first)
    second = started(watching)

    assert 0 < epoch_of(second) - epoch_of(first) < DAY_MS


# --- A child ---------------------------------------------------------------------------------------------


def test_beats_of_a_child_resume_and_are_no_events(
    watching: APIClient, viewer: User, premium: Plan, sign_in: Any, mongo: Any
) -> None:
    tame = steps.film("tame", maturity=0)
    child = sign_in(viewer, ProfileFactory(account=viewer, kid=True, maturity=7))
    theirs, ours = started(child, tame), started(watching, tame)
    for one in (theirs, ours):
        for seq in range(3):
            assert beat(one, seq, 100_000 + seq).status_code == 200

    consumer.drain(consumer.Pace())

    sessions = [one["session"] for one in mongo.engagement_events.find({"type": "beat"})]
    assert sessions == [ours["session_id"]] * 3
    kept = {one["_id"]: one["kid"] for one in mongo.viewing_sessions.find()}
    assert kept == {theirs["session_id"]: True, ours["session_id"]: False}
    steps.stop(theirs)
    assert started(child, tame)["resume_ms"] == 100_002


def test_what_a_child_s_player_tells_beside_is_no_event_either(
    viewer: User, premium: Plan, sign_in: Any, mongo: Any
) -> None:
    tame = steps.film("tame", maturity=0)
    child = sign_in(viewer, ProfileFactory(account=viewer, kid=True, maturity=7))
    click = {"event_id": str(uuid4()), "type": "click"}

    told = beat(started(child, tame), 0, 1000, events=[click]).json()
    consumer.drain(consumer.Pace())

    assert [one["code"] for one in told["rejected"]] == ["kid_profile"]
    assert mongo.engagement_events.count_documents({}) == 0
