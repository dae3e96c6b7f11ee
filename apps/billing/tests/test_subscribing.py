"""Granting, changing, extending and cancelling: what is done, what is refused, and what is on record."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from apps.accounts.models import User
from apps.accounts.tests.factories import UserFactory
from apps.billing.models import Plan, Subscription, SubscriptionChange
from apps.billing.services import ending, subscribing
from apps.billing.services import plans as selling
from apps.billing.services.subscribing import Cause
from apps.billing.signals import subscription_changed
from apps.core.errors import DomainError

from .conftest import NOON

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
END = NOON + 30 * DAY
GRACE_END = END + 3 * DAY


@pytest.fixture
def held(viewer: User, premium: Plan) -> Subscription:
    return subscribing.grant(viewer, plan=premium, until=END, cause=Cause(at=NOON))


@pytest.fixture
def heard() -> Any:
    """The accounts that were announced."""
    accounts: list[Any] = []

    def hear(sender: Any, account_id: Any, account_pk: int, **_: Any) -> None:
        accounts.append((account_id, account_pk))

    subscription_changed.connect(hear)
    yield accounts
    subscription_changed.disconnect(hear)


def record(account: User) -> list[tuple[str, str]]:
    """What happened to the account's plans, oldest first."""
    rows = SubscriptionChange.objects.filter(account=account.public_id).order_by("pk")
    return list(rows.values_list("what", "plan"))


def refused(code: str, deed: Any, *args: Any, **given: Any) -> None:
    """It is refused with that code, and nothing changes."""
    before = stored()
    with pytest.raises(DomainError) as refusal:
        deed(*args, **given)
    assert refusal.value.code == code
    assert stored() == before


def stored() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in (Subscription, SubscriptionChange)]


# --- Granting ------------------------------------------------------------------------------------------


def test_a_grant_is_on_record_and_announced_once_it_is_committed(
    viewer: User, sasha: User, premium: Plan, heard: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        held = subscribing.grant(
            viewer, plan=premium, until=END, cause=Cause(by=sasha, note=" A gift.\r\n", at=NOON)
        )
        assert heard == []

    assert heard == [(viewer.public_id, viewer.pk)]
    assert (held.state, held.starts_at, held.ends_at, held.grace_until) == ("active", NOON, END, GRACE_END)
    change = held.changes.get()
    assert (change.what, change.by, change.at, change.note) == ("granted", sasha, NOON, "A gift.")
    assert (change.plan, change.ends_at, change.account) == ("premium", END, viewer.public_id)


def test_an_account_has_one_plan_at_a_time(held: Subscription, viewer: User, plans: Any) -> None:
    for plan in ("premium", "family"):
        refused("already_subscribed", subscribing.grant, viewer, plan=plans[plan], cause=Cause(at=NOON))
    in_grace = Cause(at=GRACE_END - DAY)
    refused("already_subscribed", subscribing.grant, viewer, plan=plans["family"], cause=in_grace)


def test_a_subscription_that_is_over_does_not_stand_in_the_way(
    held: Subscription, viewer: User, plans: Any
) -> None:
    again = subscribing.grant(viewer, plan=plans["family"], cause=Cause(at=GRACE_END))

    held.refresh_from_db()
    assert (held.state, held.ended_at) == ("ended", GRACE_END)
    assert (again.state, again.plan.slug) == ("active", "family")
    assert record(viewer) == [("granted", "premium"), ("ended", "premium"), ("granted", "family")]


def test_what_is_not_on_sale_is_not_granted(viewer: User, plans: Any, premium: Plan) -> None:
    refused("plan_not_on_sale", subscribing.grant, viewer, plan=plans["free"], cause=Cause())
    Plan.objects.filter(pk=premium.pk).update(active=False)
    refused("plan_not_on_sale", subscribing.grant, viewer, plan=premium, cause=Cause())


@pytest.mark.parametrize("until", [NOON, NOON - DAY])
def test_a_grant_ends_later_than_it_begins(viewer: User, premium: Plan, until: Any) -> None:
    refused("validation_error", subscribing.grant, viewer, plan=premium, until=until, cause=Cause(at=NOON))


def test_an_account_that_is_gone_gets_nothing(viewer: User, premium: Plan) -> None:
    User.objects.filter(pk=viewer.pk).delete()

    refused("not_found", subscribing.grant, viewer, plan=premium, cause=Cause())


@pytest.mark.parametrize("note", ["x" * 501, "a\x00b"])
def test_a_note_that_cannot_be_kept_is_refused(viewer: User, premium: Plan, note: str) -> None:
    refused("validation_error", subscribing.grant, viewer, plan=premium, cause=Cause(note=note))


def test_a_grant_with_a_key_is_done_once(viewer: User, premium: Plan) -> None:
    first = subscribing.grant(viewer, plan=premium, cause=Cause(key="order 1"))
    again = subscribing.grant(viewer, plan=premium, cause=Cause(key="order 1"))

    assert first == again
    assert record(viewer) == [("granted", "premium")]
    other = Cause(key="order 1")
    refused("idempotency_mismatch", subscribing.grant, UserFactory(), plan=premium, cause=other)
    refused("idempotency_mismatch", subscribing.cancel, first, at_once=True, cause=other)


# --- Changing ------------------------------------------------------------------------------------------


def test_another_plan_holds_to_the_same_end(held: Subscription, viewer: User, plans: Any) -> None:
    for _ in range(2):
        changed = subscribing.change_plan(held, plan=plans["family"], cause=Cause(at=NOON + DAY))

    assert (changed.plan.slug, changed.ends_at, changed.grace_until) == ("family", END, GRACE_END)
    assert record(viewer) == [("granted", "premium"), ("plan_changed", "family")]
    refused("plan_not_on_sale", subscribing.change_plan, held, plan=plans["free"], cause=Cause(at=NOON))


@pytest.mark.parametrize("until", [END + 30 * DAY, None])
def test_an_extension_moves_the_end_and_takes_a_cancellation_back(held: Subscription, until: Any) -> None:
    subscribing.cancel(held, cause=Cause(at=NOON))

    longer = subscribing.extend(held, until=until, cause=Cause(at=NOON + DAY))

    assert (longer.state, longer.ends_at, longer.cancelled_at) == ("active", until, None)
    assert longer.grace_until == (until + 3 * DAY if until else None)


def test_an_extension_ends_the_grace(held: Subscription) -> None:
    ending.settle_due(END)

    longer = subscribing.extend(held, until=END + 30 * DAY, cause=Cause(at=END + DAY))

    assert (longer.state, longer.ends_at) == ("active", END + 30 * DAY)


def test_an_extension_is_one(held: Subscription) -> None:
    for until in (END, END - DAY):
        refused("validation_error", subscribing.extend, held, until=until, cause=Cause(at=NOON))
    in_grace = Cause(at=END + 2 * DAY)
    refused("validation_error", subscribing.extend, held, until=END + DAY, cause=in_grace)
    subscribing.extend(held, until=None, cause=Cause(at=NOON))
    refused("validation_error", subscribing.extend, held, until=None, cause=Cause(at=NOON))


def test_an_extension_with_a_key_is_done_once(held: Subscription) -> None:
    for _ in range(2):
        longer = subscribing.extend(held, until=END + DAY, cause=Cause(at=NOON, key="invoice 2"))

    assert longer.ends_at == END + DAY
    assert held.changes.count() == 2


# --- Ending --------------------------------------------------------------------------------------------


def test_a_cancelled_one_holds_to_its_end(held: Subscription, viewer: User) -> None:
    for _ in range(2):
        cancelled = subscribing.cancel(held, cause=Cause(at=NOON + DAY))

    assert (cancelled.state, cancelled.cancelled_at, cancelled.grace_until) == ("active", NOON + DAY, None)
    assert record(viewer) == [("granted", "premium"), ("cancelled", "premium")]
    assert ending.settle_due(END) == 1
    held.refresh_from_db()
    assert (held.state, held.ended_at) == ("ended", END)


def test_one_may_be_ended_at_once(held: Subscription, viewer: User) -> None:
    ended = subscribing.cancel(held, at_once=True, cause=Cause(at=NOON + DAY))

    assert (ended.state, ended.ended_at) == ("ended", NOON + DAY)
    assert record(viewer) == [("granted", "premium"), ("cancelled", "premium"), ("ended", "premium")]


def test_one_in_grace_that_is_cancelled_ends(held: Subscription) -> None:
    assert subscribing.cancel(held, cause=Cause(at=END)).state == "ended"


def test_one_without_an_end_has_none_to_wait_for(viewer: User, premium: Plan) -> None:
    held = subscribing.grant(viewer, plan=premium, cause=Cause(at=NOON))

    refused("validation_error", subscribing.cancel, held, cause=Cause(at=NOON))
    assert subscribing.cancel(held, at_once=True, cause=Cause(at=NOON)).state == "ended"


@pytest.mark.parametrize("over", ["ended", "run out"])
def test_what_is_over_stays_over(held: Subscription, plans: Any, over: str) -> None:
    at = NOON
    if over == "ended":
        subscribing.cancel(held, at_once=True, cause=Cause(at=NOON))
    else:
        at = GRACE_END
    refused("subscription_over", subscribing.extend, held, until=None, cause=Cause(at=at))
    refused("subscription_over", subscribing.change_plan, held, plan=plans["family"], cause=Cause(at=at))
    refused("subscription_over", subscribing.cancel, held, cause=Cause(at=at))


def test_the_gateway_that_sold_it_is_told_in_the_same_transaction(viewer: User, premium: Plan) -> None:
    sold = Cause(gateway="fake", at=NOON)
    held = subscribing.grant(viewer, plan=premium, until=END, cause=sold, reference="fake-1")
    subscribing.cancel(held, cause=Cause(at=NOON))
    subscribing.cancel(held, at_once=True, cause=Cause(at=NOON))

    job = ProcrastinateJob.objects.get(task_name=subscribing.TELL_GATEWAY)
    assert job.args == {"subscription": str(held.public_id)}


# --- The clock -----------------------------------------------------------------------------------------


def test_grace_begins_and_ends_by_the_clock(
    held: Subscription, viewer: User, heard: Any, django_capture_on_commit_callbacks: Any
) -> None:
    steps = [
        (END - timedelta(microseconds=1), 0, "active"),
        (END, 1, "in_grace"),
        (END, 0, "in_grace"),
        (GRACE_END - timedelta(microseconds=1), 0, "in_grace"),
        (GRACE_END, 1, "ended"),
        (GRACE_END, 0, "ended"),
    ]
    for at, settled, state in steps:
        with django_capture_on_commit_callbacks(execute=True):
            assert ending.settle_due(at) == settled
        held.refresh_from_db()
        assert held.state == state
    assert record(viewer)[1:] == [("lapsed", "premium"), ("ended", "premium")]
    assert len(heard) == 2


def test_a_worker_that_comes_late_ends_what_is_over_in_one_step(held: Subscription, viewer: User) -> None:
    assert ending.settle_due(GRACE_END + DAY) == 1

    assert record(viewer)[1:] == [("ended", "premium")]


def test_more_than_fit_into_one_transaction_are_all_settled(premium: Plan) -> None:
    for _ in range(ending.AT_ONCE + 5):
        Subscription.objects.create(account=UserFactory(), plan=premium, starts_at=NOON, ends_at=END)

    assert ending.settle_due(END) == ending.AT_ONCE + 5
    assert not Subscription.objects.live().exists()


# --- What the database keeps -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [
        ({}, "one_live_subscription_per_account"),
        ({"other": True, "ends_at": NOON}, "subscription_ends_after_it_starts"),
        ({"other": True, "grace_until": END}, "grace_follows_a_period_not_cancelled"),
        ({"other": True, "ends_at": END, "grace_until": END}, "grace_follows_a_period_not_cancelled"),
        (
            {"other": True, "ends_at": END, "grace_until": GRACE_END, "cancelled_at": NOON},
            "grace_follows_a_period_not_cancelled",
        ),
        ({"other": True, "state": "in_grace"}, "grace_has_an_end"),
        ({"other": True, "state": "ended"}, "ended_subscription_has_a_time"),
        ({"other": True, "ended_at": NOON}, "ended_subscription_has_a_time"),
        ({"other": True, "reference": "x"}, "reference_has_a_gateway"),
    ],
)
def test_a_subscription_that_makes_no_sense_cannot_be_stored(
    held: Subscription, viewer: User, premium: Plan, wrong: Any, constraint: str
) -> None:
    account = UserFactory() if wrong.pop("other", False) else viewer
    fields = {"account": account, "plan": premium, "starts_at": NOON, **wrong}

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Subscription.objects.create(**fields)


@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [
        ({"streams": 0}, "plan_has_streams"),
        ({"streams": 21}, "plan_has_streams"),
        ({"max_height": 100}, "plan_height_makes_sense"),
        ({"name": ""}, "plan_has_a_name"),
        ({"price_minor": 100}, "plan_price_has_a_currency"),
        ({"currency": "INR"}, "plan_price_has_a_currency"),
        ({"price_minor": 100, "currency": "rs"}, "plan_price_has_a_currency"),
        ({"is_default": True}, "one_default_plan"),
    ],
)
def test_a_plan_that_makes_no_sense_cannot_be_stored(plans: Any, wrong: Any, constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Plan.objects.create(**{"slug": "odd", "name": "Odd", **wrong})


def test_the_default_plan_is_active(plans: Any) -> None:
    with pytest.raises(IntegrityError, match="default_plan_is_active"), transaction.atomic():
        Plan.objects.filter(slug="free").update(active=False)


def test_another_plan_becomes_the_default_in_one_step(plans: Any) -> None:
    selling.make_default(plans["family"])

    assert Plan.objects.get(is_default=True).slug == "family"
    Plan.objects.filter(slug="free").update(active=False)
    refused("plan_not_on_sale", selling.make_default, plans["free"])
    assert Plan.objects.get(is_default=True).slug == "family"


def test_the_record_cannot_be_changed(held: Subscription) -> None:
    for change in ({"what": "ended"}, {"note": "Another."}, {"note": "", "plan": "free"}):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            SubscriptionChange.objects.update(**change)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        SubscriptionChange.objects.all().delete()
    assert SubscriptionChange.objects.update(note="", key="") == 1
