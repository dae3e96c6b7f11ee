"""Schedules in real workers: on time, and once, whatever is killed or cut off on the way."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import quote, urlsplit

import pytest
from django.conf import settings as live
from django.db import connection
from django.utils import timezone

from apps.accounts.models import User
from apps.catalog.models import Listing, Release, TickerBeat, Title, Window
from apps.catalog.services import publishing, releases
from apps.catalog.services.releases import Entry
from tests.proxy import FaultProxy

from .newsday import again, approve, approved, consistent, edit, moves_of, soon
from .storms import asleep, await_, dice, trapped

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("storms")]
UNPUBLISH = Release.Action.UNPUBLISH
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def title(esha: User, ravi: User) -> Title:
    return approved(esha, ravi, name="Sintel")


def state_of(release: Release) -> str:
    return Release.objects.get(pk=release.pk).state


def make_due(release: Release) -> None:
    """As if its time came now."""
    Release.objects.filter(pk=release.pk).update(at=timezone.now())


@pytest.fixture
def url() -> str:
    at = connection.settings_dict
    return f"postgresql://{quote(at['USER'])}:{quote(at['PASSWORD'])}@{at['HOST']}:{at['PORT']}/{at['NAME']}"


@pytest.fixture
def start(url: str) -> Iterator[Start]:
    """`start(**environ)`: `manage.py worker` in a process of its own, at the test's database."""
    started: list[subprocess.Popen[bytes]] = []

    def run(**environ: str) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            [sys.executable, "manage.py", "worker"],
            cwd=live.BASE_DIR,
            env=os.environ | {"DATABASE_URL": url} | environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()
    _end_backends()
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE procrastinate_jobs, procrastinate_workers, procrastinate_periodic_defers CASCADE"
        )


def _end_backends() -> None:
    """Of killed workers, so that no lock of theirs is in the way of the next test."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )


def ticking() -> bool:
    return TickerBeat.objects.filter(name="releases").exists()


@pytest.mark.alone
def test_schedules_happen_within_five_seconds_of_their_time(
    esha: User, ravi: User, priya: User, start: Start
) -> None:
    titles = [approved(esha, ravi) for _ in range(4)]
    publishing.publish(titles[0], by=priya)
    start()
    await_(ticking)
    scheduled = [
        releases.schedule(titles[0], at=soon(seconds=3.1), by=priya, action=UNPUBLISH),
        *(releases.schedule(title, at=soon(seconds=n + 2.5), by=priya) for n, title in enumerate(titles[1:])),
    ]

    await_(lambda: all(state_of(release) == "done" for release in scheduled), 30)

    for release in Release.objects.all():
        assert release.ran_at is not None
        assert timedelta() <= release.ran_at - release.at < timedelta(seconds=5)
    assert set(Listing.objects.values_list("title", flat=True)) == {title.pk for title in titles[1:]}
    for title in titles:
        consistent(title)


def test_a_release_whose_worker_is_killed_halfway_runs_once_afterwards(
    title: Title, esha: User, ravi: User, priya: User, start: Start
) -> None:
    other = approved(esha, ravi)
    bundle = releases.compose(
        "Diwali", action="publish", at=soon(), items=[Entry(other), Entry(title)], by=priya
    )
    releases.arm(bundle, by=priya)
    make_due(bundle)
    with trapped(title, "PERFORM pg_sleep(600)"):
        worker = start()
        await_(asleep)
        worker.kill()
        worker.wait()
    assert (state_of(bundle), Listing.objects.count()) == ("waiting", 0)

    start()
    await_(lambda: state_of(bundle) == "done")

    for one in (title, other):
        assert moves_of(one) == ["submit", "approve", "schedule", "publish"]
        assert one.versions.count() == 1
        consistent(one)


def test_a_worker_killed_at_any_moment_loses_and_repeats_nothing(
    esha: User, ravi: User, priya: User, start: Start
) -> None:
    titles = [approved(esha, ravi) for _ in range(12)]
    scheduled = [releases.schedule(title, at=soon(), by=priya) for title in titles]
    chance = dice()
    for round_ in range(4):
        worker = start()
        for release in scheduled[round_ * 3 : round_ * 3 + 3]:
            make_due(release)
        beat = TickerBeat.objects.filter(name="releases").values_list("at", flat=True).first()
        await_(lambda beat=beat: TickerBeat.objects.filter(name="releases").exclude(at=beat).exists())  # type: ignore[misc]
        time.sleep(chance.uniform(0, 0.3))
        worker.send_signal(signal.SIGKILL)
        worker.wait()

    start()
    await_(lambda: {state_of(release) for release in scheduled} == {"done"})

    for title in titles:
        assert moves_of(title).count("publish") == 1
        consistent(title)


def test_schedules_survive_that_postgresql_is_away(title: Title, priya: User, start: Start, url: str) -> None:
    at = urlsplit(url)
    proxy = FaultProxy((at.hostname or "", at.port or 0))
    worker = start(DATABASE_URL=proxy.url(url))
    await_(ticking)
    release = releases.schedule(title, at=soon(), by=priya)

    proxy.refuse()
    make_due(release)
    time.sleep(3)
    assert state_of(release) == "waiting"
    proxy.heal()

    await_(lambda: state_of(release) == "done", 20)
    assert worker.poll() is None
    assert title.versions.count() == 1


def test_schedules_survive_that_postgresql_is_silent(
    title: Title, priya: User, start: Start, url: str
) -> None:
    at = urlsplit(url)
    proxy = FaultProxy((at.hostname or "", at.port or 0))
    worker = start(DATABASE_URL=proxy.url(url))
    await_(ticking)
    release = releases.schedule(title, at=soon(), by=priya)

    proxy.freeze()
    make_due(release)
    time.sleep(7)
    assert state_of(release) == "waiting"
    proxy.heal()

    await_(lambda: state_of(release) == "done", 20)
    assert worker.poll() is None
    assert title.versions.count() == 1


def test_a_schedule_that_came_due_while_no_worker_ran_happens_at_the_next_start(
    title: Title, esha: User, ravi: User, priya: User, start: Start
) -> None:
    publishing.publish(title, by=priya)
    approve(edit(title, esha, tagline="New."), esha, ravi)
    release = releases.schedule(title, at=soon(), by=priya)
    Release.objects.filter(pk=release.pk).update(at=timezone.now() - timedelta(hours=5))
    broken = approved(esha, ravi)
    failing = releases.schedule(broken, at=soon(), by=priya)
    Window.objects.filter(title=broken).delete()
    make_due(failing)

    start()
    await_(lambda: (state_of(release), state_of(failing)) == ("done", "failed"))

    release.refresh_from_db()
    assert release.ran_at is not None
    assert release.ran_at - release.at > timedelta(hours=5)
    assert again(title).live_version.number == 2
    consistent(title)
