from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.utils import timezone

from apps.accounts.models import DataRequest, MailToken, Profile, SecurityEvent, Session, User
from apps.accounts.services import audit

from .factories import PASSWORD, ProfileFactory, UserFactory
from .steps import (
    V1,
    SignIn,
    act,
    alive,
    at_the_desk,
    bearer,
    change,
    grant,
    kinds,
    login,
    select,
    unchanged,
    url,
    use,
    work,
)  # fmt: skip

pytestmark = pytest.mark.django_db(transaction=True)
READ_ONLY = ["profile", "lockedprofile", "session", "securityevent", "datarequest"]
PAGES = ["user", "group", *READ_ONLY]
NEW = "a completely new phrase"


@pytest.fixture
def household(viewer: User, sign_in: SignIn) -> dict[str, Any]:
    """One row of everything, and the secrets that are in them."""
    profile = ProfileFactory(account=viewer, pin="1234")
    client = sign_in(viewer)
    for _ in range(5):
        select(client, profile, pin="0000")
    client.get(f"{V1}/account/export")
    DataRequest.objects.update(result={"a": "the copy of somebody's data"})
    session, request = Session.objects.get(), DataRequest.objects.get()
    profile.refresh_from_db()
    return {
        "user": viewer,
        "group": Group.objects.get_or_create(name="Editor")[0],
        "profile": profile,
        "lockedprofile": profile,
        "session": session,
        "securityevent": SecurityEvent.objects.first(),
        "datarequest": request,
        "secrets": [
            profile.pin_hash,
            bytes(session.secret).hex(),
            repr(bytes(session.secret)),
            request.receipt,
            "the copy of somebody",
            viewer.password,
            viewer.password.rpartition("$")[2][22:],
        ],
    }


@pytest.mark.parametrize("page", PAGES)
def test_every_page_renders_and_shows_no_secret(desk: Client, household: dict[str, Any], page: str) -> None:
    urls = [url(page), f"{url(page)}?q=viewer", url(page, household[page].pk, "change")]
    if page not in READ_ONLY:
        urls.append(url(page, "add"))
    for one in urls:
        answer = desk.get(one)
        assert answer.status_code == 200, one
        text = answer.content.decode()
        assert [secret for secret in household["secrets"] if secret in text] == []


@pytest.mark.parametrize("page", READ_ONLY)
def test_what_only_services_write_cannot_be_edited(
    desk: Client, household: dict[str, Any], page: str
) -> None:
    row = household[page].pk
    with unchanged():
        assert desk.get(url(page, "add")).status_code == 403
        assert desk.post(url(page, "add"), {"name": "x"}).status_code == 403
        assert desk.post(url(page, row, "change"), {"name": "x"}).status_code == 403
        assert desk.get(url(page, row, "delete")).status_code == 403
        assert desk.post(url(page, row, "delete"), {"post": "yes"}).status_code == 403
        desk.post(url(page), {"action": "delete_selected", "_selected_action": [row], "post": "yes"})


def test_accounts_are_not_deleted_past_the_erasure(
    desk: Client, household: dict[str, Any], viewer: User
) -> None:
    with unchanged():
        assert desk.post(url("user", viewer.pk, "delete"), {"post": "yes"}).status_code == 403
        desk.post(url("user"), {"action": "delete_selected", "_selected_action": [viewer.pk], "post": "yes"})


@pytest.mark.parametrize("page", PAGES)
def test_lists_cost_the_same_however_long_they_are(
    desk: Client, household: dict[str, Any], no_limits: None, django_assert_max_num_queries: Any, page: str
) -> None:
    for n in range(8):
        profile = ProfileFactory(pin_locked_until=timezone.now() + timedelta(hours=1))
        audit.record(audit.Kind.UNLOCKED, account=profile.account.public_id, by=profile.account)
        grant(profile.account)
        DataRequest.objects.create(
            kind="export", account=profile.account, account_public_id=profile.account.public_id,
            asked_at=timezone.now(),
        )  # fmt: skip
        Group.objects.create(name=f"Group {n}")

    with django_assert_max_num_queries(12):
        assert desk.get(url(page)).status_code == 200


def test_shutting_an_account_out_ends_its_sessions(desk: Client, boss: User, viewer: User) -> None:
    tokens = grant(viewer)
    client = bearer(tokens["access"])
    assert alive(client)
    assert change(desk, viewer, is_active=None).status_code == 302

    assert not alive(client)
    assert use(tokens["refresh"]).status_code == 401
    assert login(viewer.email).status_code == 401
    assert SecurityEvent.objects.get(kind="account_disabled").by == boss
    viewer.refresh_from_db()
    assert change(desk, viewer, is_active="on").status_code == 302
    assert login(viewer.email).status_code == 200
    assert not alive(client)


def test_another_address_is_normalised_unconfirmed_and_ends_sessions(desk: Client, viewer: User) -> None:
    client = bearer(grant(viewer)["access"])
    assert alive(client)
    assert change(desk, viewer, email=" Other@Example.COM").status_code == 302

    viewer.refresh_from_db()
    assert (viewer.email, viewer.email_verified_at) == ("other@example.com", None)
    assert not alive(client)


def test_an_address_that_is_taken_is_refused_however_it_is_spelt(desk: Client, viewer: User) -> None:
    taken = UserFactory()
    with unchanged():
        answer = change(desk, viewer, email=taken.email.upper())

    assert answer.status_code == 200
    assert "already exists" in answer.content.decode()


def test_other_rights_end_sessions_and_other_facts_do_not(desk: Client, viewer: User) -> None:
    client = bearer(grant(viewer)["access"])
    assert change(desk, viewer, country="DE").status_code == 302
    assert alive(client)
    assert change(desk, viewer, is_staff="on").status_code == 302

    assert not alive(client)


def test_staff_sign_people_out(desk: Client, boss: User, viewer: User) -> None:
    first, second = bearer(grant(viewer)["access"]), bearer(grant(viewer)["access"])
    assert alive(first)
    assert alive(second)
    act(desk, "session", "revoke", Session.objects.order_by("pk")[0])
    assert (alive(first), alive(second)) == (False, True)
    act(desk, "user", "sign_out_everywhere", viewer)

    assert not alive(second)
    events = SecurityEvent.objects.filter(kind="session_revoked", account=viewer.public_id)
    assert [event.by for event in events] == [boss, boss]


def test_staff_unlock_a_pin(desk: Client, household: dict[str, Any]) -> None:
    profile = household["profile"]
    assert profile.name in desk.get(url("lockedprofile")).content.decode()
    act(desk, "lockedprofile", "unlock", profile)

    assert profile.name not in desk.get(url("lockedprofile")).content.decode()
    profile.refresh_from_db()
    assert profile.pin_locked_until is None


def test_a_password_set_by_staff_ends_sessions_and_kills_reset_links(
    desk: Client, boss: User, viewer: User, api: Any, mailoutbox: list[Any]
) -> None:
    client = bearer(grant(viewer)["access"])
    assert alive(client)
    api.post(f"{V1}/auth/password/reset", {"email": viewer.email})
    work()
    answer = desk.post(
        url("user", viewer.pk, "password"), {"password1": NEW, "password2": NEW, "usable_password": "true"}
    )
    work()

    assert answer.status_code == 302, answer.content
    assert not alive(client)
    assert not MailToken.objects.exists()
    assert login(viewer.email, NEW).status_code == 200
    assert SecurityEvent.objects.get(kind="password_changed").by == boss
    assert mailoutbox[-1].subject == "Your password was changed"


def test_staff_who_change_their_own_password_in_the_admin_end_their_sessions_too(
    desk: Client, boss: User
) -> None:
    client = bearer(grant(boss)["access"])
    assert alive(client)
    form = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    assert desk.post("/admin/password_change/", form).status_code == 302

    assert not alive(client)
    assert desk.get("/admin/").status_code == 200


def test_new_accounts_can_be_made_here(desk: Client) -> None:
    form = {"email": "New@Example.com", "password1": NEW, "password2": NEW, "usable_password": "true"}
    answer = desk.post(url("user", "add"), form)

    assert answer.status_code == 302, answer.content
    assert login("new@example.com", NEW).status_code == 200


def test_signing_in_to_the_admin_counts_and_is_recorded(boss: User) -> None:
    client = Client()
    form = {"username": boss.email, "password": "wrong"}
    assert client.post("/admin/login/", form).status_code == 200
    right = client.post("/admin/login/?next=/admin/", form | {"password": PASSWORD})

    assert right.status_code == 302
    assert client.get("/admin/").status_code == 200
    assert kinds(boss) == ["sign_in_failed", "signed_in"]


@pytest.mark.usefixtures("still_clock")
def test_signing_in_to_the_admin_is_limited(boss: User) -> None:
    form = {"username": boss.email, "password": "wrong"}
    for n in range(10):
        assert Client(REMOTE_ADDR=f"192.0.2.{n}").post("/admin/login/", form).status_code == 200
    answer = Client(REMOTE_ADDR="198.51.100.1").post("/admin/login/", form | {"password": PASSWORD})

    assert answer.status_code == 429
    assert 1 <= int(answer["Retry-After"]) <= 60
    assert answer["Content-Type"].startswith("text/html")


def test_viewers_do_not_get_in_and_do_not_learn_why(viewer: User) -> None:
    form = {"username": viewer.email, "password": PASSWORD}
    right = Client().post("/admin/login/", form)
    wrong = Client().post("/admin/login/", form | {"password": "wrong"})

    assert (right.status_code, wrong.status_code) == (200, 200)
    assert "signed_in" not in kinds(viewer)
    for answer in (right, wrong):
        assert "Please enter the correct" in answer.content.decode()


def test_staff_that_are_shut_out_lose_the_admin_at_once(desk: Client, boss: User) -> None:
    assert desk.get("/admin/").status_code == 200
    User.objects.filter(pk=boss.pk).update(is_active=False)

    assert desk.get("/admin/").status_code == 302


def test_clerks_give_nobody_rights_and_touch_no_staff(clerk: User, boss: User, viewer: User) -> None:
    client = at_the_desk(clerk)
    everything = {"is_staff": "on", "is_superuser": "on", "user_permissions": [1]}
    assert change(client, viewer, country="DE", **everything).status_code == 302
    with unchanged(but=("last_login",)):
        for one in (boss, clerk):
            assert change(client, one, email="mine@example.com", **everything).status_code == 403
            password = {"password1": NEW, "password2": NEW, "usable_password": "true"}
            assert client.post(url("user", one.pk, "password"), password).status_code == 403

    viewer.refresh_from_db()
    assert (viewer.country, viewer.is_staff, viewer.is_superuser) == ("DE", False, False)
    form = {"email": "new@example.com", "password1": NEW, "password2": NEW, "usable_password": "true"}
    client.post(url("user", "add"), form | everything)
    assert not User.objects.get(email="new@example.com").is_staff


def test_only_superusers_say_what_a_group_may_do(clerk: User, desk: Client) -> None:
    group = Group.objects.create(name="Clerks")
    clerk.groups.add(group)
    clerk.user_permissions.add(*Permission.objects.filter(content_type__app_label="auth"))
    client = at_the_desk(clerk)
    every = {"name": "Clerks", "permissions": list(Permission.objects.values_list("pk", flat=True))}
    assert client.get(url("group")).status_code == 200
    assert client.post(url("group", "add"), every | {"name": "New"}).status_code == 403
    assert client.post(url("group", group.pk, "change"), every).status_code == 403
    assert client.post(url("group", group.pk, "delete"), {"post": "yes"}).status_code == 403
    client.post(url("group"), {"action": "delete_selected", "_selected_action": [group.pk], "post": "yes"})

    assert list(Group.objects.values_list("name", flat=True)) == ["Clerks"]
    assert not group.permissions.exists()
    assert desk.post(url("group", group.pk, "change"), every).status_code == 302
    assert group.permissions.count() == len(every["permissions"])


def test_what_staff_do_is_logged_without_secrets(desk: Client, viewer: User) -> None:
    change(desk, viewer, country="DE")
    desk.post(
        url("user", viewer.pk, "password"), {"password1": NEW, "password2": NEW, "usable_password": "true"}
    )
    kept = str(list(LogEntry.objects.values()))

    assert LogEntry.objects.count() == 2
    assert NEW not in kept
    assert "bcrypt" not in kept


@pytest.mark.parametrize("page", PAGES)
def test_strangers_see_nothing(page: str, viewer: User) -> None:
    client = Client()
    assert client.get(url(page)).status_code == 302
    client.force_login(viewer, backend="apps.accounts.authentication.PasswordBackend")

    assert client.get(url(page)).status_code == 302


def test_locked_profiles_are_listed_with_their_state(desk: Client, household: dict[str, Any]) -> None:
    Profile.objects.update(pin_failures_today=20)

    assert "password needed" in desk.get(url("lockedprofile")).content.decode()
