"""Each store down and frozen under requests: the right answer, in time, and back at once when it is."""

import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from .live import Answer, Site, eventually

FAULTS: dict[str, Callable[[Site, str], None]] = {
    "refused": lambda site, store: site.proxies[store].refuse(),
    "silent": lambda site, store: site.proxies[store].freeze(),
    "stopped": lambda site, store: site.freeze(store),
}
# What still works without a store, and what says honestly that it does not.
EXPECTED = {
    "postgres": {"login": 503, "account": 503, "ready": 503},
    "valkey-durable": {"login": 200, "account": 200, "ready": 503},
    "valkey-cache": {"login": 200, "account": 200, "ready": 200},
    "mongo": {"login": 200, "account": 200, "ready": 200},
}
STATE_IS_FORGOTTEN_S = 4.2


def requests(site: Site) -> dict[str, Answer]:
    return {
        "login": site.sign_in(),
        "account": site.call("GET", "/api/v1/account"),
        "ready": site.call("GET", "/readyz"),
        "alive": site.call("GET", "/healthz"),
        # Asks no store, but computes: as long as a busy machine makes it.
        "schema": site.call("GET", "/api/schema/", seconds=30),
    }


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("store", EXPECTED)
def test_a_lost_store_gives_the_right_answer_in_time_and_heals(site: Site, store: str, fault: str) -> None:
    FAULTS[fault](site, store)
    time.sleep(STATE_IS_FORGOTTEN_S if store == "postgres" else 0.6)

    answers = [requests(site) for _ in range(2)]

    for answer in answers:
        assert {name: answer[name].status for name in EXPECTED[store]} == EXPECTED[store]
        assert (answer["alive"].status, answer["schema"].status) == (200, 200)
        for one in answer.values():
            if one.status == 503:
                assert int(one.headers["retry-after"]) >= 1
        if answer["login"].status == 503:
            assert answer["login"].body["code"] == "service_unavailable"
    dependencies = answers[-1]["ready"].body["dependencies"]
    assert [name for name, state in dependencies.items() if not state["ok"]] == [
        {"valkey-durable": "redis", "valkey-cache": "cache"}.get(store, store)
    ]
    site.heal()
    assert site.recovered_within(2)
    assert {name: answer.status for name, answer in requests(site).items()} == dict.fromkeys(answers[0], 200)


@pytest.mark.parametrize("store", ["postgres", "valkey-durable", "valkey-cache"])
def test_a_crowd_before_a_frozen_store_does_not_wait_in_line(site: Site, store: str) -> None:
    site.freeze(store)
    time.sleep(STATE_IS_FORGOTTEN_S)

    with ThreadPoolExecutor(40) as crowd:
        answers = list(crowd.map(lambda _: site.call("GET", "/api/v1/account"), range(80)))

    expected = 503 if store == "postgres" else 200
    assert {answer.status for answer in answers} == {expected}
    site.heal()
    assert site.recovered_within(2)


@pytest.mark.parametrize("engine", ["postgres", "valkey-durable", "valkey-cache", "mongo"])
def test_an_engine_killed_comes_back_with_everything_that_was_acknowledged(site: Site, engine: str) -> None:
    avatars = ["plum", "teal", "coral"]
    profiles = site.call("GET", "/api/v1/profiles").body["results"]
    target = next(one for one in profiles if not one["has_pin"] and not one["kid"])
    for avatar in avatars:
        assert site.call("PATCH", f"/api/v1/profiles/{target['id']}", {"avatar": avatar}).status == 200

    site.kill(engine)

    assert site.recovered_within(30)
    kept = site.call("GET", f"/api/v1/profiles/{target['id']}").body
    assert kept["avatar"] == avatars[-1]


def test_the_worker_outlives_a_killed_postgres(site: Site) -> None:
    worker = site.processes["worker"]
    email = f"after-{secrets.token_hex(4)}@example.com"

    site.kill("postgres")
    assert site.recovered_within(30)
    registered = site.call(
        "POST", "/api/v1/auth/register", {"email": email, "password": "a long enough phrase"}, token=""
    )

    assert registered.status in {201, 202}
    assert eventually(lambda: site.mailed(email), 60)
    assert worker.poll() is None


def test_a_session_revoked_while_redis_is_away_is_dead_within_five_seconds(site: Site) -> None:
    other = site.sign_in().body["access"]
    assert site.call("GET", "/api/v1/account", token=other).status == 200
    site.proxies["valkey-durable"].freeze()

    assert site.call("POST", "/api/v1/auth/logout", token=other).status == 204
    site.heal()
    time.sleep(5)

    assert site.call("GET", "/api/v1/account", token=other).status == 401
