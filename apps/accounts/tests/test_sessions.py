import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts import store
from apps.accounts.models import Profile, SecurityEvent, Session, User
from apps.accounts.services import passwords, sessions
from apps.core import clients

from .factories import PASSWORD, ProfileFactory, UserFactory
from .steps import (
    V1,
    SignIn,
    alive,
    bearer,
    forget_redis,
    grant,
    kinds,
    login,
    refused,
    refused_field,
    select,
    unchanged,
    use,
    work,
)  # fmt: skip

pytestmark = pytest.mark.django_db(transaction=True)
NEW = "a completely new phrase"
CHANGE = f"{V1}/auth/password/change"


def change_password(user: User, client: APIClient) -> None:
    assert client.post(CHANGE, {"current_password": PASSWORD, "new_password": NEW}).status_code == 204


def end_elsewhere(user: User, client: APIClient) -> None:
    """One device signs all the others out, one by one."""
    listed = client.get(f"{V1}/auth/sessions").json()["results"]
    for one in listed:
        if not one["current"]:
            assert client.delete(f"{V1}/auth/sessions/{one['id']}").status_code == 204


def sign_out_everywhere(user: User, client: APIClient) -> None:
    assert client.post(f"{V1}/auth/logout-all").status_code == 204


def disable(user: User, client: APIClient) -> None:
    passwords.set_active(user, active=False, by=UserFactory(is_staff=True))


def set_in_a_shell(user: User, client: APIClient) -> None:
    user.set_password(NEW)
    user.save()


def erase(user: User, client: APIClient) -> None:
    assert client.delete(f"{V1}/account", {"password": PASSWORD}).status_code == 202


def reuse(user: User, client: APIClient) -> None:
    for session in Session.objects.all():
        sessions.revoke(Session.objects.filter(pk=session.pk), because="refresh_reused")


ENDINGS = [change_password, end_elsewhere, sign_out_everywhere, disable, set_in_a_shell, erase, reuse]


@pytest.mark.parametrize("end", ENDINGS, ids=lambda one: one.__name__)
def test_whatever_ends_a_session_its_tokens_are_dead_at_once(
    viewer: User, end: Callable[[User, APIClient], None]
) -> None:
    tokens, mine = grant(viewer), bearer(grant(viewer)["access"])
    other = bearer(tokens["access"])
    assert alive(other)
    assert alive(mine)
    end(viewer, mine)

    assert not alive(other)
    assert use(tokens["refresh"]).status_code == 401
    assert alive(mine) == (end in {change_password, end_elsewhere})


def test_a_remembered_state_outlives_its_session_by_less_than_five_seconds(
    viewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, mine = bearer(grant(viewer)["access"]), bearer(grant(viewer)["access"])
    assert alive(other)
    # Redis is told nothing: as if it could not be reached in the moment of the change.
    monkeypatch.setattr(store, "forget_states", lambda ids: None)
    change_password(viewer, mine)
    ended_at = time.monotonic()
    while alive(other):
        assert time.monotonic() - ended_at < 5
        time.sleep(0.1)

    assert store.STATE_LIVES_S <= 4


def test_requests_in_between_do_not_lengthen_the_life_of_a_remembered_state(
    viewer: User, profile: Profile
) -> None:
    client = bearer(grant(viewer)["access"])
    alive(client)
    key = f"session:{Session.objects.get().public_id}"
    before = clients.durable().pttl(key)
    time.sleep(0.05)
    alive(client)
    watching = select(client, profile).json()["access"]
    alive(bearer(watching))
    time.sleep(0.05)
    first = clients.durable().pttl(key)
    alive(client)

    assert clients.durable().hlen(key) == 2
    assert 0 < int(clients.durable().pttl(key)) <= int(first) <= 4000  # type: ignore[arg-type]
    assert 0 < int(before) <= 4000  # type: ignore[arg-type]


def test_a_state_that_was_long_on_its_way_is_not_remembered_longer_for_it(viewer: User) -> None:
    grant(viewer)
    session = str(Session.objects.get().public_id)
    store.write_state(session, "", {"dead": True}, age_s=3.5)
    left = clients.durable().pttl(f"session:{session}")
    forget_redis()
    store.write_state(session, "", {"dead": True}, age_s=4.5)

    assert 0 < int(left) <= 500  # type: ignore[arg-type]
    assert store.read_state(session, "") is None


@pytest.mark.parametrize("end", ENDINGS, ids=lambda one: one.__name__)
def test_every_ending_holds_while_redis_is_away(
    redis_away: None, viewer: User, end: Callable[[User, APIClient], None]
) -> None:
    other, mine = bearer(grant(viewer)["access"]), bearer(grant(viewer)["access"])
    assert alive(other)
    end(viewer, mine)

    assert not alive(other)


def test_signing_out_ends_this_session_alone(viewer: User) -> None:
    other, mine = bearer(grant(viewer)["access"]), bearer(grant(viewer)["access"])
    answer = mine.post(f"{V1}/auth/logout")

    assert answer.status_code == 204
    assert (alive(mine), alive(other)) == (False, True)
    assert kinds(viewer)[-1] == "signed_out"


def test_signing_out_twice_at_once_is_no_error(viewer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client = bearer(grant(viewer)["access"])
    assert alive(client)
    monkeypatch.setattr(store, "forget_states", lambda ids: None)

    assert client.post(f"{V1}/auth/logout").status_code == 204
    # The second was let in by the remembered state.
    assert client.post(f"{V1}/auth/logout").status_code == 204


def test_an_account_that_is_gone_while_its_session_is_remembered_is_401(
    viewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = bearer(grant(viewer)["access"])
    assert alive(client)
    monkeypatch.setattr(store, "forget_states", lambda ids: None)
    client.delete(f"{V1}/account", {"password": PASSWORD})
    work()
    assert not User.objects.exists()

    for method, path in (
        ("get", "/account"), ("patch", "/account"), ("delete", "/account"), ("get", "/account/export"),
        ("post", "/auth/logout"), ("post", "/auth/logout-all"), ("post", "/auth/email/resend"),
    ):  # fmt: skip
        body = {"password": PASSWORD} if method == "delete" else {}
        refused(getattr(client, method)(f"{V1}{path}", body), 401, "token_expired")
    refused(client.post(f"{V1}/profiles", {"name": "Asha"}), 401, "token_expired")


def test_a_change_of_password_needs_the_present_one(sign_in: SignIn, viewer: User) -> None:
    client = sign_in(viewer)
    with unchanged():
        refused(
            client.post(CHANGE, {"current_password": "wrong", "new_password": NEW}), 403, "password_wrong"
        )
        weak = client.post(CHANGE, {"current_password": PASSWORD, "new_password": "password123"})

    refused_field(weak, "new_password", "password_too_common")
    assert login(viewer.email).status_code == 200
    assert kinds(viewer).count("sign_in_failed") == 1


def test_a_change_of_password_is_told_by_mail_and_on_record(
    sign_in: SignIn, viewer: User, mailoutbox: list[Any]
) -> None:
    sign_in(viewer)
    change_password(viewer, sign_in(viewer))
    work()

    assert [one.to for one in mailoutbox] == [[viewer.email]]
    assert kinds(viewer)[-2:] == ["session_revoked", "password_changed"]
    ending = SecurityEvent.objects.get(kind="session_revoked")
    assert ending.facts == {"because": "password_changed", "sessions": 1}


def test_the_list_shows_ones_own_devices_the_latest_first(viewer: User) -> None:
    with time_machine.travel(timezone.now() - timedelta(hours=2)):
        grant(viewer, HTTP_USER_AGENT="old tablet")
    with time_machine.travel(timezone.now() - timedelta(hours=1)):
        gone = grant(viewer, HTTP_USER_AGENT="lent phone")
    grant(UserFactory(), HTTP_USER_AGENT="a stranger's")
    client = bearer(grant(viewer, HTTP_USER_AGENT="television")["access"])
    with time_machine.travel(timezone.now() - timedelta(hours=1)):
        bearer(gone["access"]).post(f"{V1}/auth/logout")
    page = client.get(f"{V1}/auth/sessions").json()

    assert [(one["user_agent"], one["current"]) for one in page["results"]] == [
        ("television", True),
        ("old tablet", False),
    ]
    assert (page["next"], page["previous"]) == (None, None)
    assert set(page["results"][0]) == {
        "id", "device_name", "user_agent", "place", "created_at", "last_seen_at", "expires_at", "current",
    }  # fmt: skip


def test_the_list_is_paged_and_leaves_nobody_out(viewer: User, no_limits: None) -> None:
    for n in range(6):
        grant(viewer, HTTP_USER_AGENT=f"device {n}")
    client = bearer(grant(viewer)["access"])
    url, seen = f"{V1}/auth/sessions?page_size=3", []
    while url:
        page = client.get(url).json()
        seen += [one["id"] for one in page["results"]]
        url = page["next"]

    assert len(seen) == len(set(seen)) == 7


def test_sessions_that_are_over_are_not_listed(viewer: User) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=8)):
        grant(viewer)

    assert len(bearer(grant(viewer)["access"]).get(f"{V1}/auth/sessions").json()["results"]) == 1


def test_sessions_of_others_cannot_be_ended_nor_found_out(sign_in: SignIn, viewer: User) -> None:
    grant(UserFactory())
    theirs = Session.objects.get()
    client = sign_in(viewer)
    with unchanged():
        answers = [client.delete(f"{V1}/auth/sessions/{one}") for one in (theirs.public_id, uuid4())]

    first, second = (one.json() | {"request_id": ""} for one in answers)
    assert first == second
    refused(answers[0], 404, "not_found")


def test_an_ended_session_cannot_be_ended_again(sign_in: SignIn, viewer: User) -> None:
    grant(viewer)
    ended = Session.objects.get()
    client = sign_in(viewer)
    assert client.delete(f"{V1}/auth/sessions/{ended.public_id}").status_code == 204
    with unchanged():
        refused(client.delete(f"{V1}/auth/sessions/{ended.public_id}"), 404, "not_found")


def test_sessions_that_ended_long_ago_are_forgotten(viewer: User) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=120)):
        grant(viewer)
    grant(viewer)
    sessions.forget_ended(before=timezone.now() - timedelta(days=90))

    assert Session.objects.count() == 1


def test_listing_costs_the_same_however_many_devices(
    viewer: User, no_limits: None, django_assert_max_num_queries: Any
) -> None:
    client = bearer(grant(viewer)["access"])
    alive(client)
    with ExitStack() as stack:
        for _ in range(10):
            grant(viewer)
        stack.enter_context(django_assert_max_num_queries(1))
        client.get(f"{V1}/auth/sessions")


def test_a_profile_of_ones_own_sees_the_same_devices(sign_in: SignIn, viewer: User) -> None:
    client = sign_in(viewer, ProfileFactory(account=viewer))

    assert [one["current"] for one in client.get(f"{V1}/auth/sessions").json()["results"]] == [True]
