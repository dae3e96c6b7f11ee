"""Storms against the real servers: what must happen once happens once, in whatever order requests arrive."""

import random
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from time import sleep
from typing import Any, TypeVar

import pytest
from django.db import connection
from rest_framework.test import APIClient

from apps.accounts import hashing
from apps.accounts.models import MailToken, Profile, SecurityEvent, Session, User
from apps.accounts.services import registration

from .factories import PASSWORD, ProfileFactory
from .steps import LOGIN, REGISTER, V1, SignIn, alive, bearer, grant, kinds, login, refused, select, use

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("no_limits", "roomy_pool"),
    # One storm at a time: each holds a database connection for every thread.
    pytest.mark.xdist_group("storms"),
]
ROUNDS = 4
T = TypeVar("T")


@pytest.fixture
def dice() -> random.Random:
    seed = random.randrange(10**9)  # noqa: S311 not for secrets
    # Shown when the test fails.
    print(f"seed {seed}")  # noqa: T201
    return random.Random(seed)  # noqa: S311 not for secrets


def together(calls: Iterable[Callable[[], T]], dice: random.Random, spread_s: float = 0.003) -> list[T]:
    """Run all of them at the same time, each with a tiny delay of its own; their results in order."""
    calls = list(calls)
    delays = [dice.uniform(0, spread_s) for _ in calls]
    barrier = Barrier(len(calls))

    def run(call: Callable[[], T], delay: float) -> T:
        try:
            # A thread's first query dials; the storm begins once all have dialled.
            connection.ensure_connection()
            barrier.wait(20)
            sleep(delay)
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls, delays))


def statuses(answers: Iterable[Any]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_one_device_that_refreshes_twenty_times_at_once_gets_one_successor(
    viewer: User, dice: random.Random, round_: int
) -> None:
    token = grant(viewer, HTTP_USER_AGENT="television")["refresh"]
    for _ in range(3):
        answers = together([partial(use, token)] * 20, dice)
        assert statuses(answers) == {200: 20}
        successors = {answer.json()["refresh"] for answer in answers}
        assert len(successors) == 1
        token = successors.pop()

    assert Session.objects.get().generation == 4
    assert use(token).status_code == 200
    assert "refresh_reused" not in kinds(viewer)


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_twenty_devices_with_one_refresh_token_get_one_successor_and_end_the_family(
    viewer: User, dice: random.Random, round_: int
) -> None:
    first = grant(viewer)
    answers = together([partial(use, first["refresh"], f"device {n}") for n in range(20)], dice)

    # Somebody is first; nobody else is that device, so the second one there ends everything.
    assert statuses(answers) == {200: 1, 401: 19}
    won = next(answer.json() for answer in answers if answer.status_code == 200)
    assert not alive(bearer(won["access"]))
    assert not alive(bearer(first["access"]))
    assert use(won["refresh"]).status_code == 401
    assert Session.objects.get().revoked_because == "refresh_reused"
    assert kinds(viewer).count("refresh_reused") == 1


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_a_token_of_two_devices_has_at_most_one_successor(
    viewer: User, dice: random.Random, round_: int
) -> None:
    first = grant(viewer)
    agents = [dice.choice(["television", "thief"]) for _ in range(20)]
    answers = together([partial(use, first["refresh"], agent) for agent in agents], dice)
    successors = {answer.json()["refresh"] for answer in answers if answer.status_code == 200}

    assert set(statuses(answers)) <= {200, 401}
    assert len(successors) == 1
    if len(set(agents)) == 2:
        assert use(successors.pop(), agents[0]).status_code == 401


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_signing_out_wins_over_every_refresh_under_way(
    viewer: User, dice: random.Random, round_: int
) -> None:
    tokens = grant(viewer)
    client = bearer(tokens["access"])
    calls = [lambda: use(tokens["refresh"])] * 10 + [lambda: client.post(f"{V1}/auth/logout")] * 3
    dice.shuffle(calls)
    answers = together(calls, dice)

    assert set(statuses(answers)) <= {200, 204, 401}
    for answer in answers:
        if answer.status_code == 200:
            assert not alive(bearer(answer.json()["access"]))
            assert use(answer.json()["refresh"]).status_code == 401
    assert kinds(viewer).count("signed_out") == 1


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_no_sign_in_with_the_old_password_outlives_its_change(
    viewer: User, dice: random.Random, round_: int
) -> None:
    owner = bearer(grant(viewer)["access"])
    body = {"current_password": PASSWORD, "new_password": "a completely new phrase"}
    calls: list[Callable[[], Any]] = [lambda: login(viewer.email)] * 12
    calls.insert(dice.randrange(12), lambda: owner.post(f"{V1}/auth/password/change", body))
    answers = together(calls, dice, spread_s=0.02)
    granted = [answer.json() for answer in answers if answer.status_code == 200]

    assert set(statuses(answers)) <= {200, 204, 401, 503}
    assert statuses(answers)[204] == 1
    assert [one for one in granted if alive(bearer(one["access"]))] == []
    assert [use(one["refresh"]).status_code for one in granted] == [401] * len(granted)
    assert alive(owner)


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_of_twenty_profiles_at_once_five_are_made(
    sign_in: SignIn, viewer: User, dice: random.Random, round_: int
) -> None:
    client = sign_in(viewer)
    answers = together(
        [partial(client.post, f"{V1}/profiles", {"name": f"Profile {n}"}) for n in range(20)], dice
    )

    assert statuses(answers) == {201: 5, 409: 15}
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"profile_limit"}
    assert sorted(Profile.objects.values_list("slot", flat=True)) == [1, 2, 3, 4, 5]


def test_making_and_deleting_at_random_never_passes_five_nor_fails(
    sign_in: SignIn, viewer: User, dice: random.Random
) -> None:
    client = sign_in(viewer)

    def one() -> set[int]:
        mine = random.Random(dice.random())  # noqa: S311 not for secrets
        seen = set()
        for _ in range(6):
            profile = mine.choice([None, *Profile.objects.all()])
            if profile is None:
                answer = client.post(f"{V1}/profiles", {"name": "x"})
            elif mine.random() < 0.5:
                answer = client.delete(f"{V1}/profiles/{profile.public_id}")
            elif mine.random() < 0.5:
                answer = select(client, profile)
            else:
                answer = client.patch(
                    f"{V1}/profiles/{profile.public_id}", {"kid": mine.random() < 0.2, "password": PASSWORD}
                )
            seen.add(answer.status_code)
            assert Profile.objects.count() <= 5
        return seen

    seen = set().union(*together([one] * 10, dice))
    # 401 and 403: a child's profile may hold the device by now, or was deleted with it.
    assert seen <= {200, 201, 204, 401, 403, 404, 409}


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every PIN or password that was really hashed and compared."""
    done: list[str] = []
    verify = hashing.BoundedBCryptSHA256Hasher.verify

    def counted(self: Any, password: str, encoded: str) -> bool:
        done.append(password)
        return verify(self, password, encoded)

    monkeypatch.setattr(hashing.BoundedBCryptSHA256Hasher, "verify", counted)
    return done


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_of_sixty_guesses_at_once_at_most_five_are_looked_at(
    sign_in: SignIn, viewer: User, dice: random.Random, compared: list[str], round_: int
) -> None:
    profile = ProfileFactory(account=viewer, pin="1234")
    client = sign_in(viewer)
    compared.clear()
    wrong = dice.sample([f"{n:04}" for n in range(10_000) if n != 1234], 60)
    answers = together([partial(select, client, profile, pin=pin) for pin in wrong], dice)

    assert statuses(answers) == {403: 5, 429: 55}
    assert len(compared) == 5
    assert set(compared) <= set(wrong)
    assert kinds(viewer).count("pin_wrong") == 5
    refused(select(client, profile, pin="1234"), 429, "pin_locked")


def test_the_right_pin_among_sixty_guesses_does_not_make_more_of_them_count_for_nothing(
    sign_in: SignIn, viewer: User, dice: random.Random, compared: list[str]
) -> None:
    profile = ProfileFactory(account=viewer, pin="1234")
    client = sign_in(viewer)
    compared.clear()
    guesses = [f"{n:04}" for n in dice.sample(range(2000, 9999), 59)] + ["1234"]
    dice.shuffle(guesses)
    answers = together([partial(select, client, profile, pin=pin) for pin in guesses], dice)
    profile.refresh_from_db()
    wrong = kinds(viewer).count("pin_wrong")

    # Each stay of the owner's gives at most five new tries; the day's account loses none of the wrong ones.
    assert set(statuses(answers)) <= {200, 403, 429}
    assert len(compared) == wrong + statuses(answers)[200] <= 11
    assert profile.pin_failures_today == wrong


@pytest.mark.parametrize("path", ["/auth/email/verify", "/auth/password/reset/confirm"])
@pytest.mark.parametrize("round_", range(ROUNDS))
def test_a_mailed_link_works_for_one_of_ten(
    viewer: User, dice: random.Random, path: str, round_: int
) -> None:
    purpose = MailToken.Purpose.VERIFY if "verify" in path else MailToken.Purpose.RESET
    body = {"token": registration.issue_mail_token(viewer, purpose, viewer.email)}
    if purpose == MailToken.Purpose.RESET:
        body["password"] = "a completely new phrase"
    answers = together([lambda: APIClient().post(f"{V1}{path}", body)] * 10, dice)

    assert statuses(answers) == {204: 1, 400: 9}
    assert kinds(viewer) in (["email_verified"], ["session_revoked", "password_reset"])


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_one_address_wanted_by_many_accounts_goes_to_one(dice: random.Random, round_: int) -> None:
    users = [
        User.objects.create_user(f"a{n}@example.com", None, pending_email="wanted@example.com")
        for n in range(8)
    ]
    tokens = [
        registration.issue_mail_token(user, MailToken.Purpose.VERIFY, "wanted@example.com") for user in users
    ]
    answers = together(
        [partial(APIClient().post, f"{V1}/auth/email/verify", {"token": token}) for token in tokens],
        dice,
    )

    assert statuses(answers) == {204: 1, 400: 7}
    assert User.objects.filter(email="wanted@example.com").count() == 1


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_one_idempotency_key_makes_one_profile_and_one_answer(
    sign_in: SignIn, viewer: User, dice: random.Random, round_: int
) -> None:
    client = sign_in(viewer)
    key = f"{dice.random()}"
    answers = together(
        [lambda: client.post(f"{V1}/profiles", {"name": "Asha"}, HTTP_IDEMPOTENCY_KEY=key)] * 20, dice
    )

    assert statuses(answers) == {201: 20}
    assert all(answer.json() == answers[0].json() for answer in answers)
    assert sum("Idempotent-Replay" not in answer for answer in answers) == 1
    assert Profile.objects.count() == 1


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_ten_people_who_register_one_address_at_once_make_one_account(
    dice: random.Random, round_: int
) -> None:
    spellings = [dice.choice(["a@example.com", "A@Example.com", " a@EXAMPLE.com "]) for _ in range(10)]
    answers = together(
        [partial(APIClient().post, REGISTER, {"email": email, "password": PASSWORD}) for email in spellings],
        dice,
    )

    assert statuses(answers) == {201: 10}
    assert len({answer.content for answer in answers}) == 1
    assert User.objects.count() == 1
    assert kinds() == ["registered"]


def test_sign_ins_at_once_each_get_a_session_of_their_own(viewer: User, dice: random.Random) -> None:
    body = {"email": viewer.email, "password": PASSWORD}
    answers = together([lambda: APIClient().post(LOGIN, body)] * 20, dice)

    assert statuses(answers) == {200: 20}
    assert len({answer.json()["refresh"] for answer in answers}) == 20
    assert Session.objects.count() == SecurityEvent.objects.filter(kind="signed_in").count() == 20


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_an_erasure_among_other_requests_leaves_nothing_open(
    sign_in: SignIn, viewer: User, dice: random.Random, round_: int
) -> None:
    client = sign_in(viewer)
    calls: list[Callable[[], Any]] = [
        *[lambda: client.delete(f"{V1}/account", {"password": PASSWORD})] * 3,
        *[lambda: login(viewer.email)] * 5,
        *[lambda: client.post(f"{V1}/profiles", {"name": "x"})] * 3,
        *[lambda: client.get(f"{V1}/account/export")] * 3,
    ]
    dice.shuffle(calls)
    answers = together(calls, dice, spread_s=0.01)

    assert set(statuses(answers)) <= {200, 201, 202, 401, 503}
    assert not Session.objects.filter(revoked_at=None).exists()
    assert viewer.data_requests.filter(kind="erase").count() == 1
