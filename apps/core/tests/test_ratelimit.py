"""A client may ask so often, and is told how often."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings as live
from django.test import Client
from django_redis import get_redis_connection
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.core import ratelimit
from apps.core.tests.problems import assert_problem
from conftest import SignIn

pytestmark = [pytest.mark.urls("apps.core.tests.routes"), pytest.mark.django_db]
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _still_clock() -> Iterator[None]:
    """No window ends in the middle of a test."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def no_cache(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache role is a port on which nobody listens."""
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:9/0"}}
    monkeypatch.setattr(ratelimit, "_local", ratelimit._LocalCounter())


def limits(response: Any) -> tuple[int, int, int]:
    return tuple(int(response[f"RateLimit-{name}"]) for name in ("Limit", "Remaining", "Reset"))  # type: ignore[return-value]


def test_a_hundred_requests_a_minute_are_the_default() -> None:
    import os
    import subprocess
    import sys

    command = [sys.executable, "-c", "from ottsite import settings; print(settings.RATE_LIMIT_DEFAULT)"]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("RATE_LIMIT")}
    run = subprocess.run(command, env=environ, cwd=live.BASE_DIR, capture_output=True, text=True, check=True)

    assert run.stdout.strip() == "100/m"


def test_every_answer_tells_the_limit_and_the_first_past_it_is_429(api: APIClient, settings: Any) -> None:
    settings.RATE_LIMIT_DEFAULT = "3/m"

    answers = [api.get("/api/v1/account") for _ in range(5)]

    assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]
    assert [limits(answer)[:2] for answer in answers] == [(3, 2), (3, 1), (3, 0), (3, 0), (3, 0)]
    assert_problem(answers[3], 429, "throttled")
    assert 1 <= int(answers[3]["Retry-After"]) == limits(answers[3])[2] <= 60


def test_the_limit_is_lifted_when_it_says_so(api: APIClient, settings: Any) -> None:
    settings.RATE_LIMIT_DEFAULT = "1/m"
    api.get("/api/v1/account")
    wait = int(api.get("/api/v1/account")["Retry-After"])

    with time_machine.travel(NOW + timedelta(seconds=wait - 1), tick=False):
        assert api.get("/api/v1/account").status_code == 429
    with time_machine.travel(NOW + timedelta(seconds=wait + 1), tick=False):
        assert api.get("/api/v1/account").status_code == 401


def test_addresses_are_counted_apart_and_a_forged_header_makes_no_new_one(settings: Any) -> None:
    settings.RATE_LIMIT_DEFAULT = "2/m"
    one, other = APIClient(REMOTE_ADDR="203.0.113.1"), APIClient(REMOTE_ADDR="203.0.113.2")

    for n in range(5):
        last = one.get("/api/v1/account", headers={"X-Forwarded-For": f"198.51.100.{n}"})

    assert last.status_code == 429
    assert other.get("/api/v1/account").status_code == 401


def test_signed_in_viewers_behind_one_address_are_counted_by_session(
    sign_in: SignIn, viewer: User, settings: Any
) -> None:
    one, other = sign_in(viewer), sign_in(viewer)
    settings.RATE_LIMIT_DEFAULT = "2/m"

    assert [one.get("/api/v1/account").status_code for _ in range(3)] == [200, 200, 429]
    assert other.get("/api/v1/account").status_code == 200
    assert APIClient().get("/api/v1/account").status_code == 401


def test_a_forged_token_counts_against_the_address(settings: Any) -> None:
    settings.RATE_LIMIT_DEFAULT = "2/m"

    for n in range(3):
        last = APIClient().get("/api/v1/account", headers={"authorization": f"Bearer {n}.{n}.{n}"})

    assert last.status_code == 429


def test_a_stricter_rule_of_a_view_speaks_for_itself(api: APIClient) -> None:
    answers = [api.get("/api/v1/test/strict") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert limits(answers[2])[:2] == (2, 0)


def test_preflights_and_pages_are_not_counted(settings: Any) -> None:
    settings.RATE_LIMIT_DEFAULT = "1/m"

    preflight = {"origin": "https://any.example", "access-control-request-method": "POST"}

    for _ in range(3):
        assert Client().options("/api/v1/account", headers=preflight).status_code == 200
        assert Client().get("/healthz").status_code == 200
    assert Client().options("/api/v1/account").status_code == 401
    assert Client().options("/api/v1/account").status_code == 429


def test_of_sixty_parallel_requests_exactly_the_limit_pass() -> None:
    used: list[int] = []

    def run() -> None:
        used.append(ratelimit.hit("test", "one", "10/m").count)

    threads = [threading.Thread(target=run) for _ in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(used) == list(range(1, 61))


def test_without_the_cache_each_process_allows_half_and_nothing_fails(
    api: APIClient, settings: Any, no_cache: None
) -> None:
    settings.RATE_LIMIT_DEFAULT = "6/m"

    answers = [api.get("/api/v1/account") for _ in range(5)]

    assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]
    assert [limits(answer)[:2] for answer in answers] == [(3, 2), (3, 1), (3, 0), (3, 0), (3, 0)]
    assert 1 <= limits(answers[0])[2] <= 60


def test_without_the_cache_a_window_is_as_long_as_its_rule(no_cache: None) -> None:
    hourly, minutely = "4/h", "4/m"
    for _ in range(3):
        ratelimit.hit("test", "one", hourly)
        ratelimit.hit("test", "one", minutely)

    with time_machine.travel(NOW + timedelta(minutes=5), tick=False):
        assert ratelimit.hit("test", "one", hourly).exceeded
        assert not ratelimit.hit("test", "one", minutely).exceeded
    with time_machine.travel(NOW + timedelta(minutes=61), tick=False):
        assert not ratelimit.hit("test", "one", hourly).exceeded


def test_without_the_cache_a_limit_of_one_still_lets_one_pass(no_cache: None) -> None:
    assert not ratelimit.hit("test", "one", "1/m").exceeded
    assert ratelimit.hit("test", "one", "1/m").exceeded


def test_without_the_cache_the_count_of_clients_is_bounded(
    no_cache: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ratelimit, "MAX_LOCAL_CLIENTS", 10)

    for n in range(100):
        ratelimit.hit("test", f"client{n}", "4/m")

    assert len(ratelimit._local._counts) <= 10


def test_a_cache_that_is_back_counts_for_all_again(settings: Any, no_cache: None) -> None:
    ratelimit.hit("test", "one", "4/m")
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": live.CACHE_URL}}

    assert ratelimit.hit("test", "one", "4/m").limit == 4


def test_a_connection_that_the_cache_closed_is_dialled_again() -> None:
    ratelimit.hit("test", "one", "4/m")
    get_redis_connection("default").execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

    usage = ratelimit.hit("test", "one", "4/m")

    assert (usage.count, usage.limit) == (2, 4)


def test_what_is_counted_is_forgotten_soon_after_its_window() -> None:
    ratelimit.hit("test", "one", "4/m")
    ratelimit.hit("test", "one", "4/m")

    redis = get_redis_connection("default")
    (key,) = redis.keys("ottsite:rate:*")
    assert 60 < redis.ttl(key) <= 65
    assert b"one" not in key
