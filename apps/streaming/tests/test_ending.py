"""What ends a session, and that PostgreSQL and Redis come to be of one mind whatever fails in between."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.models import DataRequest, Profile, Session, User
from apps.accounts.services import personal_data, sessions
from apps.accounts.tests.factories import PASSWORD, ProfileFactory
from apps.accounts.tests.steps import V1, refused, refused_field, work
from apps.billing.models import Plan, Subscription
from apps.billing.services import ending as subscriptions
from apps.billing.services import subscribing
from apps.billing.services.subscribing import Cause
from apps.catalog.models import Tier, Title
from apps.catalog.signals import title_unpublished
from apps.core import clients
from apps.core.network import Caller
from apps.streaming import tasks
from apps.streaming.models import EndedBy, PlaybackSession
from apps.streaming.services import ending
from apps.streaming.store import leases

from . import steps
from .steps import beat, started, stop, without_redis

pytestmark = pytest.mark.django_db
SignIn = Callable[..., APIClient]
HERE = Caller("127.0.0.1", "test", "")
Playing = dict[str, Any]


Committed = Callable[..., AbstractContextManager[Any]]


@pytest.fixture
def committed(django_capture_on_commit_callbacks: Any) -> Committed:
    """`with committed():` what follows on a commit happens at its end."""
    return partial(django_capture_on_commit_callbacks, execute=True)


def reason_of(answer: Playing) -> str:
    """Why it ended, as the next beat is told and as it is on record."""
    told = beat(answer, 9)
    refused(told, 410, "lease_lost")
    row = PlaybackSession.objects.get(public_id=answer["session_id"])
    assert row.ended_at
    assert row.released
    assert row.ended_by == told.json()["reason"]
    return str(row.ended_by)


def plays(answer: Playing) -> bool:
    return beat(answer, 9).status_code == 200


@pytest.fixture
def playing(watching: APIClient, film: Title) -> Playing:
    return started(watching)


# --- By the player -------------------------------------------------------------------------------------


def test_stopping_frees_the_stream_at_once_and_may_be_repeated(watching: APIClient, playing: Playing) -> None:
    refused(steps.start(watching), 409, "stream_limit")

    assert stop(playing).status_code == 204
    assert stop(playing).status_code == 204

    assert reason_of(playing) == "stopped"
    assert plays(started(watching))


def test_a_last_beat_is_recorded_before_the_session_stops(watching: APIClient, playing: Playing) -> None:
    last = {"seq": 1, "position_ms": 3210, "state": "paused"}
    path = f"{steps.SESSIONS}/{playing['session_id']}/stop"

    refused_field(steps.bearer(playing).post(path, {"last": {**last, "seq": -1}}), "last.seq")
    assert steps.bearer(playing).post(path, {"last": last}).status_code == 204
    assert steps.bearer(playing).post(path, {"last": {**last, "seq": 2, "position_ms": 1}}).status_code == 204

    assert reason_of(playing) == "stopped"
    assert started(watching)["resume_ms"] == 3210


def test_only_the_session_s_own_token_stops_it(watching: APIClient, playing: Playing, premium: Plan) -> None:
    other = started(watching)
    path = f"{steps.SESSIONS}/{playing['session_id']}/stop"

    refused(steps.bearer(other).post(path), 401, "not_authenticated")
    refused(watching.post(path), 401, "not_authenticated")
    refused(APIClient().post(path), 401, "not_authenticated")
    assert plays(playing)


# --- By what happens elsewhere -------------------------------------------------------------------------


def test_signing_out_ends_what_plays_on_that_device_alone(
    committed: Committed,
    watching: APIClient,
    playing: Playing,
    profile: Profile,
    premium: Plan,
    sign_in: SignIn,
) -> None:
    elsewhere = started(sign_in(profile.account, profile))

    with committed():
        assert watching.post(f"{V1}/auth/logout").status_code == 204

    assert reason_of(playing) == "signed_out"
    assert plays(elsewhere)


def test_a_new_password_ends_what_plays_on_other_devices(
    committed: Committed,
    watching: APIClient,
    playing: Playing,
    profile: Profile,
    premium: Plan,
    sign_in: SignIn,
) -> None:
    other = sign_in(profile.account, profile)
    body = {"current_password": PASSWORD, "new_password": "another good long one"}
    with committed():
        answer = other.post(f"{V1}/auth/password/change", body)
    assert answer.status_code < 300, answer.content

    assert reason_of(playing) == "signed_out"
    assert plays(started(other))


@pytest.mark.django_db(transaction=True)
def test_an_erased_account_plays_no_more_and_is_forgotten(playing: Playing, viewer: User) -> None:
    asked = personal_data.begin_erasure(viewer, caller=HERE)
    assert reason_of(playing) == "signed_out"

    work()

    done: Any = DataRequest.objects.get(pk=asked.pk).result
    assert done["erased"]["playback"] == {"playback_sessions": 1}
    assert not PlaybackSession.objects.exists()
    assert beat(playing, 10).status_code == 410


def test_an_export_tells_what_was_played(playing: Playing, viewer: User, film: Title) -> None:
    told = personal_data.HOLDERS["playback"].export(viewer)

    assert [str(one["title"]) for one in told["sessions"]] == [str(film.public_id)]


def test_a_deleted_profile_plays_no_more(
    committed: Committed, watching: APIClient, film: Title, viewer: User, premium: Plan, sign_in: SignIn
) -> None:
    guest = ProfileFactory(account=viewer)
    theirs, others = started(sign_in(viewer, guest)), started(watching)

    with committed():
        assert watching.delete(f"{V1}/profiles/{guest.public_id}", {}).status_code == 204

    assert reason_of(theirs) == "profile_deleted"
    assert plays(others)


def test_a_title_that_is_taken_down_ends_for_everybody(
    committed: Committed, watching: APIClient, playing: Playing, film: Title, premium: Plan
) -> None:
    other = started(watching, steps.film("other"))

    with committed():
        title_unpublished.send(Title, title_id=film.public_id)

    assert reason_of(playing) == "withdrawn"
    assert plays(other)


def test_a_plan_that_ends_takes_along_what_it_opened(
    committed: Committed, watching: APIClient, viewer: User, premium: Plan, film: Title
) -> None:
    # The fixture of plans: premium has no limit of height that `free` has not.
    Plan.objects.update(max_height=None, streams=3)
    paid = started(watching, steps.film("paid", tier=Tier.PREMIUM))
    free = started(watching, film)
    with committed():
        subscribing.cancel(Subscription.objects.get(account=viewer), at_once=True, cause=Cause())

    assert reason_of(paid) == "plan_changed"
    assert plays(free)


def test_a_plan_that_runs_out_by_the_clock_does_the_same(
    committed: Committed, watching: APIClient, viewer: User, plans: dict[str, Plan]
) -> None:
    now = timezone.now()
    subscribing.grant(viewer, plan=plans["premium"], until=now + timedelta(days=1), cause=Cause())
    paid = started(watching, steps.film("paid", tier=Tier.PREMIUM))
    long_ago = now - timedelta(days=30)
    Subscription.objects.update(
        starts_at=long_ago, ends_at=long_ago + timedelta(days=1), grace_until=long_ago + timedelta(days=2)
    )

    with committed():
        assert subscriptions.settle_due(now)

    assert reason_of(paid) == "plan_changed"


def test_a_smaller_plan_keeps_the_oldest_of_its_streams(
    committed: Committed, watching: APIClient, viewer: User, plans: dict[str, Plan], film: Title
) -> None:
    Plan.objects.update(max_height=None)
    Plan.objects.filter(slug="premium").update(streams=1)
    held = subscribing.grant(viewer, plan=plans["family"], cause=Cause())
    first, second, third = (started(watching) for _ in range(3))

    with committed():
        subscribing.change_plan(held, plan=plans["premium"], cause=Cause())

    assert reason_of(third) == reason_of(second) == "plan_changed"
    assert plays(first)


def test_a_plan_with_less_height_ends_what_is_sharper(
    committed: Committed, watching: APIClient, viewer: User, plans: dict[str, Plan], film: Title
) -> None:
    held = subscribing.grant(viewer, plan=plans["family"], cause=Cause())
    sharp = started(watching)
    modest = started(watching, capabilities={"max_height": 480})
    Plan.objects.filter(slug="premium").update(max_height=480, streams=4)

    with committed():
        subscribing.change_plan(held, plan=plans["premium"], cause=Cause())

    assert reason_of(sharp) == "plan_changed"
    assert plays(modest)


def test_rights_that_end_let_who_watches_see_the_end(
    watching: APIClient, playing: Playing, film: Title
) -> None:
    steps.Window.objects.update(ends_at=timezone.now() - timedelta(minutes=1))
    steps.show(film)
    tasks.settle_playback()
    tasks.close_expired()

    assert plays(playing)
    stop(playing)
    refused(steps.start(watching), 403, "no_longer_available")


# --- Of one mind ---------------------------------------------------------------------------------------


def test_what_ended_while_redis_was_away_ends_when_it_is_back(
    committed: Committed, playing: Playing, viewer: User, settings: Any
) -> None:
    with without_redis(settings), committed():
        sessions.sign_out_everywhere(viewer, because="test")
    assert PlaybackSession.objects.get().ended_by == "signed_out"
    assert not PlaybackSession.objects.get().released

    tasks.settle_playback()

    assert reason_of(playing) == "signed_out"


def test_a_flush_does_not_bring_back_what_had_ended(playing: Playing) -> None:
    stop(playing)
    clients.durable().flushdb()
    assert plays(playing), "its token is all that Redis knows now"

    tasks.settle_playback()

    assert reason_of(playing) == "stopped"
    assert leases.readmitted() == []


def test_a_flush_does_not_stop_who_plays(playing: Playing) -> None:
    clients.durable().flushdb()

    assert plays(playing)
    tasks.settle_playback()
    tasks.close_expired()

    assert plays(playing)
    assert PlaybackSession.objects.open().count() == 1


def test_what_beats_no_more_is_closed_and_goes_on_if_it_comes_back(playing: Playing, viewer: User) -> None:
    PlaybackSession.objects.update(started_at=timezone.now() - timedelta(hours=1))
    steps.lapse(str(viewer.public_id), playing["session_id"])

    tasks.close_expired()
    assert PlaybackSession.objects.get().ended_by == "expired"
    assert plays(playing)
    tasks.settle_playback()

    row = PlaybackSession.objects.get()
    assert (row.ended_at, row.ended_by, row.released) == (None, "", False)


def test_a_session_that_began_as_its_device_was_signed_out_is_found(
    committed: Committed, playing: Playing, viewer: User
) -> None:
    """As if the start had been committed just after the end was announced."""
    Session.objects.update(revoked_at=timezone.now())

    with committed():
        tasks.settle_playback()

    assert reason_of(playing) == "signed_out"


@pytest.mark.parametrize("gone", ["profile", "listing"])
def test_a_session_of_what_is_gone_is_found(
    committed: Committed, playing: Playing, film: Title, profile: Profile, gone: str
) -> None:
    if gone == "profile":
        Profile.objects.all().delete()
    else:
        film.listing.delete()

    with committed():
        tasks.settle_playback()

    assert reason_of(playing) == ("profile_deleted" if gone == "profile" else "withdrawn")


def test_old_sessions_are_forgotten(playing: Playing) -> None:
    stop(playing)
    PlaybackSession.objects.update(ended_at=timezone.now() - timedelta(days=89))
    assert ending.forget_old(timezone.now()) == 0

    assert ending.forget_old(timezone.now() + timedelta(days=2)) == 1


def test_ending_twice_keeps_the_first_reason(committed: Committed, playing: Playing) -> None:
    every = PlaybackSession.objects.all()

    with committed():
        assert ending.end(every, EndedBy.STAFF) == 1
    assert ending.end(every, EndedBy.SIGNED_OUT) == 0

    assert reason_of(playing) == "staff"
