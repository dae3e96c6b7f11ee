"""Fixtures of the accounts tests."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from apps.accounts import hashing
from apps.accounts.models import User
from apps.core import clients

from .factories import UserFactory
from .steps import at_the_desk


@pytest.fixture
def roomy_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hash pool that a storm does not fill, for tests of something else."""
    monkeypatch.setattr(hashing, "pool", hashing.HashPool(4, 200))


@pytest.fixture
def no_limits(settings: Any) -> None:
    """Rate limits beyond what a test can reach."""
    for name in ("DEFAULT", "SIGNUP", "LOGIN_CLIENT", "LOGIN_ACCOUNT"):
        setattr(settings, f"RATE_LIMIT_{name}", "100000/m")


@pytest.fixture
def redis_away(settings: Any) -> Iterator[None]:
    """The durable role cannot be reached."""
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    clients.durable.cache_clear()
    yield
    clients.durable.cache_clear()


@pytest.fixture
def still_clock() -> Iterator[None]:
    """Time stands still, so that no window of a rate limit ends in the middle of a test."""
    with time_machine.travel(timezone.now(), tick=False):
        yield


@pytest.fixture
def boss() -> User:
    return UserFactory(is_staff=True, is_superuser=True)


@pytest.fixture
def desk(boss: User) -> Client:
    """The admin, with a superuser at it."""
    return at_the_desk(boss)


@pytest.fixture
def clerk() -> User:
    """Staff that look after accounts, without being superusers."""
    user = UserFactory(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))
    return user
