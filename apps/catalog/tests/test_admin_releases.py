"""Bundles in the newsroom: put together, armed, moved, cancelled."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.catalog.models import Kind, Release, ReleaseItem, Season, Title
from apps.workflow.moves import State

from .factories import TitleFactory
from .newsday import again, approved
from .pages import Desk, form_on, nothing_changes, told

pytestmark = pytest.mark.django_db
ADD = "/admin/catalog/release/add/"


@pytest.fixture
def at() -> datetime:
    return (timezone.now() + timedelta(days=3)).replace(microsecond=0)


@pytest.fixture
def title(esha: User, ravi: User) -> Title:
    return approved(esha, ravi, name="Sintel")


def compose(desk: Desk, at: datetime, *titles: Title, **given: Any) -> Any:
    rows = {f"items-{n}-title": title.pk for n, title in enumerate(titles)}
    when = {"at_0": f"{at:%Y-%m-%d}", "at_1": f"{at:%H:%M:%S}"}
    counts = {"items-TOTAL_FORMS": len(titles), "items-INITIAL_FORMS": 0}
    sent: dict[str, Any] = {"name": "Friday", "action": "publish", "note": "", **when, **counts}
    sent |= {**rows, **given}
    return desk.client.post(ADD, sent)


def deed(desk: Desk, release: Release, name: str, **given: Any) -> Any:
    return desk.post(f"/admin/catalog/release/{release.pk}/deeds/{name}/", **given)


def test_a_bundle_is_put_together_and_does_nothing_before_it_is_armed(
    priya: User, title: Title, at: datetime
) -> None:
    answer = compose(Desk(priya), at, title)

    release = Release.objects.get()
    assert (release.name, release.at, release.state, release.by) == ("Friday", at, "draft", priya)
    assert [item.title for item in release.items.all()] == [title]
    assert told(answer) == ["Put together. Nothing happens before it is armed."]
    assert again(title).state == State.APPROVED


def test_a_season_that_is_held_back_can_be_released(
    esha: User, ravi: User, priya: User, at: datetime
) -> None:
    series = approved(esha, ravi, kind=Kind.SERIES)
    season = Season.objects.create(title=series, number=2, held=True)
    other = TitleFactory(name="Other")

    compose(Desk(priya), at, series, **{"items-0-season": season.pk})
    assert ReleaseItem.objects.get().season == season

    with nothing_changes():
        answer = compose(Desk(priya), at, other, **{"items-0-season": season.pk})
    assert "That season is not of" in answer.content.decode()


def test_arming_schedules_its_titles_and_disarming_lets_them_go(
    priya: User, title: Title, at: datetime
) -> None:
    desk = Desk(priya)
    compose(desk, at, title)
    release = Release.objects.get()

    assert deed(desk, release, "arm").status_code == 204
    assert again(title).state == State.SCHEDULED

    later = at + timedelta(hours=1)
    deed(desk, release, "reschedule", at_0=f"{later:%Y-%m-%d}", at_1=f"{later:%H:%M:%S}")
    release.refresh_from_db()
    assert (release.at, release.state) == (later, "waiting")

    deed(desk, release, "disarm", note="Not yet.")
    release.refresh_from_db()
    assert (release.state, again(title).state) == ("draft", State.APPROVED)


def test_what_keeps_a_bundle_from_being_armed_is_told_title_by_title(
    priya: User, title: Title, at: datetime
) -> None:
    bare = TitleFactory(name="Bare")
    compose(Desk(priya), at, title, bare)
    with nothing_changes():
        page = deed(Desk(priya), Release.objects.get(), "arm").content.decode()
    assert "Bare: It is draft." in page
    assert "Bare: Add a rights window." in page
    assert "Sintel:" not in page


def test_a_bundle_is_changed_while_it_is_not_armed_and_only_read_after(
    priya: User, title: Title, at: datetime
) -> None:
    desk, other = Desk(priya), TitleFactory(name="Other")
    compose(desk, at, title)
    release = Release.objects.get()
    desk.save(release, name="Saturday", **{"items-TOTAL_FORMS": 2, "items-1-title": other.pk})
    release.refresh_from_db()
    assert (release.name, release.items.count()) == ("Saturday", 2)
    desk.save(release, **{"items-1-DELETE": "on"})
    assert [item.title for item in release.items.all()] == [title]

    deed(desk, release, "arm")
    with nothing_changes():
        assert desk.client.post(Desk.url(release), {"name": "x"}).status_code == 403
    assert "name" not in form_on(desk.open(release), "release_form")


def test_a_time_that_has_passed_is_refused_at_its_field(priya: User, title: Title) -> None:
    with nothing_changes():
        answer = compose(Desk(priya), timezone.now() - timedelta(minutes=1), title)
    assert "That time has passed." in answer.content.decode()


def test_a_release_is_cancelled_and_never_deleted(priya: User, title: Title, at: datetime) -> None:
    desk = Desk(priya)
    compose(desk, at, title)
    release = Release.objects.get()
    deed(desk, release, "arm")
    deed(desk, release, "cancel", note="The rights are not cleared.")
    release.refresh_from_db()
    assert (release.state, again(title).state) == ("cancelled", State.APPROVED)
    with nothing_changes():
        assert desk.client.post(Desk.url(release, "delete"), {"post": "yes"}).status_code == 403


def test_only_publishers_release(esha: User, ravi: User, priya: User, title: Title, at: datetime) -> None:
    compose(Desk(priya), at, title)
    release = Release.objects.get()
    with nothing_changes():
        for user in (esha, ravi):
            assert compose(Desk(user), at, title).status_code == 403
            for name in ("arm", "cancel", "disarm", "reschedule"):
                assert deed(Desk(user), release, name).status_code == 403
            assert "dialog-arm" not in Desk(user).open(release).content.decode()


def test_looking_at_a_deed_does_nothing(priya: User, title: Title, at: datetime) -> None:
    compose(Desk(priya), at, title)
    url = f"/admin/catalog/release/{Release.objects.get().pk}/deeds/"
    with nothing_changes():
        for name in ("arm", "cancel", "disarm", "reschedule"):
            assert Desk(priya).client.get(f"{url}{name}/").status_code == 200
        assert Desk(priya).client.get(f"{url}explode/").status_code == 404


def test_a_problem_is_shown_on_the_release(priya: User, title: Title, at: datetime) -> None:
    compose(Desk(priya), at, title)
    release = Release.objects.get()
    deed(Desk(priya), release, "arm")
    Release.objects.update(problem="Sintel: All rights windows have ended.")
    page = Desk(priya).open(release).content.decode()
    assert "This cannot run." in page
    assert "All rights windows have ended." in page
