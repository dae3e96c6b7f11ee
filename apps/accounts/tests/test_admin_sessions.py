"""Sessions of staff in the admin: what ends an account's devices ends these, too."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session as AdminSession
from django.test import Client
from django.utils import timezone

from apps.accounts.models import SecurityEvent, Session, User
from apps.accounts.services import sessions

from .factories import PASSWORD, UserFactory
from .steps import V1, act, alive, at_the_desk, bearer, change, grant, run_tidy, url, work

pytestmark = pytest.mark.django_db(transaction=True)
NEW = "a completely new phrase"


def inside(desk: Client) -> bool:
    return desk.get("/admin/").status_code == 200


@pytest.fixture
def colleague() -> User:
    return UserFactory(is_staff=True)


def disable_and_enable(desk: Client, user: User) -> None:
    change(desk, user, is_active=None)
    user.refresh_from_db()
    change(desk, user, is_active="on")


WAYS: dict[str, Callable[[Client, User], Any]] = {
    "signed out by staff": lambda desk, user: act(desk, "user", "sign_out_everywhere", user),
    "signed out by themself": lambda _, user: bearer(grant(user)["access"]).post(f"{V1}/auth/logout-all"),
    "disabled, enabled again": disable_and_enable,
    "given other rights": lambda desk, user: change(desk, user, is_superuser="on"),
    "given another address": lambda desk, user: change(desk, user, email="other@example.com"),
}


@pytest.mark.parametrize("way", WAYS)
def test_who_is_signed_out_everywhere_is_signed_out_of_the_admin(
    desk: Client, colleague: User, way: str
) -> None:
    theirs = at_the_desk(colleague)
    assert inside(theirs)
    WAYS[way](desk, colleague)
    colleague.refresh_from_db()

    assert not inside(theirs)
    assert inside(desk)
    assert inside(at_the_desk(colleague))


def test_one_device_less_leaves_the_admin_open(desk: Client, boss: User) -> None:
    grant(boss)
    act(desk, "session", "revoke", Session.objects.get())

    assert inside(desk)


def test_a_session_under_an_older_key_ends_as_well(desk: Client, boss: User, settings: Any) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "the key that came after it"
    theirs = at_the_desk(boss)
    assert inside(desk)
    assert inside(theirs)
    sessions.sign_out_everywhere(boss, because="staff")

    assert not inside(desk)
    assert not inside(theirs)


def test_an_old_copy_of_the_account_that_is_saved_lets_nobody_in_again(desk: Client, boss: User) -> None:
    before = User.objects.get(pk=boss.pk)
    before.country = "LK"
    sessions.sign_out_everywhere(boss, because="staff")
    before.save()

    assert not inside(desk)
    assert User.objects.get(pk=boss.pk).country == "LK"


def test_two_old_copies_signed_out_count_twice(boss: User) -> None:
    one, other = User.objects.get(pk=boss.pk), User.objects.get(pk=boss.pk)
    for copy in (one, other):
        sessions.sign_out_everywhere(copy, because="staff")

    assert (one.session_epoch, other.session_epoch) == (1, 2)


def own_page(boss: User) -> tuple[str, dict[str, str]]:
    form = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    return "/admin/password_change/", form


def page_of_the_account(boss: User) -> tuple[str, dict[str, str]]:
    form = {"password1": NEW, "password2": NEW, "usable_password": "true"}
    return url("user", boss.pk, "password"), form


def unsetting(boss: User) -> tuple[str, dict[str, str]]:
    return url("user", boss.pk, "password"), {"usable_password": "false", "unset-password": "1"}


@pytest.mark.parametrize("way", [own_page, page_of_the_account, unsetting])
def test_who_changes_their_own_password_stays_in_with_this_browser_alone(
    desk: Client, boss: User, way: Callable[[User], tuple[str, dict[str, str]]]
) -> None:
    elsewhere = at_the_desk(boss)
    device = bearer(grant(boss)["access"])
    assert desk.post(*way(boss)).status_code == 302

    assert inside(desk)
    assert not inside(elsewhere)
    assert not alive(device)


def test_unsetting_a_password_ends_everything_once(
    desk: Client, boss: User, colleague: User, mailoutbox: list[Any]
) -> None:
    device, theirs = bearer(grant(colleague)["access"]), at_the_desk(colleague)
    assert desk.post(*unsetting(colleague)).status_code == 302
    work()

    assert not alive(device)
    assert not inside(theirs)
    assert [mail.subject for mail in mailoutbox] == ["Your password was changed"]
    events = SecurityEvent.objects.filter(account=colleague.public_id).exclude(kind="signed_in")
    assert sorted(events.values_list("kind", "by")) == [
        ("password_changed", boss.pk), ("session_revoked", None),
    ]  # fmt: skip


def test_a_password_form_that_contradicts_itself_changes_and_records_nothing(
    desk: Client, colleague: User
) -> None:
    device = bearer(grant(colleague)["access"])
    answer = desk.post(url("user", colleague.pk, "password"), {"usable_password": "false"})

    assert answer.status_code == 302
    assert alive(device)
    assert not SecurityEvent.objects.filter(kind="password_changed").exists()


def test_expired_admin_sessions_are_cleared_nightly(desk: Client, boss: User) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=2)):
        at_the_desk(boss)
    assert AdminSession.objects.count() == 2
    run_tidy()

    assert AdminSession.objects.count() == 1
    assert inside(desk)
