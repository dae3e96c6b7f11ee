from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from django.contrib.auth.hashers import BCryptSHA256PasswordHasher
from django.db import connection
from rest_framework.test import APIClient

from apps.accounts import hashing
from apps.accounts.models import SecurityEvent, Session, User
from apps.accounts.services import audit, passwords, sessions
from apps.core.network import Caller

from .factories import PASSWORD, UserFactory
from .steps import LOGIN, V1, SignIn, grant, kinds, login, refused, refused_field, unchanged

pytestmark = pytest.mark.django_db(transaction=True)
CALLER = Caller("192.0.2.1", "television", "")


def test_a_sign_in_starts_a_session_of_seven_and_thirty_days(api: APIClient, viewer: User) -> None:
    answer = api.post(
        LOGIN,
        {"email": viewer.email, "password": PASSWORD, "device_name": "बैठक का टीवी"},
        HTTP_USER_AGENT="television",
    )
    session = Session.objects.get()

    assert answer.json()["expires_in"] == 900
    assert answer["Cache-Control"] == "no-store"
    assert (session.device_name, session.user_agent) == ("बैठक का टीवी", "television")
    assert (session.expires_at - session.created_at).days == 7
    assert (session.ends_at - session.created_at).days == 30


def test_neither_token_is_kept(viewer: User) -> None:
    tokens = grant(viewer)
    kept = str(Session.objects.values().get())

    assert tokens["refresh"] not in kept
    assert tokens["refresh"].rpartition(".")[2] not in kept
    assert tokens["access"] not in kept


def test_the_audit_log_keeps_the_network_and_not_the_address(viewer: User) -> None:
    login(viewer.email, REMOTE_ADDR="192.0.2.77")
    event = SecurityEvent.objects.get()

    assert (event.kind, event.network) == ("signed_in", "192.0.2.0")
    assert event.session == Session.objects.get().public_id


@pytest.mark.usefixtures("still_clock")
def test_an_account_admits_ten_tries_a_minute_whatever_the_address(viewer: User) -> None:
    for n in range(10):
        refused(login(viewer.email, "wrong", REMOTE_ADDR=f"192.0.2.{n}"), 401, "not_authenticated")
    with unchanged():
        answer = login(viewer.email, REMOTE_ADDR="198.51.100.1")

    refused(answer, 429, "throttled")
    assert 1 <= int(answer["Retry-After"]) <= 60
    assert answer["RateLimit-Remaining"] == "0"
    assert login(UserFactory().email).status_code == 200


@pytest.mark.usefixtures("still_clock")
def test_the_limit_of_an_account_does_not_care_how_its_address_is_spelt(viewer: User) -> None:
    for n in range(10):
        login(viewer.email.upper() if n % 2 else f" {viewer.email}", "wrong")

    refused(login(viewer.email), 429, "throttled")


@pytest.mark.usefixtures("still_clock")
def test_a_client_has_thirty_tries_a_minute_whatever_the_account() -> None:
    answers = [login(f"viewer{n}@example.org", "wrong").status_code for n in range(31)]

    assert answers == [401] * 30 + [429]
    assert login("viewer@example.org", "wrong", REMOTE_ADDR="192.0.2.9").status_code == 401


@pytest.mark.usefixtures("still_clock")
def test_a_forged_forwarded_address_changes_nothing() -> None:
    answers = [
        login(f"viewer{n}@example.org", "wrong", HTTP_X_FORWARDED_FOR=f"198.51.100.{n}").status_code
        for n in range(31)
    ]

    assert answers[-1] == 429


@pytest.mark.usefixtures("still_clock")
def test_behind_a_proxy_only_its_own_entry_counts(settings: Any) -> None:
    settings.TRUSTED_PROXY_COUNT = 1
    answers = [
        login(
            f"viewer{n}@example.org", "wrong", HTTP_X_FORWARDED_FOR=f"198.51.100.{n}, 203.0.113.5"
        ).status_code
        for n in range(31)
    ]

    assert answers[-1] == 429
    assert login("a@example.org", "wrong", HTTP_X_FORWARDED_FOR="203.0.113.6").status_code == 401


@pytest.mark.usefixtures("still_clock")
def test_proofs_by_password_count_against_the_account_too(sign_in: SignIn, viewer: User) -> None:
    client = sign_in(viewer)
    body = {"current_password": "wrong", "new_password": "a completely new phrase"}
    with unchanged():
        answers = [client.post(f"{V1}/auth/password/change", body).status_code for _ in range(10)]

    assert answers == [403] * 9 + [429]
    assert kinds(viewer).count("sign_in_failed") == 9


def test_a_hash_of_a_lower_cost_is_upgraded_at_the_next_sign_in(
    viewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hashing.BoundedBCryptSHA256Hasher, "rounds", 5)

    assert login(viewer.email).status_code == 200
    viewer.refresh_from_db()
    assert viewer.password.startswith("bcrypt_sha256$$2b$05$")
    assert login(viewer.email).status_code == 200


def test_an_upgrade_of_the_hash_does_not_undo_a_change_of_the_password(
    viewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = User.objects.get(pk=viewer.pk)
    viewer.set_password("a completely new phrase")
    viewer.save()
    monkeypatch.setattr(hashing.BoundedBCryptSHA256Hasher, "rounds", 5)

    assert stale.check_password(PASSWORD)
    assert User.objects.get().check_password("a completely new phrase")


@pytest.mark.parametrize("change", ["password", "disabled"])
def test_a_sign_in_that_was_under_way_when_the_account_changed_starts_no_session(
    viewer: User, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    checked = sessions.check_credentials

    def check_and_be_overtaken(*args: Any, **kwargs: Any) -> User:
        user = checked(*args, **kwargs)
        if change == "password":
            passwords._set(
                viewer,
                "a completely new phrase",
                audit.Kind.PASSWORD_CHANGED,
                keep=None,
                caller=CALLER,
            )
        else:
            passwords.set_active(viewer, active=False, by=viewer)
        return user

    monkeypatch.setattr(sessions, "check_credentials", check_and_be_overtaken)
    answer = login(viewer.email)

    refused(answer, 503, "service_unavailable")
    assert answer["Retry-After"] == "1"
    assert not Session.objects.exists()


def test_a_change_of_password_that_was_under_way_when_another_came_first_is_void(viewer: User) -> None:
    stale = User.objects.get(pk=viewer.pk)
    kind = audit.Kind.PASSWORD_CHANGED
    passwords._set(viewer, "a completely new phrase", kind, keep=None, caller=CALLER)

    with pytest.raises(sessions.AccountChanged), unchanged():
        passwords._set(stale, "what a thief would choose", kind, keep=None, caller=CALLER)


@pytest.mark.parametrize(
    "body",
    [
        {"email": "a@example.com"},
        {"email": "a@example.com", "password": ""},
        {"email": "a@example.com", "password": "x" * 129},
        {"email": "x" * 255, "password": "x"},
        {"email": "a@example.com", "password": "x", "device_name": "x" * 81},
        {"email": "a@example.com", "password": "x", "device_name": "two\nlines"},
    ],
)
def test_what_cannot_be_a_sign_in_is_refused_before_anything_is_hashed(
    api: APIClient, monkeypatch: pytest.MonkeyPatch, body: dict[str, str]
) -> None:
    monkeypatch.setattr(BCryptSHA256PasswordHasher, "encode", None)

    refused(api.post(LOGIN, body), 400, "validation_error")


def test_device_names_may_be_spelt_with_joiners(api: APIClient, viewer: User) -> None:
    name = "राष्ट्र\u200dीय 👩\u200d👧"
    body = {"email": viewer.email, "password": PASSWORD}

    assert api.post(LOGIN, {**body, "device_name": name}).status_code == 200
    assert Session.objects.get().device_name == name
    refused_field(api.post(LOGIN, {**body, "device_name": "\u200d"}), "device_name", "control")


def test_a_storm_of_sign_ins_is_turned_away_while_others_are_served(
    viewer: User, no_limits: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = Event()
    encode = BCryptSHA256PasswordHasher.encode
    monkeypatch.setattr(hashing, "pool", hashing.HashPool(slots=1, queue=2))
    monkeypatch.setattr(BCryptSHA256PasswordHasher, "encode", lambda *args: (go.wait(1.5), encode(*args))[1])

    def one(_: int) -> Any:
        try:
            return login(viewer.email)
        finally:
            connection.close()

    with ThreadPoolExecutor(12) as threads:
        storm = [threads.submit(one, n) for n in range(12)]
        while sum(one.done() for one in storm) < 9:
            go.wait(0.01)
        served = APIClient().get("/healthz"), APIClient().post(f"{V1}/auth/refresh", {"refresh": "x"})
        assert not go.is_set()
        go.set()
        answers = [one.result() for one in storm]

    turned_away = [answer for answer in answers if answer.status_code == 503]
    assert [answer.status_code for answer in served] == [200, 401]
    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [503] * 9
    for answer in turned_away:
        refused(answer, 503, "service_unavailable")
        assert int(answer["Retry-After"]) >= 1
    assert Session.objects.count() == 3
