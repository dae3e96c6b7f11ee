"""The engines against real servers, each test under a data root of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import redis

from ottsite import engines
from ottsite.engines import wheels

from .engine_clients import (
    CLIENT,
    VARIABLES,
    answers_again,
    client,
    count,
    eventually,
    is_alive,
    query,
    urls_of,
    write_300,
)

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="kills by /proc and pdeathsig"),
    # They mostly wait, for servers to start and to end, so others may work meanwhile. Not each other: they
    # count on ports that they gave up for a moment.
    pytest.mark.xdist_group("engines"),
]


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    root = tmp_path / "var" / "engines"
    yield root
    engines.stop(root)


def test_a_cold_start_gives_four_urls_of_servers_that_answer(root: Path) -> None:
    with engines.running(root) as urls:
        assert query(urls) == {
            "DATABASE_URL": ("ottsite", "école"),
            "REDIS_URL": "noeviction",
            "CACHE_URL": "allkeys-lru",
            "MONGO_URL": "ottsite",
        }
        assert set(engines.pids(root)) == set(wheels.VARIABLES)
    assert engines.status(root) == {"running": False, "servers": {}}


@pytest.mark.parametrize(("env", "syncs"), [("development", "always"), ("test", "no")])
def test_the_durable_valkey_writes_before_it_answers(
    root: Path, monkeypatch: pytest.MonkeyPatch, env: str, syncs: str
) -> None:
    monkeypatch.setenv("OTTSITE_ENV", env)
    with engines.running(root, ["valkey-durable"]) as urls, redis.Redis.from_url(urls["REDIS_URL"]) as store:
        assert store.config_get("appendonly", "appendfsync") == {"appendonly": "yes", "appendfsync": syncs}


def test_secrets_are_readable_by_the_owner_only(root: Path) -> None:
    with engines.running(root, ["valkey-cache"]):
        for path in (root, root / "state.json", root / "valkey-cache" / "valkey.conf"):
            assert path.stat().st_mode & 0o077 == 0


def test_data_and_urls_survive_a_stop_and_a_start(root: Path) -> None:
    durable = {key: name for key, name in wheels.VARIABLES.items() if key != "valkey-cache"}
    with engines.running(root) as before:
        for engine, variable in durable.items():
            write_300(engine, before[variable])
    with engines.running(root) as after:
        assert after == before
        assert {count(engine, after[name]) for engine, name in durable.items()} == {300}


def test_a_second_process_attaches_to_the_same_servers(root: Path) -> None:
    with client(root) as first:
        urls, pids = urls_of(first), engines.pids(root)
        with client(root) as second:
            assert urls_of(second) == urls
            assert engines.pids(root) == pids
            assert engines.status(root)["clients"] == 2


def test_attaching_starts_no_process(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environ = {"OTTSITE_VAR": str(root.parent), **dict.fromkeys(VARIABLES[:2], "elsewhere://")}
    with engines.running(root) as urls:
        before = engines.status(root)
        monkeypatch.setattr(subprocess, "Popen", None)
        engines.provide(environ)
        after = engines.status(root)
        assert {name: environ[name] for name in VARIABLES[2:]} == {name: urls[name] for name in VARIABLES[2:]}
        assert (after["supervisor"], after["servers"]) == (before["supervisor"], before["servers"])
        assert after["clients"] == before["clients"] + 1


def test_engines_end_after_the_grace_when_their_only_client_is_killed(root: Path) -> None:
    with client(root, grace=0.5) as only:
        urls_of(only)
        status = engines.status(root)
        only.kill()
        pids = [status["supervisor"], *(server["pid"] for server in status["servers"].values())]
        assert eventually(lambda: not any(map(is_alive, pids)))


def test_a_child_that_inherits_the_urls_attaches_by_itself(root: Path) -> None:
    exec_itself = "import os, sys\nfrom ottsite import engines\nengines.provide(os.environ)\n"
    exec_itself += f"os.execv(sys.executable, [sys.executable, '-c', {CLIENT!r}])"
    with client(root, grace=0.5, code=exec_itself) as process:
        urls = urls_of(process)
        time.sleep(1)  # beyond the grace after the parent's image, and its connection, are gone
        assert query(urls)


def test_killing_the_supervisor_orphans_nothing_and_the_next_start_has_the_data(
    root: Path,
) -> None:
    with client(root) as first:
        urls, pids = urls_of(first), engines.pids(root)
        write_300("postgres", urls["DATABASE_URL"])
        supervisor = engines.status(root)["supervisor"]
        first.kill()  # first, lest it heals the loss
        first.wait()
        os.kill(supervisor, signal.SIGKILL)
        assert eventually(lambda: not any(map(is_alive, pids.values())))
    with client(root) as second:
        assert urls_of(second) == urls
        assert count("postgres", urls["DATABASE_URL"]) == 300


def test_a_living_client_replaces_a_killed_supervisor(root: Path) -> None:
    with client(root) as process:
        urls = urls_of(process)
        supervisor = engines.status(root)["supervisor"]
        os.kill(supervisor, signal.SIGKILL)
        assert eventually(lambda: set(engines.pids(root)) == set(wheels.VARIABLES))
        assert engines.status(root)["supervisor"] != supervisor
        assert len(query(urls)) == 4


@pytest.mark.parametrize("engine", ["postgres", "valkey-durable", "mongo"])
def test_a_killed_server_returns_with_every_acknowledged_write(root: Path, engine: str) -> None:
    with engines.running(root, [engine]) as urls:
        url = urls[wheels.VARIABLES[engine]]
        write_300(engine, url)
        killed = engines.pids(root)[engine]
        os.kill(killed, signal.SIGKILL)
        assert eventually(lambda: answers_again(engine, url))
        assert count(engine, url) == 300
        assert eventually(lambda: engines.pids(root).get(engine, killed) != killed)


def test_a_busy_query_of_a_killed_postgres_does_not_block_its_return(root: Path) -> None:
    with engines.running(root, ["postgres"]) as urls:
        busy = psycopg.connect(urls["DATABASE_URL"])
        backend = busy.info.backend_pid
        busy.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 4000000000)")
        os.kill(engines.pids(root)["postgres"], signal.SIGKILL)
        assert eventually(lambda: query_quietly(urls))
        assert not is_alive(backend)
        busy.close()


def query_quietly(urls: dict[str, str]) -> dict[str, Any]:
    try:
        return query(urls)
    except psycopg.OperationalError:
        return {}


def test_only_the_engine_whose_url_is_unset_starts(root: Path) -> None:
    environ = dict.fromkeys(VARIABLES, "elsewhere://") | {"OTTSITE_VAR": str(root.parent)}
    del environ["CACHE_URL"]
    engines.provide(environ)
    assert set(engines.pids(root)) == {"valkey-cache"}
    assert environ["DATABASE_URL"] == environ["MONGO_URL"] == "elsewhere://"
    assert query({"CACHE_URL": environ["CACHE_URL"]})


def test_nothing_starts_when_all_four_urls_are_set(root: Path) -> None:
    environ = dict.fromkeys(VARIABLES, "elsewhere://") | {"OTTSITE_VAR": str(root.parent)}
    before = dict(environ)
    engines.provide(environ)
    assert environ == before
    assert not root.exists()


def test_nothing_ever_starts_in_production(root: Path) -> None:
    environ = {"OTTSITE_ENV": "production", "OTTSITE_VAR": str(root.parent)}
    engines.provide(environ)
    assert "DATABASE_URL" not in environ
    assert not root.exists()


@pytest.mark.parametrize(("engine", "variable"), wheels.VARIABLES.items())
def test_a_missing_wheel_names_the_engine_and_the_variable(
    root: Path, monkeypatch: pytest.MonkeyPatch, engine: str, variable: str
) -> None:
    monkeypatch.setattr(wheels, "find_spec", lambda package: None)
    environ = dict.fromkeys(VARIABLES, "elsewhere://") | {"OTTSITE_VAR": str(root.parent)}
    del environ[variable]
    with pytest.raises(engines.EngineUnavailable, match=f"{wheels.LABELS[engine]}.* {variable}"):
        engines.provide(environ)
    assert not root.exists()


def test_a_start_after_a_kill_in_the_middle_of_initdb_works(root: Path) -> None:
    with client(root) as process:
        assert eventually(lambda: engines.status(root)["running"])
        supervisor = engines.status(root)["supervisor"]
        assert eventually(lambda: list(root.glob("initdb-*/data")))
        os.kill(supervisor, signal.SIGSTOP)  # lest it takes what initdb has made before the kill
        begun = eventually(lambda: list(root.glob("initdb-*/data/base")))
        process.kill()
        os.kill(supervisor, signal.SIGKILL)
        assert begun
    assert not (root / "postgres").exists()
    with engines.running(root, ["postgres"]) as urls:
        assert query(urls)
    assert not list(root.glob("initdb-*"))


def test_a_server_that_keeps_dying_is_given_up_with_the_end_of_its_log(root: Path) -> None:
    with engines.running(root, ["postgres"]):
        pass
    settings = root / "postgres" / "postgresql.conf"
    good = settings.read_text()
    settings.write_text(good + "\nno_such_setting = 1\n")
    complaint = pytest.raises(engines.EngineUnavailable, match=r"(?s)no_such_setting.*DATABASE_URL")
    with complaint, engines.running(root, ["postgres"]):
        pass
    settings.write_text(good)
    with engines.running(root, ["postgres"]) as urls:
        assert query(urls)


def test_a_port_taken_meanwhile_is_replaced(root: Path) -> None:
    with engines.running(root) as before:
        write_300("mongo", before["MONGO_URL"])
    taken = []
    with ExitStack() as sockets:
        for variable in ("DATABASE_URL", "MONGO_URL"):
            with suppress(OSError):  # somebody else was quicker and serves as well
                sockets.enter_context(socket.create_server(("127.0.0.1", urlsplit(before[variable]).port)))
                taken.append(variable)
        with engines.running(root) as after:
            assert not [variable for variable in taken if after[variable] == before[variable]]
            assert len(query(after)) == 4
            assert count("mongo", after["MONGO_URL"]) == 300


def test_processes_that_start_at_once_share_one_set(root: Path) -> None:
    with client(root) as first, client(root) as second, client(root) as third:
        assert urls_of(first) == urls_of(second) == urls_of(third)
        assert engines.status(root)["clients"] == 3
        assert (root / "supervisor.log").read_text().count("postgres: pid") == 1
