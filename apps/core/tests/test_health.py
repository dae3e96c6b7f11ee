"""`/healthz`, `/readyz` and `/metrics`."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from apps.core import clients, health

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _asked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_last", (0.0, {}))


@pytest.fixture
def nowhere(settings: Any) -> Iterator[Any]:
    """`nowhere("redis", …)`: those stores are at a port on which nobody listens."""
    kept = {"REDIS_URL": clients.durable, "CACHE_URL": clients.cache_role, "MONGO_URL": clients.mongo}

    def move(*names: str) -> None:
        for name in names:
            scheme = "mongodb" if name == "MONGO_URL" else "redis"
            setattr(
                settings,
                name,
                f"{scheme}://127.0.0.1:9/x" if name == "MONGO_URL" else "redis://127.0.0.1:9/0",
            )
            kept[name].cache_clear()

    yield move
    for client in kept.values():
        client.cache_clear()


def test_healthz_asks_nobody(nowhere: Any, django_assert_num_queries: Any) -> None:
    nowhere("REDIS_URL", "CACHE_URL", "MONGO_URL")

    with django_assert_num_queries(0):
        response = Client().get("/healthz")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_readyz_names_each_store_with_its_latency() -> None:
    response = Client().get("/readyz")

    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    body = response.json()
    assert body["status"] == "ok"
    assert {name: state["needed"] for name, state in body["dependencies"].items()} == {
        "postgres": True, "redis": True, "cache": False, "mongo": False
    }  # fmt: skip
    for state in body["dependencies"].values():
        assert set(state) == {"ok", "needed", "ms"}
        assert state["ok"]
        assert 0 <= state["ms"] < 1000


def test_a_needed_store_that_is_down_makes_it_unready(nowhere: Any) -> None:
    nowhere("REDIS_URL")

    response = Client().get("/readyz")

    assert response.status_code == 503
    assert response["Retry-After"] == "2"
    assert response.json()["status"] == "unavailable"
    assert not response.json()["dependencies"]["redis"]["ok"]


@pytest.mark.parametrize("name", ["CACHE_URL", "MONGO_URL"])
def test_another_store_that_is_down_degrades_it(nowhere: Any, name: str) -> None:
    nowhere(name)
    started = time.monotonic()

    response = Client().get("/readyz")

    assert response.status_code == 200
    assert response.json()["status"] == "degraded"
    assert time.monotonic() - started < 2.5


def test_a_crowd_of_askers_asks_the_stores_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def touch() -> None:
        asked.append(1)
        time.sleep(0.1)

    monkeypatch.setattr(health, "PROBES", [health.Probe("redis", True, touch)])

    threads = [threading.Thread(target=health.dependencies) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(asked) == 1


def test_it_says_nothing_of_addresses_and_versions(nowhere: Any) -> None:
    nowhere("REDIS_URL")

    text = Client().get("/readyz").content.decode()

    assert "127.0.0.1" not in text
    assert "rror" not in text


def metrics(peer: str = "127.0.0.1", **headers: str) -> Any:
    return Client(REMOTE_ADDR=peer).get("/metrics", headers=headers)


def test_this_machine_reads_metrics_when_there_is_no_token(settings: Any) -> None:
    settings.METRICS_TOKEN = ""
    Client().get("/healthz?email=a@b.example")

    response = metrics()

    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain")
    text = response.content.decode()
    assert 'ottsite_requests_total{method="GET",route="healthz",status="200"}' in text
    assert "b.example" not in text


@pytest.mark.parametrize(
    "peer",
    ["203.0.113.7", "10.0.0.1", "::ffff:203.0.113.7", "::2", "2001:db8::1", "", "127.0.0.1.evil", "0"],
)
def test_another_machine_does_not(settings: Any, peer: str) -> None:
    settings.METRICS_TOKEN = ""

    assert metrics(peer).status_code == 404


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via"])
def test_a_proxied_caller_does_not_whatever_the_peer(settings: Any, header: str) -> None:
    settings.METRICS_TOKEN = ""

    assert metrics(**{header: "127.0.0.1"}).status_code == 404
    assert metrics(**{header: ""}).status_code == 404


def test_with_a_token_set_the_token_alone_counts(settings: Any) -> None:
    settings.METRICS_TOKEN = "the-token"

    assert metrics("203.0.113.7", Authorization="Bearer the-token").status_code == 200
    for given in ("", "Bearer ", "Bearer the-toke", "Bearer the-token ", "Basic the-token", "Bearer ünïcode"):
        assert metrics(Authorization=given).status_code == 404, given
    assert metrics().status_code == 404


def test_odd_methods_and_paths_make_no_new_series(settings: Any) -> None:
    settings.METRICS_TOKEN = ""
    for n in range(5):
        Client().generic(f"ODD{n}", "/healthz")
        Client().get(f"/no-such-path-{n}")

    text = metrics().content.decode()

    assert "ODD" not in text
    assert "no-such-path" not in text
    assert 'method="other"' in text
