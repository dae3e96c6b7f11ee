"""The ticker: functions that workers call every so often, whatever becomes of single calls."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings as live
from django.db import InterfaceError, OperationalError, connection

from apps.core import jobs, ticker
from apps.core.deadline import remaining
from apps.core.tests.conftest import Lines

# `manage.py worker` with a tick that leaves its traces, and the chores.
WORKER = """
import os, sys, django
django.setup()
from apps.core.ticker import every
from apps.core.tests import chores
every(0.3, "trace")(lambda: chores.note(os.environ["TRACE"], f"tick {os.getpid()}"))
from django.core.management import call_command
call_command("worker", *sys.argv[1:])
"""
Start = Callable[..., "subprocess.Popen[bytes]"]


class Broken(Exception):
    """What a tick with a bug raises."""


@pytest.fixture(autouse=True)
def _no_other_ticks() -> Iterator[None]:
    kept = dict(ticker._ticks)
    ticker._ticks.clear()
    yield
    ticker._ticks.clear()
    ticker._ticks.update(kept)


def await_(what: Callable[[], Any], seconds: float = 60) -> Any:
    """What it returns as soon as it is true."""
    ends_at = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < ends_at, "it did not happen in time"
        time.sleep(0.02)
    return found


def test_a_tick_is_called_again_and_again_until_the_end() -> None:
    calls: list[float] = []
    ticker.every(0.1, "count")(lambda: calls.append(time.monotonic()))

    with ticker.running():
        await_(lambda: len(calls) >= 3)
    seen = len(calls)
    time.sleep(0.5)

    assert len(calls) == seen


def test_a_tick_with_a_bug_is_told_loudly_and_tried_again(log_lines: Lines) -> None:
    calls: list[str] = []

    def stumble() -> None:
        calls.append("call")
        if len(calls) < 3:
            raise Broken("of a kind that nobody expected")

    ticker.every(0.1, "stumble")(stumble)
    with ticker.running():
        await_(lambda: len(calls) >= 4)

    told = [line for line in log_lines() if line.get("tick") == "stumble"]
    assert [(line["level"], line["message"]) for line in told] == [
        ("ERROR", "tick failed, trying again"),
        ("WARNING", "tick works again"),
    ], "the same trouble is not told each second"
    assert "of a kind that nobody expected" in told[0]["exc_info"]


def test_a_tick_that_even_exits_is_tried_again(log_lines: Lines) -> None:
    calls: list[str] = []

    def leave() -> None:
        calls.append("call")
        sys.exit(1)

    ticker.every(0.1, "leave")(leave)
    with ticker.running():
        await_(lambda: len(calls) >= 2)

    assert [line["error"] for line in log_lines() if line.get("tick") == "leave"] == ["SystemExit"]


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_lost_store_is_told_without_a_traceback_and_tried_again(
    error: type[Exception], log_lines: Lines
) -> None:
    calls: list[str] = []

    def fail() -> None:
        calls.append("call")
        raise error("server closed the connection unexpectedly")

    ticker.every(0.1, "fail")(fail)
    with ticker.running():
        await_(lambda: len(calls) >= 3)

    (told,) = [line for line in log_lines() if line.get("tick") == "fail"]
    assert (told["level"], told["error"]) == ("WARNING", error.__name__)
    assert "exc_info" not in told


def test_a_slow_tick_holds_up_no_other_and_is_never_called_twice_at_once() -> None:
    released, calls, slow = Event(), [0], [0]

    def wait() -> None:
        slow[0] += 1
        released.wait(30)

    def count() -> None:
        calls[0] += 1

    ticker.every(0.1, "wait")(wait)
    ticker.every(0.1, "count")(count)
    with ticker.running():
        await_(lambda: calls[0] >= 5)
        assert slow == [1]
        released.set()
        await_(lambda: slow[0] >= 2)


def test_the_end_waits_for_the_call_under_way() -> None:
    began, done = Event(), Event()

    def work() -> None:
        began.set()
        time.sleep(0.6)
        done.set()

    ticker.every(60, "work")(work)
    with ticker.running():
        assert began.wait(30)

    assert done.is_set()


def test_a_tick_waits_for_its_stores_only_so_long() -> None:
    left: list[float | None] = []
    ticker.every(60, "look")(lambda: left.append(remaining()))

    with ticker.running():
        await_(lambda: left)

    assert left[0] is not None
    assert 0 < left[0] <= ticker.PATIENCE_S
    assert remaining() is None


@pytest.mark.django_db(transaction=True)
def test_a_tick_outlives_its_connection(log_lines: Lines) -> None:
    seen: list[int] = []

    def look() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            seen.append(cursor.fetchone()[0])

    ticker.every(0.1, "look")(look)
    with ticker.running():
        first = await_(lambda: seen)[0]
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [first])
        await_(lambda: seen[-1] != first)

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", [seen[-1]])
        assert cursor.fetchone() == (0,), "the connection of a ticker that ended is closed"
    assert not [line for line in log_lines() if line["level"] == "ERROR"]


def test_once_calls_each_tick_once_and_raises_what_it_raises() -> None:
    calls: list[str] = []
    ticker.every(60, "first")(lambda: calls.append("first"))
    ticker.every(60, "second")(lambda: calls.append("second"))

    ticker.once()

    assert calls == ["first", "second"]
    ticker.every(60, "broken")(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        ticker.once()


# --- In a worker -------------------------------------------------------------------------------------


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    return tmp_path / "trace"


@pytest.fixture
def start(transactional_db: None, trace: Path) -> Iterator[Start]:
    """`start(*arguments)`: a worker in a process of its own, at the test's database, with the tick."""
    started: list[subprocess.Popen[bytes]] = []

    def run(*arguments: str, **environ: str) -> "subprocess.Popen[bytes]":
        at = connection.settings_dict
        url = (
            f"postgresql://{quote(at['USER'])}:{quote(at['PASSWORD'])}@{at['HOST']}:{at['PORT']}/{at['NAME']}"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", WORKER, *arguments],
            cwd=live.BASE_DIR,
            env=os.environ | {"DATABASE_URL": url, "TRACE": str(trace)} | environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE procrastinate_jobs, procrastinate_workers, procrastinate_periodic_defers CASCADE"
        )


def ticks(trace: Path) -> list[str]:
    return trace.read_text().splitlines() if trace.exists() else []


def test_a_worker_ticks_also_while_all_its_hands_are_full(start: Start, trace: Path, tmp_path: Path) -> None:
    long = tmp_path / "long"
    for _ in range(2):
        jobs.enqueue("apps.core.tests.chores.take_long", path=str(long), seconds=20)
    worker = start("--concurrency", "1")
    await_(lambda: ticks(long))
    before = len(ticks(trace))

    await_(lambda: len(ticks(trace)) >= before + 5)

    assert ticks(long) == [f"started {worker.pid}"], "the job is still running, the next one waits"


def test_every_worker_ticks(start: Start, trace: Path) -> None:
    workers = [start("--queues", queue) for queue in ("mail", "default")]

    await_(lambda: set(ticks(trace)) == {f"tick {worker.pid}" for worker in workers})


def test_a_worker_that_runs_once_ticks_once_and_ends(start: Start, trace: Path) -> None:
    worker = start("--once")

    assert worker.wait(60) == 0
    assert ticks(trace) == [f"tick {worker.pid}"]


def test_a_worker_that_is_told_to_stop_stops_ticking(start: Start, trace: Path) -> None:
    worker = start()
    await_(lambda: ticks(trace))

    worker.send_signal(signal.SIGTERM)

    assert worker.wait(60) == 0
