"""From the command line: granting a plan, and the demo's plans."""

from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from apps.accounts.models import User
from apps.billing.checks import refuse_to_start, the_gateway_exists
from apps.billing.models import Plan, Subscription
from apps.billing.services import entitlement_of
from apps.core import ticker

pytestmark = pytest.mark.django_db


def grant(*arguments: str) -> str:
    out = StringIO()
    call_command("grant_plan", *arguments, stdout=out)
    return out.getvalue().strip()


def test_a_plan_is_granted_from_the_command_line(viewer: User, plans: Any) -> None:
    assert grant(viewer.email.upper(), "premium", "--until", "2099-01-31") == (
        f"{viewer.email} has premium until 31 Jan 2099, 00:00 UTC."
    )

    held = Subscription.objects.get()
    assert (held.account, held.ends_at) == (viewer, datetime(2099, 1, 31, tzinfo=UTC))


@pytest.mark.parametrize(
    ("email", "arguments", "why"),
    [
        ("nobody@example.com", ["premium"], "no account"),
        ("", ["gold"], "Plans: free, premium, family"),
        ("", ["free"], "not on sale"),
        ("", ["premium", "--until", "2001-01-01"], "must end later"),
        ("", ["premium", "--until", "soon"], "invalid moment value"),
        ("", ["premium", "--note", "x" * 501], "At most 500"),
    ],
)
def test_what_cannot_be_granted_is_said(
    viewer: User, plans: Any, email: str, arguments: list[str], why: str
) -> None:
    with pytest.raises(CommandError, match=why):
        grant(email or viewer.email, *arguments)
    assert not Subscription.objects.exists()


def fake_gateway(*arguments: str) -> str:
    out = StringIO()
    call_command("fake_gateway", *arguments, stdout=out)
    return out.getvalue().strip()


@pytest.mark.usefixtures("plans")
def test_in_development_plans_are_bought_renewed_and_given_back_through_the_fake_gateway(
    viewer: User, noon: datetime
) -> None:
    email = viewer.email
    assert entitlement_of(viewer.pk, noon).plan == "free"

    bought = fake_gateway("buy", email.upper(), "premium")
    assert bought == f"{email}: premium until 01 Jul 2026, 12:00 UTC, renewed unless cancelled."
    assert entitlement_of(viewer.pk, noon).plan == "premium"
    renewed = fake_gateway("renew", email, "family")
    assert renewed == f"{email}: family until 31 Jul 2026, 12:00 UTC, renewed unless cancelled."
    assert fake_gateway("cancel", email) == f"{email}: family until 31 Jul 2026, 12:00 UTC, not renewed."
    assert entitlement_of(viewer.pk, noon).plan == "family"
    assert fake_gateway("refund", email) == f"{email}: family has ended."
    assert entitlement_of(viewer.pk, noon).plan == "free"

    assert fake_gateway("renew", email).startswith(f"{email}: family until 01 Jul 2026")
    assert {(one.gateway, one.granted_by) for one in Subscription.objects.all()} == {("fake", None)}


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["buy", "nobody@example.com", "premium"], "no account"),
        (["buy", "", "gold"], "Plans: free, premium, family"),
        (["buy", "", "free"], "not on sale"),
        (["renew", ""], "has bought nothing"),
        (["pay", ""], "invalid choice"),
    ],
)
@pytest.mark.usefixtures("plans")
def test_what_the_fake_gateway_cannot_do_is_said(viewer: User, arguments: list[str], why: str) -> None:
    with pytest.raises(CommandError, match=why):
        fake_gateway(*(one or viewer.email for one in arguments))
    assert not Subscription.objects.exists()


@pytest.mark.usefixtures("plans")
def test_nobody_buys_a_second_plan(viewer: User) -> None:
    fake_gateway("buy", viewer.email, "premium")

    with pytest.raises(CommandError, match="has a plan already"):
        fake_gateway("buy", viewer.email, "family")
    assert Subscription.objects.get().plan.slug == "premium"


@pytest.mark.usefixtures("plans")
def test_where_another_gateway_sells_nothing_is_given_away(viewer: User, settings: Any) -> None:
    settings.BILLING_GATEWAY = "none"

    with pytest.raises(CommandError, match="BILLING_GATEWAY is not fake"):
        fake_gateway("buy", viewer.email, "premium")
    assert not Subscription.objects.exists()


def test_the_demo_has_plans_and_a_premium_viewer_however_often_it_starts(db: None) -> None:
    call_command("demo_accounts", verbosity=0)
    for _ in range(2):
        call_command("demo_plans", verbosity=0)

    assert list(Plan.objects.values_list("slug", flat=True)) == ["free", "premium", "family"]
    held = Subscription.objects.get()
    assert (held.account.email, held.plan.slug, held.ends_at) == ("premium@demo.example", "premium", None)


def test_the_demo_keeps_plans_that_were_changed_and_is_not_for_production(plans: Any, settings: Any) -> None:
    Plan.objects.filter(slug="premium").update(streams=3)
    with pytest.raises(CommandError, match="demo_accounts"):
        call_command("demo_plans", verbosity=0)
    call_command("demo_accounts", verbosity=0)
    call_command("demo_plans", verbosity=0)
    assert Plan.objects.get(slug="premium").streams == 3
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="development"):
        call_command("demo_plans")


def test_loading_the_plans_again_does_no_harm(plans: dict[str, Plan]) -> None:
    call_command("loaddata", "plans", verbosity=0)

    assert {plan.slug: plan.pk for plan in Plan.objects.all()} == {
        slug: plan.pk for slug, plan in plans.items()
    }


@pytest.mark.parametrize(
    ("changed", "codes"),
    [
        ({}, []),
        ({"BILLING_GATEWAY": "none", "PRODUCTION": True}, []),
        ({"BILLING_GATEWAY": "fake", "PRODUCTION": True}, ["billing.E002"]),
        ({"BILLING_GATEWAY": "bank"}, ["billing.E001"]),
        ({"BILLING_GRACE_DAYS": -1}, ["billing.E003"]),
        ({"BILLING_GRACE_DAYS": 61}, ["billing.E003"]),
    ],
)
def test_settings_that_make_no_sense_are_named(settings: Any, changed: Any, codes: list[str]) -> None:
    for name, value in changed.items():
        setattr(settings, name, value)

    assert [one.id for one in the_gateway_exists()] == codes
    if codes and settings.PRODUCTION:
        with pytest.raises(ImproperlyConfigured, match="BILLING_GATEWAY"):
            refuse_to_start()
    else:
        refuse_to_start()


def test_workers_settle_subscriptions_every_other_second() -> None:
    assert ticker._ticks["subscriptions"].seconds == 2
