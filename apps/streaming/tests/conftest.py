"""The plans, viewers who have them, and a film to watch."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from rest_framework.test import APIClient

from apps.accounts.models import Profile, User
from apps.billing.models import Plan
from apps.billing.services import subscribing
from apps.billing.services.subscribing import Cause
from apps.catalog.models import Title
from apps.engagement.services import positions
from apps.streaming.services import liveness, shelves

from . import steps

SignIn = Callable[..., APIClient]


@pytest.fixture(autouse=True)
def _nothing_remembered(settings: Any) -> None:
    for name in ("DEFAULT", "SIGNUP", "LOGIN_CLIENT", "LOGIN_ACCOUNT"):
        setattr(settings, f"RATE_LIMIT_{name}", "100000/m")
    positions._mongo.reset()
    liveness.forget()
    shelves.forget()


@pytest.fixture
def plans(db: None) -> dict[str, Plan]:
    call_command("loaddata", "plans", verbosity=0)
    return {plan.slug: plan for plan in Plan.objects.all()}


@pytest.fixture
def premium(viewer: User, plans: dict[str, Plan]) -> Plan:
    """The viewer has it."""
    subscribing.grant(viewer, plan=plans["premium"], cause=Cause())
    return plans["premium"]


@pytest.fixture
def film(db: None) -> Title:
    return steps.film()


@pytest.fixture
def watching(viewer: User, profile: Profile, plans: dict[str, Plan], sign_in: SignIn) -> APIClient:
    """The viewer, with a profile selected, on one device."""
    return sign_in(viewer, profile)
