"""Plans as the fixture has them, a viewer who has none, and time that stands still."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from django.core.management import call_command

from apps.accounts.models import User
from apps.accounts.tests.factories import UserFactory
from apps.billing.models import Plan

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def plans(db: None) -> dict[str, Plan]:
    call_command("loaddata", "plans", verbosity=0)
    return {plan.slug: plan for plan in Plan.objects.all()}


@pytest.fixture
def premium(plans: dict[str, Plan]) -> Plan:
    return plans["premium"]


@pytest.fixture
def sasha(db: None) -> User:
    """Looks after people."""
    return UserFactory(email="sasha@example.com", is_staff=True, is_superuser=True)


@pytest.fixture
def noon() -> Iterator[datetime]:
    with time_machine.travel(NOON, tick=False):
        yield NOON


@pytest.fixture
def dice() -> random.Random:
    seed = random.randrange(10**9)  # noqa: S311 not for secrets
    # Shown when the test fails.
    print(f"seed {seed}")  # noqa: T201
    return random.Random(seed)  # noqa: S311 not for secrets
