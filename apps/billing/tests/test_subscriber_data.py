"""What billing knows of somebody: their copy of it, and what is left once they are erased."""

from datetime import timedelta
from typing import Any

import pytest

from apps.accounts import personal_data
from apps.accounts.models import DataRequest, User
from apps.accounts.services.personal_data import begin_erasure
from apps.accounts.tests.steps import work
from apps.billing.models import Plan, Subscription, SubscriptionChange
from apps.billing.services import buying, subscribing
from apps.billing.services.subscribing import Cause

from .conftest import NOON

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def held(viewer: User, sasha: User, premium: Plan, settings: Any) -> Subscription:
    """Bought once, and then given by Sasha."""
    settings.BILLING_GATEWAY = "fake"
    buying.buy(viewer, plan=premium, key="order", at=NOON)
    subscribing.cancel(Subscription.objects.get(), at_once=True, cause=Cause(at=NOON))
    end = NOON + timedelta(days=30)
    return subscribing.grant(
        viewer, plan=premium, until=end, cause=Cause(by=sasha, note="For Ada, who wrote.", at=NOON)
    )


def test_a_copy_has_the_subscriptions_and_what_became_of_them(held: Subscription, viewer: User) -> None:
    copy = personal_data.HOLDERS["billing"].export(viewer)

    assert [one["state"] for one in copy["subscriptions"]] == ["active", "ended"]
    assert copy["subscriptions"][0]["plan__slug"] == "premium"
    assert [one["what"] for one in copy["changes"]] == ["granted", "ended", "cancelled", "granted"]
    assert copy["changes"][0]["note"] == "For Ada, who wrote."
    assert copy["changes_made_for_others"] == []


def test_staff_are_told_of_what_they_gave_but_not_to_whom(
    held: Subscription, viewer: User, sasha: User
) -> None:
    copy = personal_data.HOLDERS["billing"].export(sasha)

    assert [one["plan"] for one in copy["changes_made_for_others"]] == ["premium"]
    assert str(viewer.public_id) not in str(copy)
    assert "Ada" not in str(copy)


def test_an_erasure_leaves_a_record_that_names_nobody(held: Subscription, viewer: User, sasha: User) -> None:
    begin_erasure(viewer)
    work()

    request = DataRequest.objects.get()
    assert request.state == "done"
    assert request.result is not None
    assert request.result["erased"]["billing"] == {"notes": 2, "subscriptions": 2, "granted": 0}
    assert "books" in request.result["kept"]["billing"]
    assert not Subscription.objects.exists()
    rows = SubscriptionChange.objects.filter(account=viewer.public_id)
    assert rows.count() == 4
    assert not rows.exclude(note="", key="").exists()
    assert {row.who for row in rows} == {"automatic", str(sasha)}


def test_what_somebody_gave_outlives_them(held: Subscription, sasha: User) -> None:
    User.objects.filter(pk=sasha.pk).update(is_staff=False, is_superuser=False)
    sasha.refresh_from_db()
    begin_erasure(sasha)
    work()

    held.refresh_from_db()
    assert (held.state, held.granted_by) == ("active", None)
    assert held.changes.get().who == "former member of staff"
