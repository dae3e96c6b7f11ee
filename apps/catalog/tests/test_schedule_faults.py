"""Schedules under faults: stores that fail, and many hands on one title at one instant."""

import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Event, Thread
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction

from apps.accounts.models import User
from apps.catalog.models import Listing, Release, Title
from apps.catalog.services import publishing, releases
from apps.catalog.services.releases import Entry
from apps.core.errors import DomainError

from .newsday import again, approved, consistent, moves_of, soon
from .storms import asleep, await_, dice, together, trapped

pytestmark = [
    pytest.mark.django_db(transaction=True),
    # Each holds a database connection for every thread and process.
    pytest.mark.xdist_group("storms"),
]
UNPUBLISH = Release.Action.UNPUBLISH
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def title(esha: User, ravi: User) -> Title:
    return approved(esha, ravi, name="Sintel")


def state_of(release: Release) -> str:
    return Release.objects.get(pk=release.pk).state


# --- Stores ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sqlstate", "error"),
    [("57P01", OperationalError), ("40P01", OperationalError), ("P0001", DatabaseError)],
    ids=["shutdown", "deadlock", "bug"],
)
def test_a_failure_that_is_no_refusal_leaves_a_release_waiting_and_holds_up_no_other(
    title: Title, omar: User, sqlstate: str, error: type[Exception]
) -> None:
    at = soon()
    release = releases.schedule(title, at=at, by=omar)
    other = approved(omar, User.objects.create_superuser("root@example.com"))
    releases.schedule(other, at=at, by=omar)

    with (
        trapped(title, f"RAISE EXCEPTION 'trapped' USING ERRCODE = '{sqlstate}'"),
        pytest.raises(error, match="trapped"),
    ):
        releases.run_due(at)

    assert state_of(release) == "waiting"
    assert (again(title).state, title.versions.count()) == ("scheduled", 0)
    assert [listing.title for listing in Listing.objects.all()] == [other]
    releases.look_ahead(at + timedelta(minutes=2))
    assert "It should have run 2 minutes ago" in Release.objects.get(pk=release.pk).problem
    releases.run_due(at + timedelta(minutes=2))
    release.refresh_from_db()
    assert (release.state, release.problem) == ("done", "")
    consistent(title)


def test_a_title_that_somebody_holds_delays_its_release_and_does_not_lose_it(
    title: Title, priya: User
) -> None:
    release = releases.schedule(title, at=soon(), by=priya)
    held, done = Event(), Event()

    def hold() -> None:
        with transaction.atomic():
            Title.objects.select_for_update().get(pk=title.pk)
            held.set()
            done.wait(30)
        connection.close()

    thread = Thread(target=hold)
    thread.start()
    held.wait(30)
    with pytest.raises(OperationalError):
        releases.run_due(release.at)
    done.set()
    thread.join()

    assert state_of(release) == "waiting"
    releases.run_due(release.at)
    assert state_of(release) == "done"


# --- Many hands --------------------------------------------------------------------------------------


@pytest.mark.parametrize("round_", range(4))
def test_tickers_at_the_same_instant_run_a_release_once(
    esha: User, ravi: User, priya: User, round_: int
) -> None:
    titles = [approved(esha, ravi) for _ in range(3)]
    at = soon()
    bundle = releases.compose(
        "Diwali", action="publish", at=at, items=[Entry(title) for title in titles[:2]], by=priya
    )
    releases.arm(bundle, by=priya)
    single = releases.schedule(titles[2], at=at, by=priya)

    assert together([partial(releases.run_due, at)] * 6, dice()) == [None] * 6

    assert (state_of(bundle), state_of(single)) == ("done", "done")
    for title in titles:
        assert moves_of(title) == ["submit", "approve", "schedule", "publish"]
        assert title.versions.count() == 1
        consistent(title)


@pytest.mark.parametrize("round_", range(6))
def test_people_and_tickers_at_the_same_instant_leave_everything_in_order(
    esha: User, ravi: User, priya: User, round_: int
) -> None:
    titles = [approved(esha, ravi) for _ in range(3)]
    at = soon()
    bundle = releases.compose(
        "Diwali", action="publish", at=at, items=[Entry(title) for title in titles], by=priya
    )
    releases.arm(bundle, by=priya)
    deeds: list[Callable[[], Any]] = [
        partial(releases.run_due, at),
        partial(releases.run_due, at),
        partial(publishing.publish, titles[0], by=priya),
        partial(publishing.unpublish, titles[0], by=priya, note="A complaint."),
        partial(releases.unschedule, titles[1], by=priya),
        partial(releases.cancel, bundle, by=priya),
        partial(releases.reschedule, bundle, at=soon(days=2), by=priya),
        partial(releases.disarm, bundle, by=priya),
    ]

    chance = dice()
    results = together(chance.sample(deeds, len(deeds)), chance)

    assert not [one for one in results if isinstance(one, OperationalError)], "nobody waits in a circle"
    bundle.refresh_from_db()
    for title in titles:
        consistent(title)
        waits = Release.objects.waiting().of(title).exists()
        assert (again(title).state == "scheduled") == waits
    if bundle.state == "done":
        assert bundle.items.exists()
        assert all(item.title.versions.exists() for item in bundle.items.all())


def test_a_release_that_takes_long_holds_up_no_other_ticker(title: Title, omar: User) -> None:
    at = soon()
    slow = releases.schedule(title, at=at, by=omar)
    other = approved(omar, User.objects.create_superuser("root@example.com"))
    quick = releases.schedule(other, at=at, by=omar)
    with trapped(title, "PERFORM pg_sleep(600)"), ThreadPoolExecutor(1) as first:
        running = first.submit(together, [partial(releases.run_due, at)], dice())
        await_(asleep)

        releases.run_due(at)

        assert (state_of(slow), state_of(quick)) == ("waiting", "done")
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
            )
        assert isinstance(running.result()[0], OperationalError)

    releases.run_due(at)
    assert state_of(slow) == "done"


@pytest.mark.parametrize("round_", range(8))
def test_a_bundle_that_its_last_titles_leave_at_the_same_instant_is_cancelled(
    esha: User, ravi: User, priya: User, round_: int
) -> None:
    titles = [approved(esha, ravi) for _ in range(3)]
    items = [Entry(title) for title in titles]
    bundle = releases.arm(
        releases.compose("Diwali", action="publish", at=soon(), items=items, by=priya), by=priya
    )

    together([partial(releases.unschedule, title, by=priya) for title in titles], dice(), spread_s=0.004)

    assert state_of(bundle) == "cancelled"
    assert {again(title).state for title in titles} == {"approved"}


@pytest.mark.parametrize("round_", range(4))
def test_of_two_schedules_at_the_same_instant_one_is_refused(
    title: Title, priya: User, omar: User, round_: int
) -> None:
    bundle = releases.compose("Diwali", action="publish", at=soon(), items=[Entry(title)], by=priya)

    results = together(
        [
            partial(releases.schedule, title, at=soon(), by=priya),
            partial(releases.schedule, title, at=soon(hours=2), by=omar),
            partial(releases.arm, bundle, by=priya),
        ],
        dice(),
    )

    refusals = [one.code for one in results if isinstance(one, DomainError)]
    assert len(refusals) == 2
    assert set(refusals) <= {"already_scheduled", "gates_unmet"}
    assert Release.objects.waiting().of(title).count() == 1
    assert moves_of(title).count("schedule") == 1
