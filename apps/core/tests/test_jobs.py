"""Background jobs: they exist with the deed, are run and retried, and outlive workers and connections."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import croniter
import procrastinate
import pytest
from django.conf import settings as live
from django.db import connection, transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob as Job

from apps.core import jobs
from apps.core.tasks import MOST_RESCUES
from apps.core.tests import chores
from apps.core.tests.conftest import Lines

pytestmark = pytest.mark.django_db(transaction=True)
WRITE = "apps.core.tests.chores.write"
SLOW = "apps.core.tests.chores.take_long"
FAIL = "apps.core.tests.chores.fail"
# `manage.py worker`, knowing the chores too.
WORKER = """
import sys, django
django.setup()
from apps.core.tests import chores
from django.core.management import call_command
call_command("worker", *sys.argv[1:])
"""
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture(autouse=True)
def _empty_queue(transactional_db: None) -> Iterator[None]:
    """Procrastinate's tables are not flushed with the models'."""

    def empty() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "TRUNCATE procrastinate_jobs, procrastinate_workers, procrastinate_periodic_defers CASCADE"
            )

    empty()
    yield
    empty()


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    return tmp_path / "trace"


@pytest.fixture
def start() -> Iterator[Start]:
    """`start(*arguments, **environ)`: a worker in a process of its own, at the test's database."""
    started: list[subprocess.Popen[bytes]] = []

    def run(*arguments: str, **environ: str) -> "subprocess.Popen[bytes]":
        at = connection.settings_dict
        url = (
            f"postgresql://{quote(at['USER'])}:{quote(at['PASSWORD'])}@{at['HOST']}:{at['PORT']}/{at['NAME']}"
        )
        variables = {"DATABASE_URL": url, "WORKER_HEARTBEAT_S": "0.5", "WORKER_STALLED_AFTER_S": "2"}
        process = subprocess.Popen(
            [sys.executable, "-c", WORKER, *arguments],
            cwd=live.BASE_DIR,
            env=os.environ | variables | environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()


def await_(what: Callable[[], Any], seconds: float = 60) -> Any:
    """What it returns as soon as it is true."""
    ends_at = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < ends_at, "it did not happen in time"
        time.sleep(0.05)
    return found


def lines(trace: Path) -> list[str]:
    return trace.read_text().splitlines() if trace.exists() else []


def work() -> None:
    jobs.work(None, 1, wait=False)


def test_a_job_of_a_transaction_that_is_rolled_back_does_not_exist(trace: Path) -> None:
    with transaction.atomic():
        jobs.enqueue(WRITE, path=str(trace), text="x")
        transaction.set_rollback(True)

    assert not Job.objects.exists()


def test_a_job_is_seen_by_others_only_after_the_commit(trace: Path) -> None:
    from psycopg import connect

    def seen() -> int:
        at = connection.settings_dict
        with connect(host=at["HOST"], port=at["PORT"], user=at["USER"], password=at["PASSWORD"],
                     dbname=at["NAME"]) as other:  # fmt: skip
            found = other.execute("SELECT count(*) FROM procrastinate_jobs").fetchone()
            return int(found[0]) if found else 0

    with transaction.atomic():
        number = jobs.enqueue(WRITE, path=str(trace), text="x")
        assert seen() == 0

    assert seen() == 1
    assert Job.objects.get().pk == number


def test_a_worker_runs_what_is_due_and_forgets_it(trace: Path) -> None:
    for text in "abc":
        jobs.enqueue(WRITE, path=str(trace), text=text)

    work()

    assert lines(trace) == ["a", "b", "c"]
    assert not Job.objects.exists()


def test_the_worker_command_runs_what_is_due_and_stops(trace: Path, start: Start) -> None:
    jobs.enqueue(WRITE, path=str(trace), text="a")

    worker = start("--once")

    assert worker.wait(60) == 0
    assert lines(trace) == ["a"]


def test_a_worker_of_some_queues_leaves_the_others_alone(trace: Path, start: Start) -> None:
    jobs.enqueue(WRITE, path=str(trace), text="a")

    assert start("--once", "--queues", "mail,media").wait(60) == 0
    assert lines(trace) == []
    assert start("--once", "--queues", "mail,default").wait(60) == 0
    assert lines(trace) == ["a"]


def test_a_failing_job_is_retried_ever_later_and_then_given_up(trace: Path, log_lines: Lines) -> None:
    jobs.enqueue(FAIL, path=str(trace))
    waits = []
    for tries in (1, 2, 3):
        began = timezone.now()
        work()
        job = Job.objects.get()
        assert job.attempts == tries
        assert lines(trace) == ["tried"] * tries
        if job.status == "todo":
            assert job.scheduled_at is not None
            waits.append((job.scheduled_at - began).total_seconds())
            _schedule("1 hour")
            work()
            assert Job.objects.get().attempts == tries, "not before its time"
            _schedule("-1 second")

    assert job.status == "failed"
    assert len(waits) == 2
    assert waits[0] >= 2
    assert waits[1] >= 4
    work()
    assert lines(trace) == ["tried"] * 3
    assert "hunter2" not in str(log_lines())


def _schedule(from_now: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = now() + %s::interval", [from_now])


def test_a_failing_job_does_not_hold_up_the_next(trace: Path) -> None:
    jobs.enqueue(FAIL, path=str(trace))
    jobs.enqueue(WRITE, path=str(trace), text="next")

    work()

    assert lines(trace) == ["tried", "next"]


def test_a_job_whose_worker_was_killed_is_run_by_another(trace: Path, start: Start) -> None:
    jobs.enqueue(SLOW, path=str(trace), seconds=120)
    first = start()
    await_(lambda: lines(trace))

    first.kill()
    first.wait()
    second = start()
    await_(lambda: len(lines(trace)) == 3)

    assert lines(trace) == [f"started {first.pid}", f"started {second.pid}", f"done {second.pid}"]
    await_(lambda: not Job.objects.filter(task_name=SLOW).exists())


def test_a_job_that_kills_every_worker_is_given_up(trace: Path) -> None:
    poison, rescued = (jobs.enqueue(WRITE, path=str(trace), text=text) for text in ("poison", "rescued"))
    for job, attempts in ((poison, MOST_RESCUES), (rescued, MOST_RESCUES - 1)):
        # As a worker leaves them that is gone, row and all.
        Job.objects.filter(pk=job).update(status="doing", attempts=attempts)
    app.configure_task("apps.core.tasks.rescue_stalled_jobs").defer(timestamp=0)

    work()
    work()

    assert lines(trace) == ["rescued"]
    assert Job.objects.get(pk=poison).status == "failed"
    assert not Job.objects.filter(pk=rescued).exists()


def test_a_worker_that_works_long_is_not_taken_for_dead(trace: Path, start: Start) -> None:
    jobs.enqueue(SLOW, path=str(trace), seconds=18)
    first, second = (start(WORKER_STALLED_AFTER_S="6") for _ in range(2))

    await_(lambda: any(line.startswith("done") for line in lines(trace)))

    assert len(lines(trace)) == 2, "the time of a stalled worker passed, and a rescue tick after it"
    assert first.poll() is second.poll() is None


def test_a_worker_that_is_told_to_stop_finishes_its_job(trace: Path, start: Start) -> None:
    jobs.enqueue(SLOW, path=str(trace), seconds=6)
    jobs.enqueue(WRITE, path=str(trace), text="later")
    worker = start("--concurrency", "1")
    await_(lambda: lines(trace))

    worker.send_signal(signal.SIGTERM)

    assert worker.wait(60) == 0
    assert lines(trace) == [f"started {worker.pid}", f"done {worker.pid}"]
    assert Job.objects.get(task_name=WRITE).status == "todo"


def test_workers_share_the_jobs_and_each_runs_once(trace: Path, start: Start) -> None:
    for n in range(60):
        jobs.enqueue(WRITE, path=str(trace), text=str(n))

    for worker in [start("--once") for _ in range(2)]:
        assert worker.wait(60) == 0

    assert sorted(map(int, lines(trace))) == list(range(60))


def test_a_worker_outlives_its_connections(trace: Path, start: Start) -> None:
    worker = start()
    await_(lambda: _backends(terminate=False))
    for n in range(2):
        assert _backends(terminate=True)
        jobs.enqueue(WRITE, path=str(trace), text=str(n))
        await_(lambda: lines(trace)[-1:] == [str(n)])  # noqa: B023 called within the loop
    assert worker.poll() is None


def _backends(*, terminate: bool) -> int:
    """How many other connections the test's database has, after ending them if so asked."""
    what = "pg_terminate_backend(pid)" if terminate else "pid"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {what} FROM pg_stat_activity"  # noqa: S608
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
        return len(cursor.fetchall())


def test_periodic_tasks_are_registered_at_the_times_they_say() -> None:
    noon = datetime(2026, 1, 1, 12, 3, 7)  # noqa: DTZ001 croniter's own clock
    ticks = {}
    for periodic in app.periodic_registry.periodic_tasks.values():
        times = croniter.croniter(periodic.cron, noon)
        ticks[periodic.task.name] = [times.get_next(datetime) - noon for _ in range(2)]

    def seconds(*values: int) -> list[timedelta]:
        return [timedelta(seconds=value) for value in values]

    assert ticks["apps.core.tasks.rescue_stalled_jobs"] == seconds(3, 13)
    assert ticks["apps.core.tasks.forget_old_answers"] == seconds(13 * 60 + 53, 73 * 60 + 53)


def test_lines_of_a_job_name_the_job_and_not_its_arguments(trace: Path, log_lines: Lines) -> None:
    number = jobs.enqueue(FAIL, path=str(trace))

    work()

    (told,) = [line for line in log_lines() if line.get("job_id") == number]
    assert (told["message"], told["task"]) == ("job error retry", FAIL)
    assert "Broken" in told["exc_info"]
    assert str(trace) not in str(log_lines())


def test_a_task_of_one_attempt_is_not_retried(trace: Path) -> None:
    jobs.enqueue("apps.core.tests.chores.fail_once", path=str(trace))

    work()

    assert Job.objects.get().status == "failed"


def test_a_task_is_known_by_its_dotted_name_and_retries() -> None:
    known = app.tasks[FAIL]

    assert known.queue == "default"
    assert isinstance(known.retry_strategy, procrastinate.RetryStrategy)
    assert known.retry_strategy.max_attempts == 2, "tries after the first"
    assert chores.fail.name == FAIL
