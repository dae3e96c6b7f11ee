"""No request waits for a store longer than it may."""

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import redis
from django.db import OperationalError, connection

from apps.core import clients
from apps.core.clients import GuardedPool
from apps.core.deadline import Breaker, budget, remaining
from apps.core.postgres import base
from apps.core.postgres.base import BoundedConnection


@pytest.fixture(autouse=True)
def _closed_breaker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "breaker", Breaker())


@pytest.fixture
def silent() -> Iterator[int]:
    """A port whose server takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_without_a_budget_nothing_is_limited() -> None:
    assert remaining() is None


def test_a_budget_runs_down_and_ends_with_its_block() -> None:
    with budget(0.3):
        first = remaining()
        time.sleep(0.1)
        second = remaining()

    assert first is not None
    assert second is not None
    assert 0.2 < first <= 0.3
    assert second <= first - 0.1
    assert remaining() is None


def test_a_budget_that_is_used_up_leaves_time_to_fail_in_order() -> None:
    with budget(0):
        assert remaining() == 0.05


def test_each_thread_has_its_own_budget() -> None:
    seen: list[float | None] = []
    with budget(5):
        thread = threading.Thread(target=lambda: seen.append(remaining()))
        thread.start()
        thread.join()

    assert seen == [None]


def test_a_breaker_refuses_after_a_failure_and_then_lets_one_try() -> None:
    breaker = Breaker(rest_s=0.05)
    assert breaker.allows()

    breaker.trip()
    assert not breaker.allows()
    time.sleep(0.06)
    assert [breaker.allows() for _ in range(5)] == [True, False, False, False, False]

    breaker.reset()
    assert all(breaker.allows() for _ in range(5))


def test_a_probe_that_never_reports_back_is_replaced() -> None:
    breaker = Breaker(rest_s=0.02)
    breaker.trip()
    time.sleep(0.03)
    assert breaker.allows()

    time.sleep(0.07)
    assert breaker.allows()


def test_of_parallel_callers_one_is_the_probe() -> None:
    breaker = Breaker(rest_s=0.05)
    breaker.trip()
    time.sleep(0.06)
    allowed: list[bool] = []
    threads = [threading.Thread(target=lambda: allowed.append(breaker.allows())) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(allowed) == 1


@pytest.mark.django_db(transaction=True)
def test_a_query_ends_with_the_budget_and_the_next_connection_works() -> None:
    started = time.monotonic()
    with pytest.raises(OperationalError, match="did not answer in time"), budget(0.5):
        connection.cursor().execute("SELECT pg_sleep(10)")
    assert 0.4 < time.monotonic() - started < 1

    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)


@pytest.mark.django_db(transaction=True)
def test_the_server_gives_up_a_query_that_nobody_waits_for() -> None:
    with pytest.raises(OperationalError), budget(0.2):
        connection.cursor().execute("SELECT pg_sleep(10), 'abandoned'")
    connection.close()

    ends_at = time.monotonic() + 4
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
def test_many_queries_share_one_budget() -> None:
    started = time.monotonic()
    done: list[int] = []

    def query() -> None:
        for n in range(20):
            connection.cursor().execute("SELECT pg_sleep(0.1)")
            done.append(n)

    with pytest.raises(OperationalError), budget(0.5):
        query()
    connection.close()

    assert 2 <= len(done) <= 5
    assert time.monotonic() - started < 1


@pytest.mark.django_db
def test_a_command_may_take_its_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.7)")


def test_dialling_a_silent_postgres_ends_with_the_budget_and_then_at_once(silent: int) -> None:
    conninfo = f"host=127.0.0.1 port={silent} dbname=x connect_timeout=2"

    started = time.monotonic()
    with pytest.raises(psycopg.OperationalError), budget(2.5):
        BoundedConnection.connect(conninfo)
    assert time.monotonic() - started < 3

    started = time.monotonic()
    with pytest.raises(psycopg.OperationalError, match="a moment ago"), budget(2.5):
        BoundedConnection.connect(conninfo)
    assert time.monotonic() - started < 0.1


def test_a_silent_redis_fails_in_time_and_then_at_once(silent: int, settings: Any) -> None:
    client = redis.Redis(connection_pool=GuardedPool.from_url(f"redis://127.0.0.1:{silent}/0"))

    started = time.monotonic()
    with pytest.raises(clients.DRIVER_ERRORS):
        client.ping()
    assert time.monotonic() - started < 2.5 * settings.REDIS_TIMEOUT_S

    started = time.monotonic()
    for _ in range(50):
        with pytest.raises(clients.DRIVER_ERRORS):
            client.ping()
    assert time.monotonic() - started < settings.REDIS_TIMEOUT_S


def test_a_redis_that_is_back_is_used_again(settings: Any) -> None:
    pool = GuardedPool.from_url(settings.REDIS_URL)
    client = redis.Redis(connection_pool=pool)
    assert client.ping()

    pool.connection_kwargs["breaker"].trip()
    pool.disconnect()
    with pytest.raises(clients.DRIVER_ERRORS):
        client.ping()
    time.sleep(0.6)
    assert client.ping()
    assert client.ping()


def test_a_missing_mongo_fails_in_time(settings: Any) -> None:
    settings.MONGO_URL, settings.MONGO_TIMEOUT_S = "mongodb://127.0.0.1:9/x", 0.5
    clients.mongo.cache_clear()
    try:
        started = time.monotonic()
        with pytest.raises(clients.DRIVER_ERRORS):
            clients.mongo().command("ping")
        assert time.monotonic() - started < 1
    finally:
        clients.mongo.cache_clear()
