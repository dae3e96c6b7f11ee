from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.models import MailToken, SecurityEvent, User

from .factories import PASSWORD, UserFactory
from .steps import (
    REGISTER,
    V1,
    SignIn,
    alive,
    bearer,
    grant,
    kinds,
    login,
    mailed_token,
    refused,
    refused_field,
    unchanged,
    use,
    work,
)  # fmt: skip

pytestmark = pytest.mark.django_db(transaction=True)
VERIFY = f"{V1}/auth/email/verify"
RESET = f"{V1}/auth/password/reset"
CONFIRM = f"{V1}/auth/password/reset/confirm"
NEW = "a completely new phrase"


@pytest.fixture
def newcomer(api: APIClient) -> User:
    api.post(REGISTER, {"email": "new@example.com", "password": PASSWORD})
    return User.objects.get(email="new@example.com")


def test_the_mailed_link_confirms_the_address_once(api: APIClient, newcomer: User) -> None:
    token = mailed_token()
    first = api.post(VERIFY, {"token": token})
    with unchanged():
        second = api.post(VERIFY, {"token": token})

    newcomer.refresh_from_db()
    assert first.status_code == 204
    assert newcomer.email_verified
    refused_field(second, "token", "invalid_token")
    assert kinds(newcomer) == ["registered", "email_verified"]


def test_only_the_hash_of_a_mailed_token_is_kept(newcomer: User) -> None:
    token = mailed_token()

    assert token not in str(MailToken.objects.values().get())
    assert mail.outbox[-1].to == ["new@example.com"]


def test_a_link_expires(api: APIClient, newcomer: User) -> None:
    token = mailed_token()
    with time_machine.travel(timezone.now() + timedelta(hours=24, seconds=1)), unchanged():
        answer = api.post(VERIFY, {"token": token})

    refused_field(answer, "token", "invalid_token")


def test_a_newer_link_kills_the_older(api: APIClient, sign_in: SignIn, newcomer: User) -> None:
    older = mailed_token()
    assert sign_in(newcomer).post(f"{V1}/auth/email/resend").status_code == 202
    newer = mailed_token()
    with unchanged():
        refused_field(api.post(VERIFY, {"token": older}), "token", "invalid_token")

    assert api.post(VERIFY, {"token": newer}).status_code == 204


def test_a_link_for_one_purpose_is_none_for_another(api: APIClient, newcomer: User) -> None:
    token = mailed_token()
    with unchanged():
        refused_field(api.post(CONFIRM, {"token": token, "password": NEW}), "token", "invalid_token")

    assert api.post(VERIFY, {"token": token}).status_code == 204


def test_a_reset_ends_every_session_and_mails_the_owner(api: APIClient, viewer: User) -> None:
    tokens = grant(viewer)
    api.post(RESET, {"email": viewer.email})
    answer = api.post(CONFIRM, {"token": mailed_token(), "password": NEW})
    work()

    assert answer.status_code == 204
    assert not alive(bearer(tokens["access"]))
    assert use(tokens["refresh"]).status_code == 401
    assert login(viewer.email).status_code == 401
    assert login(viewer.email, NEW).status_code == 200
    assert mail.outbox[-1].subject == "Your password was changed"
    assert {"password_reset_asked", "password_reset", "session_revoked"} <= set(kinds(viewer))


def test_a_reset_link_works_once_and_for_half_an_hour(api: APIClient, viewer: User) -> None:
    api.post(RESET, {"email": viewer.email})
    used = mailed_token()
    assert api.post(CONFIRM, {"token": used, "password": NEW}).status_code == 204
    api.post(RESET, {"email": viewer.email})
    late = mailed_token()

    with unchanged():
        refused_field(api.post(CONFIRM, {"token": used, "password": PASSWORD}), "token", "invalid_token")
        with time_machine.travel(timezone.now() + timedelta(minutes=31)):
            refused_field(api.post(CONFIRM, {"token": late, "password": PASSWORD}), "token", "invalid_token")


def test_a_weak_new_password_does_not_use_the_link_up(api: APIClient, viewer: User) -> None:
    api.post(RESET, {"email": viewer.email})
    token = mailed_token()
    with unchanged():
        refused_field(api.post(CONFIRM, {"token": token, "password": "password123"}), "password")
        like_the_mail = viewer.email.partition("@")[0] + "@example"
        refused_field(api.post(CONFIRM, {"token": token, "password": like_the_mail}), "password")

    assert api.post(CONFIRM, {"token": token, "password": NEW}).status_code == 204


def test_a_reset_link_confirms_the_address_it_was_read_at(api: APIClient) -> None:
    user = UserFactory(email_verified_at=None)
    api.post(RESET, {"email": user.email})
    api.post(CONFIRM, {"token": mailed_token(), "password": NEW})

    user.refresh_from_db()
    assert user.email_verified


def test_a_shut_account_gets_no_reset_link_and_its_old_one_is_dead(api: APIClient, viewer: User) -> None:
    api.post(RESET, {"email": viewer.email})
    token = mailed_token()
    User.objects.update(is_active=False)
    with unchanged():
        refused_field(api.post(CONFIRM, {"token": token, "password": NEW}), "token", "invalid_token")
        api.post(RESET, {"email": viewer.email})
        work()

    assert len(mail.outbox) == 1


def test_a_new_address_counts_only_once_it_is_confirmed(
    api: APIClient, sign_in: SignIn, viewer: User
) -> None:
    before = viewer.email
    answer = sign_in(viewer).patch(f"{V1}/account", {"email": "Other@Example.com", "password": PASSWORD})
    token = mailed_token()
    viewer.refresh_from_db()

    assert (answer.json()["email"], answer.json()["pending_email"]) == (before, "other@example.com")
    assert (viewer.email, mail.outbox[-1].to) == (before, ["other@example.com"])
    assert api.post(VERIFY, {"token": token}).status_code == 204
    viewer.refresh_from_db()
    assert (viewer.email, viewer.pending_email) == ("other@example.com", "")
    assert "email_change_asked" in kinds(viewer)


@pytest.mark.parametrize(
    ("proof", "status", "code"),
    [({}, 400, "validation_error"), ({"password": "wrong"}, 403, "password_wrong")],
)
def test_a_new_address_needs_the_password(
    sign_in: SignIn, viewer: User, proof: dict[str, str], status: int, code: str
) -> None:
    client = sign_in(viewer)
    with unchanged():
        answer = client.patch(f"{V1}/account", {"email": "other@example.com", "country": "DE", **proof})

    refused(answer, status, code)
    work()
    assert not mail.outbox


def test_a_reset_link_mailed_to_the_address_of_before_is_dead(
    api: APIClient, sign_in: SignIn, viewer: User
) -> None:
    client = sign_in(viewer)
    api.post(RESET, {"email": viewer.email})
    stolen = mailed_token()
    client.patch(f"{V1}/account", {"email": "other@example.com", "password": PASSWORD})
    api.post(VERIFY, {"token": mailed_token()})

    with unchanged():
        refused_field(api.post(CONFIRM, {"token": stolen, "password": NEW}), "token", "invalid_token")


def test_an_address_that_somebody_else_took_meanwhile_is_not_taken_over(
    api: APIClient, sign_in: SignIn, viewer: User
) -> None:
    sign_in(viewer).patch(f"{V1}/account", {"email": "wanted@example.com", "password": PASSWORD})
    token = mailed_token()
    UserFactory(email="wanted@example.com")

    with unchanged():
        refused_field(api.post(VERIFY, {"token": token}), "token", "email_taken")


def test_a_link_to_a_pending_address_dies_when_another_is_wanted(
    api: APIClient, sign_in: SignIn, viewer: User
) -> None:
    client = sign_in(viewer)
    client.patch(f"{V1}/account", {"email": "one@example.com", "password": PASSWORD})
    token = mailed_token()
    client.patch(f"{V1}/account", {"email": "two@example.com", "password": PASSWORD})

    with unchanged():
        refused_field(api.post(VERIFY, {"token": token}), "token", "invalid_token")


@pytest.mark.usefixtures("still_clock")
def test_nobody_can_make_us_mail_strangers_at_will(sign_in: SignIn, viewer: User) -> None:
    client = sign_in(viewer)
    answers = [client.post(f"{V1}/auth/email/resend").status_code for _ in range(5)]
    answers += [
        client.patch(f"{V1}/account", {"email": f"victim{n}@example.com", "password": PASSWORD}).status_code
        for n in range(6)
    ]

    assert answers == [202] * 5 + [200] * 5 + [429]


def test_no_event_holds_an_address(api: APIClient, newcomer: User) -> None:
    api.post(RESET, {"email": newcomer.email})
    login(newcomer.email, "wrong")
    login("nobody@example.com", "wrong")

    assert "example.com" not in str(list(SecurityEvent.objects.values()))


def test_the_old_address_hears_that_another_one_was_asked_for(viewer: User, sign_in: SignIn) -> None:
    client = sign_in(viewer)

    answer = client.patch("/api/v1/account", {"email": "elsewhere@example.com", "password": PASSWORD})
    work()

    assert answer.status_code == 200
    heard = {letter.to[0]: letter.subject for letter in mail.outbox}
    assert heard[viewer.email] == "Another address for your account"
    assert "elsewhere@example.com" in heard
