"""The workflow is tried with titles, which have one, and with the newsroom's cast."""

import random
from typing import Any

import pytest

from apps.catalog.models import Title
from apps.catalog.tests.conftest import esha, groups, omar, priya, ravi  # noqa: F401 fixtures
from apps.catalog.tests.factories import TitleFactory
from apps.workflow import guards


@pytest.fixture(autouse=True)
def _no_gates(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the catalogue asks of a title is for its own tests."""
    monkeypatch.setattr(guards, "_guards", {})


@pytest.fixture
def title(db: Any) -> Title:
    return TitleFactory()


@pytest.fixture
def dice() -> random.Random:
    seed = random.randrange(10**9)  # noqa: S311 not for secrets
    # Shown when the test fails.
    print(f"seed {seed}")  # noqa: T201
    return random.Random(seed)  # noqa: S311 not for secrets
