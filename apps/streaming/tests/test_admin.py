"""Playback in the newsroom: what plays, ending it, and why something does not play."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.models import Profile, User
from apps.accounts.tests.factories import UserFactory
from apps.accounts.tests.steps import at_the_desk
from apps.billing.models import Plan
from apps.catalog.models import Tier, Title, Window
from apps.streaming.decision import LEVELS
from apps.streaming.models import PlaybackSession
from apps.streaming.services import explaining

from . import steps
from .steps import beat, film, series, show, started

pytestmark = pytest.mark.django_db
LIST = "/admin/streaming/playbacksession/"
NOON = timezone.now()


@pytest.fixture
def desk(db: None) -> Client:
    return at_the_desk(UserFactory(is_staff=True, is_superuser=True))


def why(desk: Client, profile: Profile, title: str, **more: str) -> str:
    asked = {"account": profile.account.email, "profile": "", "title": title, "territory": "IN", **more}
    answer = desk.get(f"{LIST}why/?{urlencode(asked)}")
    assert answer.status_code == 200
    return str(answer.content.decode())


def codes(profile: Profile, title: str, **more: Any) -> list[tuple[str, str, bool]]:
    asked = {"episode": None, "territory": "IN", "at": timezone.now(), **more}
    told = explaining.explain(profile, title=title, **asked)
    return [(one.step.name, one.step.decision.code, one.decides) for one in told.steps]


# --- What plays ----------------------------------------------------------------------------------------


def test_staff_find_what_an_account_plays_and_end_it(
    desk: Client, watching: APIClient, viewer: User, film: Title, django_capture_on_commit_callbacks: Any
) -> None:
    playing = started(watching)
    row = PlaybackSession.objects.get()
    for term in (viewer.email, str(viewer.public_id), playing["session_id"], "Kitchen"):
        page = desk.get(LIST, {"q": term, "playing": "yes"}).content.decode()
        assert viewer.email in page, term
        assert "Kitchen tablet" in page
    assert (
        viewer.email not in desk.get(LIST, {"q": "other@example.com"}).content.decode().split("results")[-1]
    )

    with django_capture_on_commit_callbacks(execute=True):
        answer = desk.post(LIST, {"action": "end_sessions", "_selected_action": [row.pk]})

    assert answer.status_code == 302
    told = beat(playing)
    assert (told.status_code, told.json()["reason"]) == (410, "staff")
    assert desk.get(f"{LIST}{row.pk}/change/").status_code == 200
    assert PlaybackSession.objects.get().ended_by == "staff"


def test_only_those_who_may_end_see_the_deed(watching: APIClient, film: Title, viewer: User) -> None:
    started(watching)
    looker = UserFactory(is_staff=True)
    looker.user_permissions.set(Permission.objects.filter(codename="view_playbacksession"))
    desk = at_the_desk(looker)

    page = desk.get(LIST).content.decode()
    desk.post(LIST, {"action": "end_sessions", "_selected_action": [PlaybackSession.objects.get().pk]})

    assert "Kitchen tablet" in page
    assert "end_sessions" not in page
    assert PlaybackSession.objects.open().count() == 1


# --- Why not? ------------------------------------------------------------------------------------------


def test_what_plays_is_said_to_play(profile: Profile, film: Title, plans: Any, desk: Client) -> None:
    page = why(desk, profile, "film")

    assert "It plays:" in page
    assert [code for _, code, _ in codes(profile, "film")] == [""] * 6


def test_the_first_refusal_is_marked_and_the_others_are_told(
    profile: Profile, plans: dict[str, Plan], desk: Client, settings: Any
) -> None:
    settings.REQUIRE_VERIFIED_EMAIL = True
    User.objects.filter(pk=profile.account_id).update(email_verified_at=None)
    film("paid", tier=Tier.PREMIUM)
    profile = Profile.objects.select_related("account").get()

    assert codes(profile, "paid") == [
        ("is live", "", False), ("maturity", "", False), (LEVELS[0], "plan_required", True),
        ("e-mail address", "email_unverified", False), ("video", "", False), ("streams", "", False),
    ]  # fmt: skip
    page = why(desk, profile, "paid")
    assert "viewers are told" in page
    assert page.count("the one that counts") == 1
    assert "needs a higher plan" in page


def test_what_viewers_are_not_told_staff_are(profile: Profile, film: Title, plans: Any, desk: Client) -> None:
    Profile.objects.update(maturity=7)
    Title.objects.update(maturity=18)
    show(film)

    page = why(desk, profile, "film")

    assert "maturity_restricted" in page
    assert "<code>not_found</code>" in page


def test_each_window_says_how_it_stands(profile: Profile, film: Title, plans: Any, desk: Client) -> None:
    now = timezone.now()
    Window.objects.update(scope="only", countries=["US"])
    Window.objects.create(title=film, ends_at=now - timedelta(days=1))
    Window.objects.create(title=film, starts_at=now + timedelta(days=1))
    Window.objects.create(title=film, tier=Tier.PREMIUM)
    show(film)

    page = why(desk, profile, "film")

    for stands in ("is over", "is for other territories", "has not begun", "needs a higher plan"):
        assert f"<td>{stands}</td>" in page, stands
    assert "only in US" in page


def test_an_episode_is_judged_level_by_level(profile: Profile, plans: Any) -> None:
    show_ = series()
    episode = show_.seasons.get().episodes.first()
    Window.objects.create(episode=episode, tier=Tier.PREMIUM)
    show(show_)

    told = codes(profile, "", episode=episode.public_id)

    assert [one for one in told if one[0] in LEVELS] == [
        (LEVELS[0], "", False), (LEVELS[1], "", False), (LEVELS[2], "plan_required", True),
    ]  # fmt: skip


def test_full_streams_are_named(
    profile: Profile, watching: APIClient, film: Title, plans: Any, desk: Client
) -> None:
    started(watching)

    assert codes(profile, "film")[-1] == ("streams", "stream_limit", True)
    page = why(desk, profile, "film")
    assert "1 of 1 streams in use" in page
    assert "Kitchen tablet" in page


def test_what_is_not_live_is_said_to_be_that(profile: Profile, plans: Any, desk: Client) -> None:
    assert codes(profile, "nothing") == [("is live", "not_found", True)]
    assert "not_found" in why(desk, profile, "nothing")


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"account": "nobody@example.com"}, "no such account"),
        ({"account": "x"}, "valid email"),
        ({"title": ""}, "Name a title or an episode"),
        ({"title": "a b"}, "valid value"),
        ({"episode": "x"}, "valid UUID"),
        ({"territory": "India"}, "valid value"),
        ({"profile": "999999"}, "valid choice"),
    ],
)
def test_odd_questions_are_refused(
    profile: Profile, film: Title, desk: Client, more: dict[str, str], word: str
) -> None:
    asked = {"account": profile.account.email, "profile": "", "title": "film", "territory": "IN", **more}
    page = desk.get(f"{LIST}why/?{urlencode(asked)}").content.decode()

    assert word in page
    assert 'id="outcome"' not in page


def test_asking_changes_nothing_and_takes_no_stream(
    profile: Profile, film: Title, plans: Any, desk: Client
) -> None:
    why(desk, profile, "film")
    explaining.explain(profile, title=str(uuid4()), episode=None, territory="", at=NOON)

    assert not PlaybackSession.objects.exists()
    assert steps.leases_of(profile) == []
