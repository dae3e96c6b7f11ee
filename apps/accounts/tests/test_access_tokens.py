import base64
import json
import time
from datetime import timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from apps.accounts.models import Profile, Session, User

from .factories import PASSWORD, ProfileFactory
from .steps import V1, SignIn, alive, bearer, forget_redis, grant, refused

pytestmark = pytest.mark.django_db(transaction=True)
KEY = settings.JWT_SIGNING_KEY


@pytest.fixture
def claims(viewer: User) -> dict[str, Any]:
    """Those of a good token."""
    return read(grant(viewer)["access"])


def read(token: str) -> dict[str, Any]:
    return jwt.decode(token, KEY, algorithms=["HS256"], audience="ottsite-api")


def answer_to(token: str) -> Any:
    return bearer(token).get(f"{V1}/account")


def test_an_access_token_says_what_it_must_and_nothing_of_the_person(
    viewer: User, claims: dict[str, Any]
) -> None:
    assert set(claims) == {"token_type", "exp", "iat", "jti", "sub", "sid", "aud", "iss"}
    assert claims["exp"] - claims["iat"] == 15 * 60
    assert claims["sub"] == str(viewer.public_id)
    assert claims["sid"] == str(Session.objects.get().public_id)
    assert answer_to(jwt.encode(claims, KEY, "HS256")).status_code == 200


def test_it_is_signed_with_a_key_of_its_own() -> None:
    assert len({settings.SECRET_KEY, settings.JWT_SIGNING_KEY, *settings.REFRESH_TOKEN_KEYS}) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "somebody-else"},
        {"aud": None},
        {"iss": "somebody-else"},
        {"token_type": "refresh"},
        {"token_type": None},
        {"jti": None},
        {"exp": None},
        {"exp": "tomorrow"},
        {"iat": 10**10},
        {"nbf": 10**10},
        {"sid": None},
        {"sid": "garbage"},
        {"sid": 5},
        {"sid": ["x"]},
        {"sid": "\x00"},
        {"sub": None},
        {"sub": "garbage"},
        {"sub": str(2**70)},
        {"pid": "garbage"},
        {"pid": {"a": 1}},
    ],
)
def test_a_token_with_a_wrong_claim_is_refused_even_under_our_key(
    claims: dict[str, Any], change: dict[str, Any]
) -> None:
    wrong = {name: value for name, value in (claims | change).items() if value is not None}

    refused(answer_to(jwt.encode(wrong, KEY, "HS256")), 401, "not_authenticated")


def test_other_algorithms_and_keys_are_refused(claims: dict[str, Any]) -> None:
    def part(data: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()

    good = jwt.encode(claims, KEY, "HS256")
    forged = [
        f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims)}.",
        f"{part({'alg': 'NONE'})}.{part(claims)}.{good.rpartition('.')[2]}",
        f"{part({'alg': 'HS256'})}.{part(claims)}.",
        jwt.encode(claims, KEY, "HS512"),
        jwt.encode(claims, settings.SECRET_KEY, "HS256"),
        jwt.encode(claims, settings.REFRESH_TOKEN_KEYS[0], "HS256"),
        good[:-2],
        good + ".x",
    ]
    for token in forged:
        refused(answer_to(token), 401, "not_authenticated")


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer a b", "Bearer ä", "Basic YTpi", "bearer\tx"]
)
def test_a_header_that_holds_no_token_is_401(viewer: User, header: str) -> None:
    client = bearer("")
    client.credentials(HTTP_AUTHORIZATION=header)
    answer = client.get(f"{V1}/account")

    refused(answer, 401, "not_authenticated")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_an_expired_token_has_a_code_of_its_own_after_the_leeway(viewer: User) -> None:
    client = bearer(grant(viewer)["access"])
    with time_machine.travel(timezone.now() + timedelta(minutes=15, seconds=25)):
        assert alive(client)
    with time_machine.travel(timezone.now() + timedelta(minutes=15, seconds=35)):
        answer = client.get(f"{V1}/account")

    refused(answer, 401, "token_expired")


def test_a_clock_half_a_minute_ahead_is_forgiven(claims: dict[str, Any]) -> None:
    def issued_in(seconds: int) -> str:
        return jwt.encode(claims | {"iat": int(time.time()) + seconds}, KEY, "HS256")

    assert answer_to(issued_in(25)).status_code == 200
    refused(answer_to(issued_in(45)), 401, "not_authenticated")


def test_the_two_tokens_cannot_stand_in_for_each_other(viewer: User) -> None:
    tokens = grant(viewer)

    refused(answer_to(tokens["refresh"]), 401, "not_authenticated")
    refused(
        bearer("").post(f"{V1}/auth/refresh", {"refresh": tokens["access"][:200]}), 401, "not_authenticated"
    )


def test_a_good_signature_opens_nothing_without_its_session(claims: dict[str, Any]) -> None:
    refused(answer_to(jwt.encode(claims | {"sid": str(uuid4())}, KEY, "HS256")), 401, "token_expired")


def test_a_profile_of_another_account_opens_nothing(claims: dict[str, Any], profile: Profile) -> None:
    stranger = ProfileFactory()
    ours = jwt.encode(claims | {"pid": str(profile.public_id)}, KEY, "HS256")
    theirs = jwt.encode(claims | {"pid": str(stranger.public_id)}, KEY, "HS256")

    assert answer_to(ours).status_code == 200
    refused(answer_to(theirs), 401, "token_expired")


def test_a_stale_token_does_not_stand_in_the_way_of_signing_in(viewer: User) -> None:
    client = bearer("garbage")
    answer = client.post(f"{V1}/auth/login", {"email": viewer.email, "password": PASSWORD})

    assert answer.status_code == 200


@pytest.mark.usefixtures("still_clock")
def test_requests_of_one_session_are_limited_together_and_others_are_not(
    settings: Any, sign_in: SignIn, viewer: User
) -> None:
    first, second = sign_in(viewer), sign_in(viewer)
    settings.RATE_LIMIT_DEFAULT = "3/m"

    assert [first.get(f"{V1}/account").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert second.get(f"{V1}/account").status_code == 200


def test_a_request_needs_no_database_while_the_state_of_its_session_is_remembered(
    viewer: User, django_assert_num_queries: Any
) -> None:
    client = bearer(grant(viewer)["access"])
    alive(client)
    with django_assert_num_queries(1):
        assert alive(client)

    forget_redis()
    with django_assert_num_queries(2):
        assert alive(client)


def test_last_seen_moves_once_a_minute(viewer: User) -> None:
    client = bearer(grant(viewer)["access"])
    alive(client)
    first = Session.objects.get().last_seen_at
    with time_machine.travel(timezone.now() + timedelta(seconds=90)):
        forget_redis()
        alive(client)

    assert 89 < (Session.objects.get().last_seen_at - first).total_seconds() < 95
