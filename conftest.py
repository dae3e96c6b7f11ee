"""Fixtures of every test: clean stores, and clients that are signed in as somebody."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from apps.accounts.models import Profile, User
from apps.accounts.tests.factories import PASSWORD, ProfileFactory, UserFactory
from apps.core import clients
from tests import emptying

SignIn = Callable[..., APIClient]
emptying.install()


@pytest.fixture(autouse=True)
def _empty_redis() -> None:
    """Every test begins with empty Redis stores; PostgreSQL is rolled back by pytest-django."""
    clients.durable().flushdb()
    cache.clear()


@pytest.fixture(autouse=True)
def _media_in_a_temporary_place(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.UPLOAD_DIR = tmp_path / "uploads"
    settings.SCRATCH_DIR = tmp_path / "scratch"


@pytest.fixture
def mongo() -> Any:
    """The test's own MongoDB database, empty."""
    database = clients.mongo()
    for name in database.list_collection_names():
        database.drop_collection(name)
    return database


@pytest.fixture
def api() -> APIClient:
    """An anonymous client."""
    return APIClient()


@pytest.fixture
def viewer(db: None) -> User:
    """An account with a confirmed address and no profiles yet."""
    return UserFactory()


@pytest.fixture
def profile(viewer: User) -> Profile:
    return ProfileFactory(account=viewer)


@pytest.fixture
def sign_in() -> SignIn:
    """`sign_in(user)`: a client with an access token; `sign_in(user, profile)`: with it selected."""

    def signed_in(user: User, profile: Profile | None = None, **proof: str) -> APIClient:
        client = APIClient()
        grant = client.post("/api/v1/auth/login", {"email": user.email, "password": PASSWORD})
        assert grant.status_code == 200, grant.content
        client.refresh = grant.json()["refresh"]  # type: ignore[attr-defined]
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {grant.json()['access']}")
        if profile:
            selected = client.post(f"/api/v1/profiles/{profile.public_id}/select", proof)
            assert selected.status_code == 200, selected.content
            client.credentials(HTTP_AUTHORIZATION=f"Bearer {selected.json()['access']}")
        return client

    return signed_in
