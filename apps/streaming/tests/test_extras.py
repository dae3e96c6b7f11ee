"""Trailers and other extras: for whoever sees the title, whatever the plan, and with nothing to resume."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.maturity import Maturity
from apps.accounts.models import Profile, User
from apps.accounts.tests.factories import ProfileFactory
from apps.accounts.tests.steps import V1, refused
from apps.billing.models import Plan
from apps.catalog.models import Extra, Tier, Title, Window
from apps.catalog.tests.factories import AssetFactory
from apps.engagement.services import consumer
from apps.streaming.models import PlaybackSession
from apps.streaming.services import judging
from apps.streaming.tokens import read_playback

from . import steps
from .steps import beat, start, started

pytestmark = pytest.mark.django_db


@pytest.fixture
def gold(db: None) -> Title:
    return with_trailer(steps.film("gold", tier=Tier.PREMIUM))


def with_trailer(title: Title) -> Title:
    Extra.objects.create(title=title, name="Trailer", asset=AssetFactory(duration_ms=90_000))
    steps.with_bytes()
    return steps.show(title)


def trailer_of(title: Title) -> str:
    return str(title.extras.get().public_id)


def test_a_trailer_plays_whatever_the_plan(watching: APIClient, gold: Title) -> None:
    refused(start(watching, gold), 403, "plan_required")

    playing = started(watching, gold, extra=trailer_of(gold))

    assert (playing["extra_id"], playing["episode_id"]) == (trailer_of(gold), None)
    assert (playing["title_id"], playing["name"]) == (str(gold.public_id), "Trailer")
    assert (playing["duration_ms"], playing["next_episode"], playing["segments"]) == (90_000, None, [])
    claims = read_playback(playing["playback_token"])
    assert (claims.content, claims.card, claims.next_content) == (trailer_of(gold), "", "")
    assert str(PlaybackSession.objects.get().extra) == trailer_of(gold)


def test_its_id_is_enough(watching: APIClient, gold: Title) -> None:
    answer = watching.post(steps.SESSIONS, {"extra": trailer_of(gold), **steps.DEVICE})

    assert answer.json()["title_id"] == str(gold.public_id)


def test_of_a_series_too(watching: APIClient, plans: dict[str, Plan]) -> None:
    series = with_trailer(steps.series())

    assert started(watching, series, extra=trailer_of(series))["name"] == "Trailer"


def test_nothing_is_remembered_of_where_somebody_was(
    watching: APIClient, gold: Title, viewer: User, profile: Profile, mongo: Any
) -> None:
    playing = started(watching, gold, extra=trailer_of(gold))
    for seq, at_ms in enumerate((0, 10_000, 45_000)):
        assert beat(playing, seq, at_ms).status_code == 200
    consumer.drain(consumer.Pace())
    steps.stop(playing)

    assert started(watching, gold, extra=trailer_of(gold))["resume_ms"] == 0
    for listed in ("continue-watching", "history"):
        assert watching.get(f"{V1}/me/{listed}").json()["results"] == []
    told = mongo.viewing_sessions.find_one({"_id": playing["session_id"]})
    assert (told["content"], told["card"], told["title"]) == (trailer_of(gold), "", str(gold.public_id))


def test_it_takes_a_stream(watching: APIClient, gold: Title, plans: dict[str, Plan]) -> None:
    started(watching, gold, extra=trailer_of(gold))

    refused(start(watching, steps.film("other")), 409, "stream_limit")


# --- Who sees it -------------------------------------------------------------------------------------


def test_a_trailer_is_there_before_an_announced_title_and_not_before_a_secret_one(
    watching: APIClient, gold: Title
) -> None:
    Window.objects.filter(title=gold).update(starts_at=timezone.now() + timedelta(days=3))
    steps.show(gold)
    refused(start(watching, gold, extra=trailer_of(gold)), 404, "not_found")

    gold.announced = True
    gold.save()
    steps.show(gold)

    assert started(watching, gold, extra=trailer_of(gold))
    refused(start(watching, gold), 403, "not_available_yet")


@pytest.mark.parametrize(
    ("windows", "code"),
    [({"scope": "only", "countries": ["JP"]}, "territory_restricted"),
     ({"ends_at": timezone.now() - timedelta(days=1)}, "no_longer_available")],
)  # fmt: skip
def test_rights_of_the_title_hold(
    watching: APIClient, gold: Title, windows: dict[str, Any], code: str
) -> None:
    Window.objects.filter(title=gold).update(**windows)
    steps.show(gold)

    refused(start(watching, gold, extra=trailer_of(gold)), 403, code)


def test_a_child_sees_no_trailer_of_what_it_may_not_see(
    watching: APIClient, viewer: User, sign_in: Any, plans: dict[str, Plan]
) -> None:
    wild = with_trailer(steps.film("wild", maturity=Maturity.UA_16))
    child = sign_in(viewer, ProfileFactory(account=viewer, kid=True, maturity=Maturity.UA_7))

    refused(start(child, wild, extra=trailer_of(wild)), 404, "not_found")
    assert started(watching, wild, extra=trailer_of(wild))


def test_an_extra_that_is_not_ready_or_not_of_the_title_does_not_play(
    watching: APIClient, gold: Title, plans: dict[str, Plan]
) -> None:
    other = steps.film("other")
    refused(start(watching, other, extra=trailer_of(gold)), 404, "not_found")
    refused(start(watching, gold, extra=str(uuid4())), 404, "not_found")
    refused(start(watching, gold, extra=trailer_of(gold), episode=str(uuid4())), 400, "validation_error")
    refused(watching.post(steps.SESSIONS, {"episode": trailer_of(gold), **steps.DEVICE}), 404, "not_found")
    Extra.objects.update(asset=None)
    steps.show(gold)
    refused(start(watching, gold, extra=trailer_of(gold)), 409, "not_ready")


def test_nobody_without_a_profile(client: Any, gold: Title) -> None:
    answer = APIClient().post(steps.SESSIONS, {"extra": trailer_of(gold), **steps.DEVICE})

    refused(answer, 401, "not_authenticated")


def test_an_extra_that_is_taken_away_ends(watching: APIClient, gold: Title) -> None:
    playing = started(watching, gold, extra=trailer_of(gold))
    assert judging.end_what_was_taken_back(gold.public_id) == 0
    gold.extras.all().delete()
    steps.show(gold)

    assert judging.end_what_was_taken_back(gold.public_id) == 1
    assert PlaybackSession.objects.get(public_id=playing["session_id"]).ended_by == "withdrawn"
