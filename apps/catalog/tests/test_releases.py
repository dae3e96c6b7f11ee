"""Schedules of single titles: what people may set, what is refused, and what ends them."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.catalog.models import Artwork, Listing, Release, Title, Window
from apps.catalog.services import publishing, releases
from apps.workflow.services import moving
from apps.workflow.services.editing import editing

from .factories import TitleFactory, staff
from .newsday import again, approve, approved, codes, edit, fields_wrong, forbidden, moves_of, refused, soon

pytestmark = pytest.mark.django_db
UNPUBLISH = Release.Action.UNPUBLISH


@pytest.fixture
def title(esha: User, ravi: User) -> Title:
    return approved(esha, ravi, name="Sintel")


@pytest.fixture
def live(title: Title, priya: User) -> Title:
    publishing.publish(title, by=priya)
    return again(title)


# --- One title ---------------------------------------------------------------------------------------


def test_an_approved_title_waits_for_its_time(title: Title, priya: User) -> None:
    at = soon()
    release = releases.schedule(title, at=at, by=priya, note="Premiere.")

    release.refresh_from_db()
    assert (release.state, release.action, release.at, release.by) == ("waiting", "publish", at, priya)
    assert [item.title for item in release.items.all()] == [title]
    assert again(title).state == "scheduled"
    record = moves_of(title)
    assert record == ["submit", "approve", "schedule"]
    assert not Listing.objects.exists()


def test_what_waits_cannot_be_edited(title: Title, esha: User, priya: User) -> None:
    releases.schedule(title, at=soon(), by=priya)

    with pytest.raises(moving.Locked), editing(title, by=esha):
        pass


@pytest.mark.parametrize("prepare", ["draft", "submitted", "published"])
def test_only_what_is_approved_can_be_scheduled(
    prepare: str, esha: User, ravi: User, priya: User, omar: User
) -> None:
    title = TitleFactory(complete=True)
    if prepare != "draft":
        publishing.submit(title, by=esha)
    if prepare == "published":
        publishing.approve(title, by=ravi)
        publishing.publish(title, by=priya)

    refused("wrong_state", releases.schedule, again(title), at=soon(), by=omar)


def test_schedules_are_for_publishers(title: Title, esha: User, ravi: User, priya: User) -> None:
    for person in (esha, ravi, staff("Editor", "Reviewer")):
        forbidden(releases.schedule, title, at=soon(), by=person)
        forbidden(releases.schedule, title, at=soon(), by=person, action=UNPUBLISH)
    release = releases.schedule(title, at=soon(), by=priya)
    for person in (esha, ravi):
        forbidden(releases.reschedule, release, at=soon(hours=2), by=person)
        forbidden(releases.cancel, release, by=person)
        forbidden(releases.unschedule, title, by=person)
        forbidden(releases.compose, "Diwali", action="publish", at=soon(), items=[], by=person)
        forbidden(releases.arm, release, by=person)
        forbidden(releases.disarm, release, by=person)
        forbidden(releases.change, release, by=person, name="Mine")


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (timezone.now() - timedelta(seconds=1), "past"),
        (datetime(2099, 1, 1, 18, 0), "invalid"),  # noqa: DTZ001 that is what is refused
    ],
)
def test_a_time_that_has_passed_or_has_no_zone_is_refused(
    title: Title, priya: User, at: datetime, code: str
) -> None:
    error = refused("validation_error", releases.schedule, title, at=at, by=priya)
    assert fields_wrong(error) == [("at", code)]
    error = refused("validation_error", releases.compose, "x", action="publish", at=at, items=[], by=priya)
    assert fields_wrong(error) == [("at", code)]
    release = releases.schedule(title, at=soon(), by=priya)
    error = refused("validation_error", releases.reschedule, release, at=at, by=priya)
    assert fields_wrong(error) == [("at", code)]


def test_an_unknown_action_is_refused(title: Title, priya: User) -> None:
    error = refused("validation_error", releases.schedule, title, at=soon(), by=priya, action="burn")
    assert fields_wrong(error) == [("action", "invalid_choice")]


def test_a_second_schedule_is_refused_and_names_the_first(title: Title, priya: User, omar: User) -> None:
    first = releases.schedule(title, at=soon(), by=priya)

    error = refused("already_scheduled", releases.schedule, title, at=soon(hours=2), by=omar)

    assert error.extra["release"] == {
        "id": str(first.public_id),
        "name": "Sintel",
        "at": first.at.isoformat(),
    }


def test_gates_are_judged_as_of_the_time_it_is_to_go_live(title: Title, priya: User) -> None:
    Window.objects.filter(title=title).update(ends_at=soon(hours=2))

    error = refused("gates_unmet", releases.schedule, title, at=soon(hours=3), by=priya)

    assert [one["code"] for one in error.extra["gates"]] == ["has_window"]
    assert releases.schedule(title, at=soon(), by=priya).state == "waiting"


def test_every_gate_that_broke_is_told_at_once(title: Title, priya: User) -> None:
    Artwork.objects.filter(title=title).delete()
    Window.objects.filter(title=title).delete()

    error = refused("gates_unmet", releases.schedule, title, at=soon(), by=priya)

    assert {one["code"] for one in error.extra["gates"]} == {"has_poster", "has_backdrop", "has_window"}


def test_what_is_live_is_scheduled_to_come_down_and_stays_as_it_is(live: Title, priya: User) -> None:
    release = releases.schedule(live, at=soon(), by=priya, action=UNPUBLISH)

    assert release.action == "unpublish"
    assert again(live).state == "published"
    assert Listing.objects.filter(title=live).exists()


def test_what_is_not_live_cannot_come_down(title: Title, priya: User) -> None:
    error = refused("gates_unmet", releases.schedule, title, at=soon(), by=priya, action=UNPUBLISH)
    assert [one["code"] for one in error.extra["gates"]] == ["is_live"]


def test_nothing_comes_down_between_its_approval_and_its_time(
    live: Title, esha: User, ravi: User, priya: User
) -> None:
    approve(edit(live, esha, tagline="New."), esha, ravi)
    upcoming = releases.schedule(live, at=soon(hours=2), by=priya)
    refused("already_scheduled", releases.schedule, live, at=soon(hours=1), by=priya, action=UNPUBLISH)
    refused("already_scheduled", releases.schedule, live, at=upcoming.at, by=priya, action=UNPUBLISH)

    end = releases.schedule(live, at=soon(hours=3), by=priya, action=UNPUBLISH)

    refused("gates_unmet", releases.reschedule, end, at=soon(hours=1), by=priya)
    error = refused("gates_unmet", releases.reschedule, upcoming, at=soon(hours=4), by=priya)
    assert codes(error) == {(str(live.public_id), "already_scheduled")}
    releases.cancel(upcoming, by=priya)
    refused("already_scheduled", releases.schedule, live, at=soon(hours=4), by=priya)


def test_a_waiting_release_gets_another_time(title: Title, priya: User, omar: User) -> None:
    release = releases.schedule(title, at=soon(), by=priya)
    later = soon(days=2)

    releases.reschedule(release, at=later, by=omar)

    release.refresh_from_db()
    assert (release.at, release.state, release.by) == (later, "waiting", priya)
    Window.objects.filter(title=title).update(ends_at=soon(days=3))
    error = refused("gates_unmet", releases.reschedule, release, at=soon(days=4), by=omar)
    assert codes(error) == {(str(title.public_id), "has_window")}


def test_a_cancelled_schedule_leaves_the_title_approved(title: Title, priya: User) -> None:
    release = releases.schedule(title, at=soon(), by=priya)

    releases.cancel(release, by=priya, note="Not yet.")

    release.refresh_from_db()
    assert release.state == "cancelled"
    assert again(title).state == "approved"
    assert moves_of(title)[-1] == "unschedule"
    refused("wrong_state", releases.cancel, release, by=priya)
    refused("wrong_state", releases.reschedule, release, at=soon(), by=priya)
    assert releases.schedule(title, at=soon(), by=priya).state == "waiting"


# --- What people do to a title that waits ------------------------------------------------------------


def test_publishing_by_hand_ends_the_schedule_to_go_live_and_keeps_the_one_to_come_down(
    live: Title, esha: User, ravi: User, priya: User
) -> None:
    end = releases.schedule(live, at=soon(days=9), by=priya, action=UNPUBLISH)
    approve(edit(live, esha, tagline="New."), esha, ravi)
    start = releases.schedule(live, at=soon(), by=priya)

    publishing.publish(live, by=priya)

    states = dict(Release.objects.values_list("pk", "state"))
    assert states == {end.pk: "waiting", start.pk: "cancelled"}


def test_unpublishing_by_hand_ends_every_schedule(live: Title, esha: User, ravi: User, priya: User) -> None:
    releases.schedule(live, at=soon(days=9), by=priya, action=UNPUBLISH)
    approve(edit(live, esha, tagline="New."), esha, ravi)
    releases.schedule(live, at=soon(), by=priya)

    publishing.unpublish(live, by=priya, note="A complaint.")

    assert {release.state for release in Release.objects.all()} == {"cancelled"}
    assert again(live).state == "approved"
