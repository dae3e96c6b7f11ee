"""No request waits for a store longer than it may."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import redis
from django.db import OperationalError, connection

from apps.core import clients, deadline
from apps.core.clients import GuardedPool
from apps.core.deadline import Breaker, budget, remaining
from apps.core.postgres import base
from apps.core.postgres.base import BoundedConnection


class Clock:
    """The time of budgets and breakers, which passes when a test says so."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Silent:
    """A server that takes connections and never says a word."""

    def __init__(self, listener: socket.socket) -> None:
        listener.setblocking(False)
        self._listener = listener
        self._taken: list[socket.socket] = []
        self.port: int = listener.getsockname()[1]

    def dialled(self) -> int:
        """How often it was dialled so far."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self._taken.append(self._listener.accept()[0])
        return len(self._taken)

    def close(self) -> None:
        for one in self._taken:
            one.close()


@pytest.fixture(autouse=True)
def _closed_breaker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "breaker", Breaker())


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(deadline, "monotonic", clock)
    return clock


@pytest.fixture
def silent() -> Iterator[Silent]:
    with socket.create_server(("127.0.0.1", 0)) as listener, contextlib.closing(Silent(listener)) as server:
        yield server


def test_without_a_budget_nothing_is_limited() -> None:
    assert remaining() is None


def test_a_budget_runs_down_and_ends_with_its_block(clock: Clock) -> None:
    with budget(0.5):
        assert remaining() == 0.5
        clock.now += 0.25
        assert remaining() == 0.25

    assert remaining() is None


def test_a_budget_that_is_used_up_leaves_time_to_fail_in_order(clock: Clock) -> None:
    with budget(1):
        clock.now += 2
        assert remaining() == 0.05


def test_each_thread_has_its_own_budget() -> None:
    seen: list[float | None] = []
    with budget(5):
        thread = threading.Thread(target=lambda: seen.append(remaining()))
        thread.start()
        thread.join()

    assert seen == [None]


def test_a_breaker_refuses_after_a_failure_and_then_lets_one_try(clock: Clock) -> None:
    breaker = Breaker(rest_s=0.5)
    assert breaker.allows()

    breaker.trip()
    assert not breaker.allows()
    clock.now += 0.5
    assert [breaker.allows() for _ in range(5)] == [True, False, False, False, False]

    breaker.reset()
    assert all(breaker.allows() for _ in range(5))


def test_a_probe_that_never_reports_back_is_replaced(clock: Clock) -> None:
    breaker = Breaker(rest_s=0.5)
    breaker.trip()
    clock.now += 0.5
    assert breaker.allows()

    clock.now += 1
    assert not breaker.allows()
    clock.now += 0.5
    assert breaker.allows()


def test_of_parallel_callers_one_is_the_probe(clock: Clock) -> None:
    breaker = Breaker(rest_s=0.5)
    breaker.trip()
    clock.now += 0.5
    allowed: list[bool] = []
    threads = [threading.Thread(target=lambda: allowed.append(breaker.allows())) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(allowed) == 1


@pytest.mark.django_db(transaction=True)
def test_a_query_ends_with_the_budget_and_the_next_connection_works() -> None:
    connection.ensure_connection()
    with pytest.raises(OperationalError, match="did not answer in time"), budget(0.5):
        connection.cursor().execute("SELECT pg_sleep(60)")

    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)


@pytest.mark.django_db(transaction=True)
def test_the_server_gives_up_a_query_that_nobody_waits_for() -> None:
    connection.ensure_connection()
    with pytest.raises(OperationalError), budget(0.2):
        connection.cursor().execute("SELECT pg_sleep(120), 'abandoned'")
    connection.close()

    ends_at = time.monotonic() + 60
    running = 1
    while running and time.monotonic() < ends_at:
        time.sleep(0.2)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%%abandoned%%'"
                " AND state = 'active' AND pid <> pg_backend_pid()"
            )
            (running,) = cursor.fetchone()
    assert running == 0


@pytest.mark.django_db(transaction=True)
def test_many_queries_share_one_budget(clock: Clock) -> None:
    connection.ensure_connection()
    with budget(60):
        for _ in range(3):
            connection.cursor().execute("SELECT 1")
            clock.now += 20
        with pytest.raises(OperationalError, match="did not answer in time"):
            connection.cursor().execute("SELECT pg_sleep(60)")
    connection.close()


@pytest.mark.django_db
def test_a_command_may_take_its_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.7)")


def test_a_silent_postgres_is_given_up_and_then_not_dialled(silent: Silent, clock: Clock) -> None:
    conninfo = f"host=127.0.0.1 port={silent.port} dbname=x connect_timeout=2"

    with pytest.raises(psycopg.OperationalError), budget(2.5):
        BoundedConnection.connect(conninfo)
    assert silent.dialled() == 1

    with pytest.raises(psycopg.OperationalError, match="a moment ago"), budget(2.5):
        BoundedConnection.connect(conninfo)
    assert silent.dialled() == 1


def test_a_silent_redis_is_given_up_and_then_not_dialled(silent: Silent, clock: Clock) -> None:
    client = redis.Redis(connection_pool=GuardedPool.from_url(f"redis://127.0.0.1:{silent.port}/0"))

    with pytest.raises(redis.TimeoutError):
        client.ping()
    dialled = silent.dialled()
    assert dialled > 0

    for _ in range(50):
        with pytest.raises(clients.DRIVER_ERRORS, match="a moment ago"):
            client.ping()
    assert silent.dialled() == dialled


def test_a_redis_that_is_back_is_used_again(settings: Any, clock: Clock) -> None:
    settings.REDIS_TIMEOUT_S = 30
    pool = GuardedPool.from_url(settings.REDIS_URL)
    client = redis.Redis(connection_pool=pool)
    assert client.ping()

    pool.connection_kwargs["breaker"].trip()
    pool.disconnect()
    with pytest.raises(clients.DRIVER_ERRORS):
        client.ping()
    clock.now += 0.6
    assert client.ping()
    assert client.ping()


def test_a_missing_mongo_fails_when_its_timeout_is_over(settings: Any) -> None:
    settings.MONGO_URL, settings.MONGO_TIMEOUT_S = "mongodb://127.0.0.1:9/x", 0.5
    clients.mongo.cache_clear()
    try:
        # What the driver says it waited for; its own default is 30 s.
        with pytest.raises(clients.DRIVER_ERRORS, match=r"Timeout: 0\.[45]"):
            clients.mongo().command("ping")
    finally:
        clients.mongo.cache_clear()
