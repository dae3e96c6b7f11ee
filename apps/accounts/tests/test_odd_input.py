"""Whatever is sent, the answer is a refusal with a name, never an error of ours."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import Profile, User

from .steps import V1, SignIn, unchanged

pytestmark = pytest.mark.django_db(transaction=True)
COUNTED = ("pin_failures", "pin_failures_today", "pin_day")

FIELDS = {
    "/auth/register": ["email", "password", "country"],
    "/auth/login": ["email", "password", "device_name"],
    "/auth/refresh": ["refresh"],
    "/auth/password/reset": ["email"],
    "/auth/password/reset/confirm": ["token", "password"],
    "/auth/email/verify": ["token"],
    "/auth/password/change": ["current_password", "new_password"],
    "/account": ["email", "country", "password"],
    "/profiles": ["name", "avatar", "language", "maturity", "kid", "pin", "password"],
    "/profiles/{profile}": [
        "name",
        "avatar",
        "language",
        "maturity",
        "kid",
        "pin",
        "current_pin",
        "password",
    ],
    "/profiles/{profile}/select": ["pin", "password"],
}
GOOD = {
    "email": '"a@example.com"', "password": '"correct horse battery"', "country": '"IN"',
    "device_name": '"x"', "refresh": '"x"', "token": '"x"', "current_password": '"wrong"',
    "new_password": '"a completely new phrase"',
    "name": '"x"', "avatar": '"sun"', "language": '"hi"', "maturity": '"U"', "kid": "false", "pin": '"1234"',
    "current_pin": '"1234"',
}  # fmt: skip
VALUES = [
    "null", "true", "[]", "{}", "0", "-1", "1.5", "1e400", "123456789012345678901234567890", '""', '" "',
    '"\\u0000"', '"a\\u0000@example.com"', '"\\ud800"', '"\\ud83d"', '"%00"', '["a@example.com"]', '{"a": 1}',
    '"' + "x" * 5000 + '"', '"\\u202e"', '"é@é.é"', '"a@[127.0.0.1]"', '"\'; DROP TABLE accounts_user; --"',
    "[" * 40 + "]" * 40,
]  # fmt: skip
BODIES = [
    b"", b"null", b"[]", b"[{}]", b'"text"', b"1", b"{", b"{}}", b"\xff\xfe", b"\xef\xbb\xbf{}", b"NaN",
    b'{"": ""}', b'{"\\u0000": 1}', b'{"__proto__": {}}', b"[" * 2000, b"a=b",
]  # fmt: skip


@pytest.fixture
def client(no_limits: None, sign_in: SignIn, viewer: User) -> APIClient:
    return sign_in(viewer)


def send(client: APIClient, path: str, body: bytes, kind: str = "application/json") -> Any:
    patched = path == "/account" or path.endswith("{profile}")
    path = path.format(profile=Profile.objects.get().public_id)
    method = client.patch if patched else client.post
    return method(f"{V1}{path}", body, content_type=kind)


def is_named_refusal(answer: Any) -> bool:
    return 400 <= answer.status_code < 500 and answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("path", FIELDS)
def test_no_value_of_any_field_is_an_error_of_ours(client: APIClient, profile: Profile, path: str) -> None:
    for field in FIELDS[path]:
        for value in VALUES:
            parts = [f'"{name}": {value if name == field else GOOD[name]}' for name in FIELDS[path]]
            answer = send(client, path, ("{" + ", ".join(parts) + "}").encode())
            if answer.status_code >= 400:
                assert is_named_refusal(answer), (field, value, answer.content)
            # Answers to good requests may have changed it.
            Profile.objects.exclude(pk=profile.pk).delete()


@pytest.mark.parametrize("path", FIELDS)
def test_no_body_is_an_error_of_ours(client: APIClient, profile: Profile, path: str) -> None:
    # These two do something also for an empty object.
    harmless = path in {"/account", "/profiles/{profile}", "/profiles/{profile}/select"}
    with unchanged(but=("profile_id", "updated_at")):
        for body in BODIES:
            answer = send(client, path, body)
            assert is_named_refusal(answer) or (harmless and body == b""), (body, answer.content)


@pytest.mark.parametrize("path", FIELDS)
@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "\x7f"]
)
def test_other_kinds_of_body_are_415(client: APIClient, profile: Profile, path: str, kind: str) -> None:
    with unchanged():
        answer = send(client, path, b'{"name": "x"}', kind)

    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("key", ["", "x" * 256, "ключ", "a\x00b", "\x7f"])
def test_an_odd_idempotency_key_is_refused(client: APIClient, key: str) -> None:
    with unchanged():
        answer = client.post(f"{V1}/profiles", {"name": "x"}, HTTP_IDEMPOTENCY_KEY=key)

    assert is_named_refusal(answer)


@pytest.mark.parametrize(
    "query",
    ["page_size=0", "page_size=101", "page_size=-1", "page_size=٣", "page_size=x", "cursor=x", "cursor=%00"],
)
def test_an_odd_page_is_refused(client: APIClient, query: str) -> None:
    for path in ("/auth/sessions", "/profiles"):
        assert is_named_refusal(client.get(f"{V1}{path}?{query}"))


@pytest.mark.parametrize("agent", ["", "\x00\x01", "x" * 5000, "\udcff", "é\r\nX: y", "телевизор"])
def test_an_odd_device_can_sign_in_and_stay(viewer: User, agent: str) -> None:
    client = APIClient(HTTP_USER_AGENT=agent)
    body = {"email": viewer.email, "password": "correct horse battery"}
    first = client.post(f"{V1}/auth/login", body)
    second = client.post(f"{V1}/auth/refresh", {"refresh": first.json()["refresh"]})
    third = client.post(f"{V1}/auth/refresh", {"refresh": first.json()["refresh"]})

    assert (first.status_code, second.status_code) == (200, 200)
    assert third.json()["refresh"] == second.json()["refresh"]


@pytest.mark.parametrize(
    "path", ["/profiles/x", "/profiles/1", "/auth/sessions/%00", "/account/erasures/x", "/auth"]
)
def test_an_odd_address_is_404(client: APIClient, path: str) -> None:
    answer = client.get(f"{V1}{path}")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
