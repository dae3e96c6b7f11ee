"""The catalogue knows the tier of who reads, at no statement more, and notices what changes."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from apps.accounts.models import Profile
from apps.accounts.tests.conftest import redis_away  # noqa: F401 a fixture
from apps.billing import store
from apps.billing.models import Plan
from apps.billing.services import subscribing
from apps.billing.services.subscribing import Cause
from apps.billing.store import Remembered
from apps.catalog.models import Tier
from apps.catalog.tests.shelves import put, window
from apps.core import clients
from conftest import SignIn

from .conftest import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
PAID = "/api/v1/titles/paid"


@pytest.fixture
def reader(sign_in: SignIn, profile: Profile, plans: Any) -> APIClient:
    put("paid", window(tier=Tier.PREMIUM))
    return sign_in(profile.account, profile)


def plays(api: APIClient) -> bool:
    return bool(api.get(PAID).json()["playable"]["allowed"])


def later(callbacks: Any, deed: Any, *args: Any, **given: Any) -> Any:
    with callbacks(execute=True):
        return deed(*args, **given)


def test_a_premium_title_plays_as_soon_as_its_plan_is_granted_and_no_longer_than_it_holds(
    reader: APIClient,
    api: APIClient,
    profile: Profile,
    premium: Plan,
    django_capture_on_commit_callbacks: Any,
) -> None:
    commit = django_capture_on_commit_callbacks
    assert not plays(reader)

    held = later(commit, subscribing.grant, profile.account, plan=premium, cause=Cause())
    assert plays(reader)
    assert not plays(api)

    later(commit, subscribing.cancel, held, at_once=True, cause=Cause())
    assert not plays(reader)


def test_what_is_remembered_ends_with_its_period(reader: APIClient, profile: Profile, premium: Plan) -> None:
    end = NOON + timedelta(seconds=20)
    held = subscribing.grant(profile.account, plan=premium, until=end, cause=Cause())
    subscribing.cancel(held, cause=Cause())
    assert plays(reader)

    with time_machine.travel(end - timedelta(microseconds=1), tick=False):
        assert plays(reader)
    with time_machine.travel(end, tick=False):
        assert not plays(reader)


@pytest.mark.parametrize("subscribed", [False, True])
def test_a_reader_who_was_here_a_moment_ago_costs_no_statement_more(
    reader: APIClient, profile: Profile, premium: Plan, subscribed: bool, django_assert_num_queries: Any
) -> None:
    if subscribed:
        subscribing.grant(profile.account, plan=premium, cause=Cause())
    plays(reader)
    clients.durable().delete(f"tier:{profile.account.public_id}")
    with django_assert_num_queries(2):
        assert plays(reader) is subscribed
    for path in (PAID, "/api/v1/titles"):
        with django_assert_num_queries(1):
            assert reader.get(path).status_code == 200


def test_who_asked_just_before_a_change_does_not_put_back_what_was_true_then(profile: Profile) -> None:
    account = profile.account.public_id
    store.forget(account)
    store.remember(account, Remembered(Tier.FREE, None))

    assert store.recall(account) is None
    clients.durable().flushdb()
    store.remember(account, Remembered(Tier.PREMIUM, NOON))
    assert store.recall(account) == Remembered(Tier.PREMIUM, NOON)
    store.forget(account)
    assert store.recall(account) is None


def test_nothing_is_remembered_for_long(profile: Profile) -> None:
    account = profile.account.public_id
    store.remember(account, Remembered(Tier.FREE, None))
    assert 0 < clients.durable().ttl(f"tier:{account}") <= store.LIVES_S
    store.forget(account)
    assert 0 < clients.durable().ttl(f"tier:{account}") <= store.MARK_LIVES_S


def test_without_redis_the_tier_is_asked_for(
    reader: APIClient,
    profile: Profile,
    premium: Plan,
    redis_away: None,  # noqa: F811
    django_capture_on_commit_callbacks: Any,
) -> None:
    assert not plays(reader)
    later(django_capture_on_commit_callbacks, subscribing.grant, profile.account, plan=premium, cause=Cause())
    assert plays(reader)
