"""Buying through the gateway: only its signed events count, and each counts once."""

from datetime import timedelta
from typing import Any

import orjson
import pytest

from apps.accounts.models import User
from apps.accounts.tests.factories import UserFactory
from apps.accounts.tests.steps import work
from apps.billing.gateway import MONTH, SIGNATURE, BadEvent, FakeGateway, NothingForSale, signature
from apps.billing.models import Plan, Subscription, SubscriptionChange
from apps.billing.services import buying, ending, subscribing
from apps.billing.services.subscribing import AlreadySubscribed, Cause, PlanNotOnSale

from .conftest import NOON

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _fake(settings: Any) -> None:
    settings.BILLING_GATEWAY = "fake"


@pytest.fixture
def sold(viewer: User, premium: Plan) -> Subscription:
    buying.buy(viewer, plan=premium, key="order", at=NOON)
    return Subscription.objects.get()


def event(held: Subscription, number: int, kind: str = "paid", **changed: Any) -> dict[str, Any]:
    told = {
        "id": f"e{number}", "kind": kind, "reference": held.reference, "plan": held.plan.slug,
        "account": str(held.account.public_id), "until": (NOON + number * MONTH).isoformat(),
    }  # fmt: skip
    return told | changed


def send(*events: dict[str, Any], at: Any = NOON) -> int:
    body = orjson.dumps(events)
    return buying.receive({SIGNATURE: signature(body)}, body, at=at)


def test_the_fake_gateway_grants_a_month_at_once(sold: Subscription, viewer: User) -> None:
    assert (sold.account, sold.plan.slug, sold.gateway) == (viewer, "premium", "fake")
    assert (sold.starts_at, sold.ends_at, sold.granted_by) == (NOON, NOON + MONTH, None)


def test_the_same_sale_is_made_once_also_on_another_day(
    sold: Subscription, viewer: User, premium: Plan
) -> None:
    buying.buy(viewer, plan=premium, key="order", at=NOON + DAY)

    assert Subscription.objects.get().ends_at == NOON + MONTH
    with pytest.raises(AlreadySubscribed):
        buying.buy(viewer, plan=premium, key="another order", at=NOON + DAY)


def test_people_may_use_the_same_key(sold: Subscription, premium: Plan) -> None:
    other = UserFactory()
    buying.buy(other, plan=premium, key="order", at=NOON)

    assert Subscription.objects.get(account=other).state == "active"


def test_what_is_not_on_sale_is_not_sold(viewer: User, plans: dict[str, Plan], settings: Any) -> None:
    with pytest.raises(PlanNotOnSale):
        buying.buy(viewer, plan=plans["free"], key="order", at=NOON)
    settings.BILLING_GATEWAY = "none"
    with pytest.raises(NothingForSale):
        buying.buy(viewer, plan=plans["premium"], key="order", at=NOON)
    assert not Subscription.objects.exists()


def test_a_payment_extends_once_and_a_late_one_not_at_all(sold: Subscription) -> None:
    assert send(event(sold, 3), event(sold, 3), event(sold, 2)) == 3

    sold.refresh_from_db()
    assert sold.ends_at == NOON + 3 * MONTH
    assert SubscriptionChange.objects.count() == 2


def test_a_payment_in_grace_ends_the_grace(sold: Subscription) -> None:
    ending.settle_due(NOON + MONTH)
    send(event(sold, 2), at=NOON + MONTH + DAY)

    sold.refresh_from_db()
    assert (sold.state, sold.ends_at) == ("active", NOON + 2 * MONTH)


def test_a_payment_after_all_is_over_begins_anew(sold: Subscription) -> None:
    send(event(sold, 2), at=NOON + MONTH + 5 * DAY)

    sold.refresh_from_db()
    again = Subscription.objects.live().get()
    assert (sold.state, again.reference, again.ends_at) == ("ended", sold.reference, NOON + 2 * MONTH)


def test_a_payment_for_another_plan_changes_it(sold: Subscription) -> None:
    send(event(sold, 2, plan="family"))

    sold.refresh_from_db()
    assert (sold.plan.slug, sold.ends_at) == ("family", NOON + 2 * MONTH)


def test_a_cancellation_leaves_what_is_paid_and_a_refund_does_not(sold: Subscription) -> None:
    send(event(sold, 1, "cancelled"))
    sold.refresh_from_db()
    assert (sold.state, sold.cancelled_at) == ("active", NOON)

    send(event(sold, 2, "ended"), event(sold, 2, "ended"))
    sold.refresh_from_db()
    assert sold.state == "ended"


def test_events_of_nobody_change_nothing(sold: Subscription) -> None:
    stranger = "00000000-0000-4000-8000-000000000000"
    send(
        event(sold, 2, account=stranger), event(sold, 3, plan="none"), event(sold, 4, "ended", reference="x")
    )

    sold.refresh_from_db()
    assert (sold.state, sold.ends_at) == ("active", NOON + MONTH)


@pytest.mark.parametrize(
    "changed",
    [{"kind": "free"}, {"account": "me"}, {"until": "soon"}, {"until": "2030-01-01T00:00:00"}, {"id": ""},
     {"reference": ""}, {"extra": 1}, {"id": 7, "until": None}],
)  # fmt: skip
def test_an_event_that_makes_no_sense_is_refused_with_all_beside_it(sold: Subscription, changed: Any) -> None:
    with pytest.raises(BadEvent):
        send(event(sold, 2), event(sold, 3, **changed))

    assert Subscription.objects.get().ends_at == NOON + MONTH


@pytest.mark.parametrize("signed", ["", "0" * 64, "ü", None])
def test_an_event_that_the_gateway_did_not_sign_is_refused(sold: Subscription, signed: str | None) -> None:
    body = orjson.dumps([event(sold, 2)])
    headers = {SIGNATURE: signature(body + b" ") if signed is None else signed}

    with pytest.raises(BadEvent):
        buying.receive(headers, body, at=NOON)
    with pytest.raises(BadEvent):
        buying.receive({}, body, at=NOON)
    assert Subscription.objects.get().ends_at == NOON + MONTH


@pytest.mark.django_db(transaction=True)
def test_the_worker_tells_the_gateway_of_a_cancellation_here(
    sold: Subscription, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancelled: list[str] = []
    monkeypatch.setattr(FakeGateway, "cancel", lambda self, reference: cancelled.append(reference))
    subscribing.cancel(sold, cause=Cause(at=NOON))
    work()

    assert cancelled == [sold.reference]
