from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken

from apps.accounts.models import Profile, SecurityEvent, Session, User

from .factories import ProfileFactory
from .steps import (
    REFRESH,
    SignIn,
    alive,
    bearer,
    forget_redis,
    grant,
    kinds,
    refused,
    refused_field,
    select,
    unchanged,
    use,
)  # fmt: skip

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def first(viewer: User) -> dict[str, Any]:
    """The tokens of a new session of the agent "television"."""
    return grant(viewer, HTTP_USER_AGENT="television")


def later(**much: float) -> Any:
    return time_machine.travel(timezone.now() + timedelta(**much))


def ended(tokens: dict[str, Any]) -> bool:
    """Whether the whole family is dead: no refresh token and no access token of it works."""
    session = Session.objects.get()
    return (
        session.revoked_at is not None
        and not alive(bearer(tokens["access"]))
        and use(tokens["refresh"]).status_code == 401
    )


def test_a_refresh_gives_a_new_pair_and_both_work(first: dict[str, Any]) -> None:
    second = use(first["refresh"])
    third = use(second.json()["refresh"])

    assert (second.status_code, third.status_code) == (200, 200)
    assert len({first["refresh"], second.json()["refresh"], third.json()["refresh"]}) == 3
    assert alive(bearer(third.json()["access"]))
    assert alive(bearer(first["access"]))
    assert second["Cache-Control"] == "no-store"
    assert Session.objects.get().generation == 3


def test_the_seven_days_slide(first: dict[str, Any]) -> None:
    token = first["refresh"]
    for day in (6, 12, 18):
        with later(days=day):
            answer = use(token)
            assert answer.status_code == 200
            token = answer.json()["refresh"]

    with later(days=25, minutes=1), unchanged():
        refused(use(token), 401, "not_authenticated")


def test_thirty_days_after_signing_in_it_is_over_whatever_happens(first: dict[str, Any]) -> None:
    token = first["refresh"]
    for day in (6, 12, 18, 24, 29):
        with later(days=day):
            token = use(token).json()["refresh"]

    with later(days=30, minutes=1):
        refused(use(token), 401, "not_authenticated")
    session = Session.objects.get()
    assert session.expires_at == session.ends_at


def test_a_token_that_is_merely_late_is_no_alarm(viewer: User, first: dict[str, Any]) -> None:
    with later(days=7, minutes=1), unchanged():
        refused(use(first["refresh"]), 401, "not_authenticated")

    assert "refresh_reused" not in kinds(viewer)


def test_the_same_device_asking_again_within_ten_seconds_gets_the_same_successor(
    first: dict[str, Any],
) -> None:
    one = use(first["refresh"]).json()
    with later(seconds=9), unchanged():
        two = use(first["refresh"]).json()

    assert one["refresh"] == two["refresh"]
    assert alive(bearer(one["access"]))
    assert alive(bearer(two["access"]))
    assert use(two["refresh"]).status_code == 200


def test_another_device_asking_again_ends_the_family(viewer: User, first: dict[str, Any]) -> None:
    second = use(first["refresh"]).json()
    assert alive(bearer(second["access"]))
    answer = use(first["refresh"], agent="a thief's machine")

    refused(answer, 401, "not_authenticated")
    assert ended(second)
    assert not alive(bearer(first["access"]))
    assert Session.objects.get().revoked_because == "refresh_reused"
    assert kinds(viewer).count("refresh_reused") == 1


def test_asking_again_later_ends_the_family(first: dict[str, Any]) -> None:
    second = use(first["refresh"]).json()
    with later(seconds=11):
        refused(use(first["refresh"]), 401, "not_authenticated")

    assert ended(second)


def test_an_older_generation_ends_the_family_even_at_once(viewer: User, first: dict[str, Any]) -> None:
    second = use(first["refresh"]).json()
    third = use(second["refresh"]).json()
    refused(use(first["refresh"]), 401, "not_authenticated")

    assert ended(third)
    event = SecurityEvent.objects.get(kind="refresh_reused")
    assert (event.account, event.facts) == (viewer.public_id, {"generation": 1})


def test_the_reuse_of_a_dead_token_is_recorded_once(viewer: User, first: dict[str, Any]) -> None:
    use(first["refresh"])
    for _ in range(3):
        use(first["refresh"], agent="a thief's machine")

    assert kinds(viewer).count("refresh_reused") == 1


def test_another_family_of_the_account_goes_on(viewer: User, first: dict[str, Any]) -> None:
    other = grant(viewer, HTTP_USER_AGENT="phone")
    use(first["refresh"])
    use(first["refresh"], agent="a thief's machine")

    assert alive(bearer(other["access"]))
    assert use(other["refresh"], agent="phone").status_code == 200


def test_a_forged_token_ends_nothing(first: dict[str, Any]) -> None:
    head, mac = first["refresh"].rpartition(".")[::2]
    sid = head.removeprefix("ottr_").partition(".")[0]
    forged = [
        f"{head}.{'A' * 43}",
        f"{head}.{mac[:-1]}",
        f"ottr_{sid}.2.{mac}",
        f"ottr_{sid}.999999999.{mac}",
        f"ottr_{sid}.01.{mac}",
        f"ottr_{UUID(int=1).hex}.1.{mac}",
        f"{first['refresh']}\n",
        f"{first['refresh']}x",
        first["refresh"].upper(),
        "ottr_",
        "x" * 200,
        "ottr_" + "\u0660" * 32 + ".1." + mac,
    ]
    with unchanged():
        for token in forged[:6] + forged[7:]:
            refused(use(token), 401, "not_authenticated")

    assert alive(bearer(first["access"]))
    # Surrounding space is trimmed, so this one is not forged.
    assert use(forged[6]).status_code == 200


def test_a_token_of_one_session_says_nothing_about_another(viewer: User, first: dict[str, Any]) -> None:
    other = grant(viewer)
    mine, theirs = first["refresh"].split("."), other["refresh"].split(".")
    with unchanged():
        refused(use(f"{mine[0]}.1.{theirs[2]}"), 401, "not_authenticated")

    assert use(first["refresh"]).status_code == 200


def test_keys_can_be_changed_without_signing_anybody_out(settings: Any, first: dict[str, Any]) -> None:
    old = settings.REFRESH_TOKEN_KEYS
    settings.REFRESH_TOKEN_KEYS = ["a new key, long enough for everybody", *old]
    second = use(first["refresh"])
    assert second.status_code == 200

    settings.REFRESH_TOKEN_KEYS = settings.REFRESH_TOKEN_KEYS[:1]
    with unchanged():
        refused(use(first["refresh"], "thief"), 401, "not_authenticated")
    assert use(second.json()["refresh"]).status_code == 200


def test_a_shut_account_does_not_refresh(first: dict[str, Any]) -> None:
    User.objects.update(is_active=False)
    with unchanged():
        refused(use(first["refresh"]), 401, "not_authenticated")


def test_the_browser_may_update_itself_between_two_refreshes(first: dict[str, Any]) -> None:
    answer = use(first["refresh"], agent="television 2")

    assert answer.status_code == 200
    assert Session.objects.get().user_agent == "television 2"


def test_the_selected_profile_survives_a_refresh(
    api: APIClient, sign_in: SignIn, viewer: User, profile: Profile
) -> None:
    client = sign_in(viewer, profile)
    refreshed = api.post(REFRESH, {"refresh": client.refresh}).json()  # type: ignore[attr-defined]
    other = ProfileFactory(account=viewer)
    select(bearer(refreshed["access"]), other)
    again = api.post(REFRESH, {"refresh": refreshed["refresh"]}).json()

    assert Session.objects.get().profile == other
    assert alive(bearer(again["access"]))
    assert claim(refreshed["access"], "pid") == str(profile.public_id)
    assert claim(again["access"], "pid") == str(other.public_id)


def claim(access: str, name: str) -> Any:
    return AccessToken(access)[name]  # type: ignore[arg-type]


@pytest.mark.parametrize("body", [{}, {"refresh": None}, {"refresh": ""}, {"refresh": "x" * 201}])
def test_a_body_without_a_token_is_a_bad_request(api: APIClient, body: dict[str, Any]) -> None:
    refused_field(api.post(REFRESH, body), "refresh")


def test_a_refresh_needs_no_redis(redis_away: None, first: dict[str, Any]) -> None:
    second = use(first["refresh"])

    assert second.status_code == 200
    assert alive(bearer(second.json()["access"]))


def test_a_flush_of_redis_revives_nothing(first: dict[str, Any]) -> None:
    second = use(first["refresh"]).json()
    use(first["refresh"], agent="a thief's machine")
    forget_redis()

    assert ended(second)
