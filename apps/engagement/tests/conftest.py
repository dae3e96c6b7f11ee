"""What the tests of engagement share."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from apps.core import clients
from apps.engagement.services import consumer, positions
from apps.engagement.store import stream

from .players import Viewer

Away = Callable[[], AbstractContextManager[None]]


@pytest.fixture(autouse=True)
def _room_for_many_requests(settings: Any) -> None:
    for name in ("DEFAULT", "SIGNUP", "LOGIN_CLIENT", "LOGIN_ACCOUNT"):
        setattr(settings, f"RATE_LIMIT_{name}", "100000/m")


@pytest.fixture(autouse=True)
def _mongo_answers() -> Iterator[None]:
    """No breaker remembers another test's trouble."""
    positions._mongo.reset()
    yield
    positions._mongo.reset()


@pytest.fixture
def asha() -> Viewer:
    return Viewer()


@pytest.fixture
def mongo_away(settings: Any) -> Iterator[Away]:
    """`with mongo_away():` MongoDB cannot be reached."""

    @contextmanager
    def away() -> Iterator[None]:
        url = settings.MONGO_URL
        settings.MONGO_URL = "mongodb://127.0.0.1:9/nowhere?directConnection=true"
        settings.MONGO_TIMEOUT_S = 0.3
        clients.mongo.cache_clear()
        yield
        settings.MONGO_URL = url
        clients.mongo.cache_clear()
        positions._mongo.reset()

    yield away
    clients.mongo.cache_clear()


@pytest.fixture
def pace() -> consumer.Pace:
    """A consumer that begins anew."""
    return consumer.Pace()


@pytest.fixture
def quick_reclaim(monkeypatch: pytest.MonkeyPatch) -> None:
    """What somebody has read counts as left behind at once."""
    monkeypatch.setattr(stream, "SILENT_MS", 0)
    monkeypatch.setattr(consumer, "RECLAIM_EVERY_S", 0)
