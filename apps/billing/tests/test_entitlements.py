"""What an account may have, at every moment of a subscription."""

import os
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from apps.accounts.models import User
from apps.accounts.tests.factories import UserFactory
from apps.billing import services
from apps.billing.entitlements import UNSOLD, Entitlement, Period, judge
from apps.billing.models import Plan, Subscription
from apps.billing.services import subscribing
from apps.billing.services.subscribing import Cause
from apps.catalog.models import Tier

from .conftest import NOON

pytestmark = pytest.mark.django_db
SEED = int(os.environ.get("ENTITLEMENTS_SEED", "20261126"))
DAY, TICK = timedelta(days=1), timedelta(microseconds=1)
END = NOON + 30 * DAY


def test_who_holds_nothing_has_the_default_plan(viewer: User, plans: Any) -> None:
    found = services.entitlement_of(viewer.pk, NOON)

    assert found == Entitlement("free", Tier.FREE, 720, 1, ads=True, downloads=False)
    assert found == UNSOLD


def test_without_any_plan_everybody_is_free(viewer: User) -> None:
    assert services.entitlement_of(viewer.pk, NOON) == UNSOLD
    assert services.entitlement_of(0, NOON) == UNSOLD


def test_a_subscriber_has_what_the_plan_gives(viewer: User, premium: Plan) -> None:
    subscribing.grant(viewer, plan=premium, cause=Cause(at=NOON))

    found = services.entitlement_of(viewer.pk, NOON)

    assert found == Entitlement("premium", Tier.PREMIUM, None, 2, ads=False, downloads=True)
    assert services.entitlement_of(UserFactory().pk, NOON).plan == "free"


@pytest.mark.parametrize(
    ("at", "plan", "until", "in_grace"),
    [
        (NOON - TICK, "free", None, False),
        (NOON, "premium", END, False),
        (END - TICK, "premium", END, False),
        (END, "premium", END + 3 * DAY, True),
        (END + 3 * DAY - TICK, "premium", END + 3 * DAY, True),
        (END + 3 * DAY, "free", None, False),
    ],
)
def test_ends_are_exclusive_and_grace_follows(
    viewer: User, premium: Plan, at: Any, plan: str, until: Any, in_grace: bool
) -> None:
    subscribing.grant(viewer, plan=premium, until=END, cause=Cause(at=NOON))

    found = services.entitlement_of(viewer.pk, at)

    assert (found.plan, found.until, found.in_grace) == (plan, until, in_grace)


def test_what_was_cancelled_has_no_grace(viewer: User, premium: Plan) -> None:
    held = subscribing.grant(viewer, plan=premium, until=END, cause=Cause(at=NOON))
    subscribing.cancel(held, cause=Cause(at=NOON + DAY))

    assert services.entitlement_of(viewer.pk, END - TICK).plan == "premium"
    assert services.entitlement_of(viewer.pk, END).plan == "free"


def test_a_site_may_have_no_grace(viewer: User, premium: Plan, settings: Any) -> None:
    settings.BILLING_GRACE_DAYS = 0
    subscribing.grant(viewer, plan=premium, until=END, cause=Cause(at=NOON))

    assert services.entitlement_of(viewer.pk, END).plan == "free"


def test_it_costs_one_statement(viewer: User, premium: Plan, django_assert_num_queries: Any) -> None:
    for _ in range(3):
        subscribing.grant(UserFactory(), plan=premium, cause=Cause(at=NOON))
    held = subscribing.grant(viewer, plan=premium, cause=Cause(at=NOON))
    subscribing.cancel(held, at_once=True, cause=Cause(at=NOON))
    subscribing.grant(viewer, plan=premium, cause=Cause(at=NOON))

    with django_assert_num_queries(1):
        assert services.entitlement_of(viewer.pk, NOON).plan == "premium"
    with django_assert_num_queries(1):
        assert services.entitlement_of(0, NOON).plan == "free"


def test_the_plan_that_would_do_is_the_first_one_on_sale_with_that_tier(plans: dict[str, Plan]) -> None:
    assert services.plan_that_would_do(Tier.FREE) == "free"
    assert services.plan_that_would_do(Tier.PREMIUM) == "premium"
    assert services.plan_that_would_do(Tier.PREMIUM + 1) is None
    Plan.objects.filter(slug="premium").update(active=False)
    assert services.plan_that_would_do(Tier.PREMIUM) == "family"


def test_whoever_has_a_plan_that_is_not_sold_any_more_keeps_it(viewer: User, premium: Plan) -> None:
    subscribing.grant(viewer, plan=premium, cause=Cause(at=NOON))
    Plan.objects.filter(pk=premium.pk).update(active=False)

    assert services.entitlement_of(viewer.pk, NOON).plan == "premium"


# --- For any subscription at any moment ----------------------------------------------------------------

MOMENTS = [NOON + timedelta(hours=n) for n in range(5)]
moments = st.sampled_from([*MOMENTS, *(one - TICK for one in MOMENTS)])
terms = st.builds(
    Entitlement, st.sampled_from(["a", "b"]), st.sampled_from([0, 5, 10]), st.none() | st.just(480),
    st.integers(1, 4), st.booleans(), st.booleans(),
)  # fmt: skip
periods = st.builds(Period, moments, st.none() | moments, st.none() | moments)


@seed(SEED)
@settings(max_examples=300, deadline=None, database=None)
@given(terms, st.none() | st.tuples(terms, periods), moments)
def test_nobody_has_more_than_the_default_or_what_holds_then(
    default: Entitlement, held: tuple[Entitlement, Period] | None, at: Any
) -> None:
    found = judge(default, held, at)

    holds = held is not None and (held[1].is_current(at) or held[1].is_in_grace(at))
    source = held[0] if held is not None and holds else default
    assert (found.plan, found.tier, found.streams) == (source.plan, source.tier, source.streams)
    assert found.tier <= max(default.tier, held[0].tier if held is not None and holds else 0)
    assert found.until is None or found.until > at
    if held is not None:
        ends = [end for end in (held[1].ends_at, held[1].grace_until) if end is not None]
        over = held[1].ends_at is not None and all(end <= at for end in ends)
        assert not (holds and (over or at < held[1].starts_at))


states = st.sampled_from(["active", "in_grace", "ended"])


@seed(SEED)
@settings(
    max_examples=60, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(st.tuples(periods, states), max_size=3), at=moments)
def test_the_database_gives_what_the_rule_gives(plans: Any, rows: Any, at: Any) -> None:
    with transaction.atomic():
        account = UserFactory()
        held = _stored(account, plans["premium"], rows)
        found = services.entitlement_of(account.pk, at)
        transaction.set_rollback(True)

    bought = Entitlement("premium", Tier.PREMIUM, None, 2, ads=False, downloads=True)
    assert found == judge(UNSOLD, (bought, held) if held else None, at)


def _stored(account: User, plan: Plan, rows: Any) -> Period | None:
    """Of the rows those that the database lets in; the period of the one that is live."""
    live = None
    for period, state in rows:
        starts, ends, grace = period.starts_at, period.ends_at, period.grace_until
        if ends is not None and ends <= starts:
            continue
        grace = grace if ends is not None and grace is not None and grace > ends else None
        if state != "ended" and (live or (state == "in_grace" and grace is None)):
            continue
        Subscription.objects.create(
            account=account, plan=plan, state=state, starts_at=starts, ends_at=ends, grace_until=grace,
            ended_at=NOON if state == "ended" else None,
        )  # fmt: skip
        live = live if state == "ended" else Period(starts, ends, grace)
    return live
