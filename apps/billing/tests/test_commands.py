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
