"""Several at once, against the real database: an account has one plan, and each step is taken once."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection, transaction

from apps.accounts.models import User
from apps.accounts.tests.factories import UserFactory
from apps.accounts.tests.test_concurrency import together
from apps.billing.models import Plan, Subscription, SubscriptionChange
from apps.billing.services import buying, ending, subscribing
from apps.billing.services.subscribing import Cause
from apps.core.errors import DomainError

from .conftest import NOON

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("storms")]
END = NOON + timedelta(days=30)
ROUNDS = range(3)


def outcome(deed: Callable[[], Any]) -> str:
    try:
        deed()
    except DomainError as refusal:
        return refusal.code
    return "done"


@pytest.mark.parametrize("round_", ROUNDS)
def test_of_twenty_grants_at_once_one_is_made(
    viewer: User, plans: dict[str, Plan], dice: random.Random, round_: int
) -> None:
    chosen = [dice.choice(["premium", "family"]) for _ in range(20)]
    calls = [partial(subscribing.grant, viewer, plan=plans[one], cause=Cause()) for one in chosen]

    tried = together([partial(outcome, call) for call in calls], dice)

    assert Counter(tried) == {"done": 1, "already_subscribed": 19}
    assert Subscription.objects.get().plan.slug == chosen[tried.index("done")]
    assert SubscriptionChange.objects.count() == 1


@pytest.mark.parametrize("round_", ROUNDS)
def test_a_sale_that_is_repeated_at_once_is_one(
    viewer: User, premium: Plan, dice: random.Random, round_: int, settings: Any
) -> None:
    settings.BILLING_GATEWAY = "fake"
    call = partial(buying.buy, viewer, plan=premium, key="order 7", at=NOON)

    assert Counter(together([partial(outcome, call)] * 10, dice)) == {"done": 10}
    assert Subscription.objects.get().ends_at == END
    assert SubscriptionChange.objects.count() == 1


@pytest.mark.parametrize("round_", ROUNDS)
def test_workers_take_each_step_once_while_people_extend(
    premium: Plan, dice: random.Random, round_: int
) -> None:
    accounts = [UserFactory() for _ in range(12)]
    held = [subscribing.grant(one, plan=premium, until=END, cause=Cause(at=NOON)) for one in accounts]
    longer = END + timedelta(days=30)
    late: list[Callable[[], Any]] = [
        partial(subscribing.extend, one, until=longer, cause=Cause(at=END)) for one in held[:6]
    ]

    together([*[partial(ending.settle_due, END)] * 4, *late], dice)
    ending.settle_due(END)

    state = {one.pk: one.state for one in Subscription.objects.all()}
    assert [state[one.pk] for one in held] == ["active"] * 6 + ["in_grace"] * 6
    steps = Counter(SubscriptionChange.objects.values_list("subscription", "what"))
    assert set(steps.values()) == {1}
    assert all(steps[one.pk, "lapsed"] for one in held[6:])


def test_a_row_that_somebody_works_on_does_not_hold_up_the_others(premium: Plan) -> None:
    held = [subscribing.grant(UserFactory(), plan=premium, until=END, cause=Cause(at=NOON)) for _ in range(3)]
    locked, settled = Event(), Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                Subscription.objects.select_for_update().get(pk=held[0].pk)
                locked.set()
                settled.wait(20)
        finally:
            connection.close()

    thread = Thread(target=hold)
    thread.start()
    try:
        assert locked.wait(20)
        assert ending.settle_due(END) == 2
    finally:
        settled.set()
        thread.join()
    assert ending.settle_due(END) == 1
