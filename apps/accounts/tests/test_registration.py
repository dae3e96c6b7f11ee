import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import pytest
from django.core import mail
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from apps.accounts import hashing
from apps.accounts.models import User
from apps.core.models import IdempotentAnswer

from .factories import PASSWORD, UserFactory
from .steps import LOGIN, REGISTER, V1, kinds, login, refused, refused_field, unchanged, work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows by one with every hash that is really computed."""
    done: list[str] = []
    hasher = hashing.BoundedBCryptSHA256Hasher
    encode = hasher.encode

    def counted(self: Any, password: str, salt: bytes) -> str:
        done.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(hasher, "encode", counted)
    return done


@contextmanager
def queries() -> Iterator[CaptureQueriesContext]:
    with CaptureQueriesContext(connection) as captured:
        yield captured


def test_a_new_account_can_sign_in_before_its_address_is_confirmed(api: APIClient) -> None:
    answer = api.post(REGISTER, {"email": "a@example.com", "password": PASSWORD, "country": "IN"})

    assert answer.status_code == 201
    assert answer.json() == {"email": "a@example.com", "country": "IN", "email_verified": False}
    assert login("a@example.com").status_code == 200
    assert kinds() == ["registered", "signed_in"]


def test_the_password_is_kept_as_bcrypt_over_sha256(api: APIClient) -> None:
    api.post(REGISTER, {"email": "a@example.com", "password": PASSWORD})

    assert User.objects.get().password.startswith("bcrypt_sha256$$2b$")


def test_registering_a_taken_address_answers_like_a_free_one_and_changes_nothing(
    api: APIClient, hashes: list[str]
) -> None:
    free = {"email": "free@example.com", "password": PASSWORD, "country": "IN"}
    taken = free | {"email": UserFactory().email}
    hashes.clear()
    with queries() as for_free:
        first = api.post(REGISTER, free)
    with unchanged(), queries() as for_taken:
        second = api.post(REGISTER, taken)

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() | {"email": taken["email"]} == second.json()
    assert abs(len(for_free) - len(for_taken)) <= 1
    assert len(hashes) == 2


def test_the_owner_of_a_taken_address_is_told_by_mail(api: APIClient, viewer: User) -> None:
    api.post(REGISTER, {"email": viewer.email, "password": PASSWORD})
    work()

    assert [(one.to, one.subject) for one in mail.outbox] == [([viewer.email], "You already have an account")]


@pytest.mark.parametrize(
    "spelling",
    ["Someone@Example.COM", " someone@example.com ", "ſomeone@example.com", "someone@ｅxample.com"],  # noqa: RUF001
)
def test_one_mailbox_is_one_account_however_it_is_spelt(api: APIClient, spelling: str) -> None:
    api.post(REGISTER, {"email": "someone@example.com", "password": PASSWORD})
    answer = api.post(REGISTER, {"email": spelling, "password": PASSWORD})

    assert answer.status_code == 201, answer.content
    assert answer.json()["email"] == "someone@example.com"
    assert User.objects.count() == 1
    assert login(spelling).status_code == 200


def test_an_address_that_grows_beyond_the_column_when_normalised_is_refused(api: APIClient) -> None:
    grows = "a@" + ".".join(["ﬃ" * 21] * 11)

    for path, body in ((REGISTER, {"password": PASSWORD}), (f"{V1}/auth/password/reset", {})):
        refused_field(api.post(path, {"email": grows, **body}), "email")
    assert not User.objects.exists()


def test_the_database_itself_refuses_a_second_spelling(viewer: User) -> None:
    with pytest.raises(IntegrityError, match="email_is_lower_case"):
        User.objects.create(email=viewer.email.upper())

    with pytest.raises(IntegrityError, match="unique"):
        User.objects.create(email=viewer.email)


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        ({"email": "a@example.com", "password": "short"}, "password", "min_length"),
        ({"email": "a@example.com", "password": "password123"}, "password", "password_too_common"),
        ({"email": "longname77@example.com", "password": "longname77"}, "password", "password_too_similar"),
        ({"email": "a@example.com", "password": "x" * 129}, "password", "max_length"),
        ({"email": "nobody", "password": PASSWORD}, "email", "invalid"),
        ({"password": PASSWORD}, "email", "required"),
        ({"email": "a@example.com", "password": PASSWORD, "country": "in"}, "country", "invalid"),
        ({"email": "a@example.com", "password": PASSWORD, "country": "IN\n"}, "country", ""),
        ({"email": "a@example.com", "password": PASSWORD, "is_staff": True}, "is_staff", "unknown_field"),
    ],
)
def test_what_is_not_good_enough_is_refused_with_its_field(
    api: APIClient, body: dict[str, Any], path: str, code: str
) -> None:
    answer = api.post(REGISTER, body)

    if body.get("country") == "IN\n":
        # Surrounding space is trimmed, as in every text.
        assert answer.status_code == 201
        return
    refused_field(answer, path, code)
    assert not User.objects.exists()


def test_an_idempotency_key_leaves_no_hash_by_which_a_password_could_be_searched(api: APIClient) -> None:
    body = {"email": "a@example.com", "password": PASSWORD}
    api.post(REGISTER, body, HTTP_IDEMPOTENCY_KEY="k")

    plain = hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()
    assert IdempotentAnswer.objects.get().body_sha256 != plain


@pytest.mark.usefixtures("still_clock")
def test_sign_ups_are_limited_for_each_client(api: APIClient) -> None:
    for n in range(10):
        assert api.post(REGISTER, {"email": f"a{n}@example.com", "password": PASSWORD}).status_code == 201
    with unchanged():
        refusal = api.post(REGISTER, {"email": "one.more@example.com", "password": PASSWORD})

    refused(refusal, 429, "throttled")
    assert 0 < int(refusal["Retry-After"]) <= 3600
    elsewhere = api.post(REGISTER, {"email": "b@example.com", "password": PASSWORD}, REMOTE_ADDR="192.0.2.7")
    assert elsewhere.status_code == 201


@pytest.mark.parametrize("known", [True, False])
def test_a_failed_sign_in_costs_one_hash_whether_or_not_the_account_exists(
    viewer: User, hashes: list[str], known: bool
) -> None:
    with unchanged(), queries() as asked:
        answer = login(viewer.email if known else "nobody@example.com", "wrong")

    refused(answer, 401, "not_authenticated")
    assert answer.json()["detail"] == "The e-mail or the password is wrong."
    assert len(hashes) == 1
    assert len([one for one in asked if "accounts_" in one["sql"]]) == 2


def test_a_shut_account_is_refused_like_a_wrong_password(viewer: User, hashes: list[str]) -> None:
    User.objects.update(is_active=False)
    wrong = login(viewer.email, "wrong").json()
    right = login(viewer.email).json()

    assert right | {"request_id": ""} == wrong | {"request_id": ""}
    assert len(hashes) == 2


def test_asking_for_a_reset_does_not_tell_whether_the_account_exists(api: APIClient, viewer: User) -> None:
    path = f"{V1}/auth/password/reset"
    with queries() as for_known:
        known = api.post(path, {"email": viewer.email})
    with queries() as for_unknown:
        unknown = api.post(path, {"email": "nobody@example.com"})

    assert (known.status_code, known.content) == (unknown.status_code, unknown.content) == (202, b"")
    assert abs(len(for_known) - len(for_unknown)) <= 1
    work()
    assert [one.to for one in mail.outbox] == [[viewer.email]]


def test_login_ignores_what_the_client_says_about_itself(api: APIClient) -> None:
    refused_field(
        api.post(LOGIN, {"email": "a@example.com", "password": "x", "user_id": 1}), "user_id", "unknown_field"
    )
