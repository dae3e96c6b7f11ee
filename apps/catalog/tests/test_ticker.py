"""What the ticker does when a time has come, when it cannot, and what it says before."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from django.core import mail
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob as Job

from apps.accounts.models import User
from apps.catalog import tasks
from apps.catalog.models import (
    Artwork,
    Episode,
    Kind,
    Listing,
    ListingDocument,
    Release,
    Season,
    TickerBeat,
    Title,
    Window,
)
from apps.catalog.services import publishing, releases
from apps.catalog.services.releases import Entry
from apps.core import ticker
from apps.core.tests.conftest import Lines, log_lines  # noqa: F401 a fixture
from apps.workflow.models import Transition

from .factories import AssetFactory, TitleFactory, staff
from .newsday import again, approve, approved, consistent, edit, everything, moves_of, soon

pytestmark = pytest.mark.django_db
UNPUBLISH = Release.Action.UNPUBLISH


@pytest.fixture
def title(esha: User, ravi: User) -> Title:
    return approved(esha, ravi, name="Sintel")


def state_of(release: Release) -> str:
    return Release.objects.get(pk=release.pk).state


def bundle(*entries: Any, by: User, at: datetime, **fields: Any) -> Release:
    items = [entry if isinstance(entry, Entry) else Entry(entry) for entry in entries]
    whole: dict[str, Any] = {"action": "publish", "at": at, "items": items, "by": by}
    made = releases.compose("Diwali", **whole | fields)
    return releases.arm(made, by=by)


def document(title: Title) -> Any:
    return orjson.loads(ListingDocument.objects.get(listing=title.pk, language="en").document)


# --- It happens --------------------------------------------------------------------------------------


def test_a_title_goes_live_when_its_time_comes_and_not_before(title: Title, priya: User) -> None:
    at = soon()
    release = releases.schedule(title, at=at, by=priya, note="Premiere.")
    releases.run_due(at - timedelta(microseconds=1))
    assert not Listing.objects.exists()

    releases.run_due(at)

    release.refresh_from_db()
    assert (release.state, release.ran_at) == ("done", at)
    version = title.versions.get()
    assert (version.number, version.at, version.by_id, version.note) == (1, at, priya.pk, "Premiere.")
    assert again(title).live_version == version
    assert again(title).state == "published"
    moved = Transition.objects.filter(object_id=title.pk).first()
    assert moved is not None
    assert (moved.move, moved.source, moved.by_id) == ("publish", "scheduled", priya.pk)
    assert moved.facts == {"version": 1, "release": str(release.public_id)}
    consistent(title)


def test_what_ran_does_not_run_again(title: Title, priya: User) -> None:
    at = soon()
    releases.schedule(title, at=at, by=priya)
    releases.run_due(at)
    before = everything()

    releases.run_due(at)
    releases.run_due(at + timedelta(days=1))

    assert everything() == before


def test_a_title_comes_down_when_its_time_comes_and_keeps_its_versions(title: Title, priya: User) -> None:
    publishing.publish(title, by=priya)
    at = soon()
    release = releases.schedule(title, at=at, by=priya, action=UNPUBLISH, note="Rights end.")

    releases.run_due(at)

    assert state_of(release) == "done"
    assert not Listing.objects.exists()
    assert again(title).state == "unpublished"
    assert title.versions.count() == 1
    assert moves_of(title)[-1] == "unpublish"
    consistent(title)


def test_a_title_that_comes_down_while_a_draft_is_made_keeps_its_draft(
    title: Title, esha: User, priya: User
) -> None:
    publishing.publish(title, by=priya)
    releases.schedule(title, at=soon(), by=priya, action=UNPUBLISH)
    edit(title, esha, tagline="In the making.")

    releases.run_due(soon())

    assert again(title).state == "draft"
    assert title.texts.get(language="en").tagline == "In the making."
    consistent(title)


def test_a_bundle_goes_live_at_one_instant(esha: User, ravi: User, priya: User) -> None:
    titles = [approved(esha, ravi) for _ in range(3)]
    at = soon()
    release = bundle(*titles, by=priya, at=at)

    releases.run_due(at)

    assert state_of(release) == "done"
    assert Listing.objects.count() == 3
    assert {one.versions.get().at for one in titles} == {at}
    for one in titles:
        consistent(one)


def test_a_season_that_is_held_back_goes_live_with_its_release(esha: User, ravi: User, priya: User) -> None:
    series = TitleFactory(kind=Kind.SERIES, complete=True)
    held = Season.objects.create(title=series, number=2, held=True)
    Episode.objects.create(season=held, number=1, asset=AssetFactory())
    approve(series, esha, ravi)
    publishing.publish(series, by=priya)
    assert [season["number"] for season in document(series)["seasons"]] == [1]
    approve(edit(series, esha, tagline="Season 2 is here."), esha, ravi)
    at, revision = soon(), again(series).revision
    bundle(Entry(series, held), by=priya, at=at)

    releases.run_due(at)

    held.refresh_from_db()
    assert not held.held
    assert [season["number"] for season in document(series)["seasons"]] == [1, 2]
    assert publishing.pending_changes(again(series)) == []
    assert again(series).revision == revision + 1, "the desk has changed, too"


def test_a_release_found_hours_late_runs_at_once_and_says_so(
    title: Title,
    priya: User,
    log_lines: Lines,  # noqa: F811
) -> None:
    at = soon()
    release = releases.schedule(title, at=at, by=priya, note="Premiere.")

    releases.run_due(at + timedelta(hours=3))

    release.refresh_from_db()
    assert (release.state, release.ran_at) == ("done", at + timedelta(hours=3))
    assert title.versions.get().note == "Premiere.\nRan 3 hours late."
    (told,) = [line for line in log_lines() if line["message"] == "release ran"]
    assert (told["level"], told["late_s"]) == ("WARNING", 10_800)


# --- It cannot happen --------------------------------------------------------------------------------


def test_of_a_bundle_of_five_with_a_broken_gate_nothing_is_published(
    esha: User,
    ravi: User,
    priya: User,
    log_lines: Lines,  # noqa: F811
) -> None:
    titles = [approved(esha, ravi, name=name) for name in ("One", "Two", "Three", "Four", "Five")]
    at = soon()
    release = bundle(*titles, by=priya, at=at)
    Artwork.objects.filter(title=titles[3], kind="poster").delete()
    Window.objects.filter(title=titles[1]).delete()

    releases.run_due(at)

    release.refresh_from_db()
    assert (release.state, release.ran_at) == ("failed", at)
    assert release.problem.splitlines() == [
        "Two: Add a rights window.",
        "Four: Add a poster and wait until it is ready.",
    ]
    assert not Listing.objects.exists()
    for title in titles:
        assert (again(title).state, title.versions.count()) == ("approved", 0)
        moved = Transition.objects.filter(object_id=title.pk).first()
        assert moved is not None
        assert (moved.move, moved.by_id) == ("unschedule", None)
        assert "“Diwali” could not run" in moved.note
        consistent(title)
    (told,) = [line for line in log_lines() if line["message"] == "release failed"]
    assert (told["level"], told["release"]) == ("ERROR", str(release.public_id))


def test_what_failed_does_not_run_again_and_can_be_set_right(title: Title, priya: User) -> None:
    at = soon()
    release = bundle(title, by=priya, at=at)
    Window.objects.filter(title=title).update(ends_at=at)
    releases.run_due(at)
    assert state_of(release) == "failed"

    Window.objects.filter(title=title).update(ends_at=None)
    releases.run_due(at + timedelta(days=1))
    assert not Listing.objects.exists()
    releases.disarm(release, by=priya)
    releases.arm(release, by=priya)
    releases.run_due(at)

    release.refresh_from_db()
    assert (release.state, release.problem) == ("done", "")
    assert Listing.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_failed_release_is_mailed_to_its_maker_and_to_publishers(title: Title, priya: User) -> None:
    other = staff("Publisher", email="paula@example.com")
    staff("Publisher", email="gone@example.com", is_active=False)
    maker = staff("Publisher", email="omar@example.com")
    release = releases.schedule(title, at=soon(), by=maker)
    maker.groups.clear()
    Window.objects.filter(title=title).delete()

    releases.run_due(release.at)

    jobs = Job.objects.filter(args__release=str(release.public_id))
    told = {job.args["account"] for job in jobs}
    assert told == {str(user.public_id) for user in (maker, other, priya)}
    assert {job.queue_name for job in jobs} == {"mail"}
    letter_to(maker, release)
    (letter,) = mail.outbox
    assert letter.to == ["omar@example.com"]
    assert letter.subject == "A schedule did not run: Sintel"
    assert "Sintel: Add a rights window." in letter.body
    assert f"/admin/catalog/title/{title.pk}/change/" in letter.body
    assert f"{release.at:%Y-%m-%d %H:%M} UTC" in letter.body


def letter_to(account: User, release: Release) -> None:
    """Run the job."""
    job = SimpleNamespace(id=1, task_name="mail")
    tasks.tell_of_failed_release.func(
        SimpleNamespace(job=job), release=str(release.public_id), account=str(account.public_id)
    )


def test_a_release_that_fails_does_not_hold_up_the_next(esha: User, ravi: User, priya: User) -> None:
    first, second = (approved(esha, ravi) for _ in range(2))
    one, two = (releases.schedule(title, at=soon(), by=priya) for title in (first, second))
    Window.objects.filter(title=first).delete()

    releases.run_due(soon(hours=2))

    assert (state_of(one), state_of(two)) == ("failed", "done")


# --- Before the time comes ---------------------------------------------------------------------------


def test_the_desk_is_told_before_the_time_that_a_release_could_not_run(title: Title, priya: User) -> None:
    release = releases.schedule(title, at=soon(days=2), by=priya)
    now = timezone.now()
    releases.look_ahead(now)
    release.refresh_from_db()
    assert release.problem == ""
    Window.objects.filter(title=title).update(ends_at=release.at)

    releases.look_ahead(now + timedelta(seconds=30))

    release.refresh_from_db()
    assert (release.state, release.problem) == ("waiting", "Sintel: All rights windows have ended.")
    assert again(title).state == "scheduled"
    assert releases.status(now).troubled == [release]
    Window.objects.filter(title=title).update(ends_at=None)
    releases.look_ahead(now + timedelta(seconds=60))
    release.refresh_from_db()
    assert release.problem == ""


def test_what_is_far_away_is_not_looked_at_yet(title: Title, priya: User) -> None:
    release = releases.schedule(title, at=soon(days=30), by=priya)
    Window.objects.filter(title=title).delete()

    releases.look_ahead(timezone.now())

    release.refresh_from_db()
    assert release.problem == ""


def test_of_several_workers_one_looks_ahead(
    title: Title, priya: User, django_assert_num_queries: Any
) -> None:
    releases.schedule(title, at=soon(), by=priya)
    now = timezone.now()
    releases.look_ahead(now)

    with django_assert_num_queries(2):
        releases.look_ahead(now + timedelta(seconds=1))


# --- What the dashboard says -------------------------------------------------------------------------


def test_the_dashboard_shows_what_is_next_what_ran_and_what_failed(
    esha: User, ravi: User, priya: User
) -> None:
    now = timezone.now()
    titles = [approved(esha, ravi) for _ in range(4)]
    ran, broke, later, next_ = (
        releases.schedule(title, at=now + timedelta(hours=hours), by=priya)
        for title, hours in zip(titles, (1, 1, 9, 5), strict=True)
    )
    Window.objects.filter(title=titles[1]).delete()
    releases.run_due(now + timedelta(hours=2))

    status = releases.status(now + timedelta(hours=2))

    assert status.next == [next_, later]
    assert (status.last, status.failed, status.troubled) == ([ran], [broke], [])
    assert status.alive


def test_the_dashboard_says_when_no_ticker_is_alive() -> None:
    now = timezone.now()
    assert releases.status(now).says == "The ticker has never looked: schedules do not run. Start a worker."

    releases.run_due(now)

    assert releases.status(now + timedelta(seconds=9)).alive
    dead = releases.status(now + timedelta(seconds=40))
    assert (dead.alive, dead.looked_at) == (False, now)
    assert dead.says.startswith("The ticker last looked 40 seconds ago: schedules do not run.")


def test_the_beat_is_written_at_most_every_two_seconds() -> None:
    now = timezone.now()
    for seconds in (0, 0.9, 1.8):
        releases.run_due(now + timedelta(seconds=seconds))
        assert TickerBeat.objects.get(name="releases").at == now

    releases.run_due(now + timedelta(seconds=2.7))

    assert TickerBeat.objects.get(name="releases").at == now + timedelta(seconds=2.7)


def test_the_worker_ticks_for_releases_each_second_and_looks_ahead_each_half_minute() -> None:
    seconds = {tick.name: (tick.seconds, tick.call.__name__) for tick in ticker._ticks.values()}

    assert seconds["releases"] == (1, "run_releases")
    assert seconds["look ahead"] == (30, "look_ahead")
