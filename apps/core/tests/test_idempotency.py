"""`Idempotency-Key`: a POST that is repeated happens once."""

import threading
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.core import idempotency
from apps.core.models import IdempotentAnswer
from apps.core.tests.problems import assert_problem, paths_of
from conftest import SignIn

pytestmark = [pytest.mark.urls("apps.core.tests.routes"), pytest.mark.django_db]
GROUPS = "/api/v1/test/groups"


def create(api: APIClient, name: str, key: str | None, path: str = GROUPS, **headers: str) -> Any:
    given = headers if key is None else {"Idempotency-Key": key, **headers}
    return api.post(path, {"name": name}, headers=given)


def test_the_same_request_gets_the_same_answer_and_happens_once(api: APIClient) -> None:
    first = create(api, "a", "k1")
    again = create(api, "a", "k1")

    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert "Idempotent-Replay" not in first
    assert again["Idempotent-Replay"] == "true"
    assert Group.objects.count() == 1


def test_the_order_of_the_members_does_not_make_another_body(api: APIClient) -> None:
    one = api.generic(
        "POST", GROUPS, '{"name": "a", "x": 1}', "application/json", headers={"Idempotency-Key": "k"}
    )
    two = api.generic(
        "POST", GROUPS, '{"x":1,"name":"a"}', "application/json", headers={"Idempotency-Key": "k"}
    )

    assert one.content == two.content


def test_another_body_with_the_key_is_422_and_nothing_happens(api: APIClient) -> None:
    create(api, "a", "k1")

    assert_problem(create(api, "b", "k1"), 422, "idempotency_mismatch")
    assert list(Group.objects.values_list("name", flat=True)) == ["a"]


def test_another_key_is_another_request(api: APIClient) -> None:
    create(api, "a", "k1")

    assert create(api, "b", "k2").json()["name"] == "b"


def test_without_a_key_nothing_is_remembered(api: APIClient) -> None:
    create(api, "a", None)
    create(api, "b", None)

    assert Group.objects.count() == 2
    assert not IdempotentAnswer.objects.exists()


def test_a_key_counts_for_one_route(api: APIClient) -> None:
    create(api, "a", "k1")

    for n in range(2):
        assert create(api, f"b{n}", "k1", f"{GROUPS}/{uuid4()}").status_code == 201


def test_a_key_counts_for_one_account(sign_in: SignIn, viewer: User, django_user_model: Any) -> None:
    from apps.accounts.tests.factories import UserFactory

    alice, bob = sign_in(viewer), sign_in(UserFactory())

    assert create(alice, "a", "k1").json()["name"] == "a"
    assert create(bob, "b", "k1").json()["name"] == "b"
    assert create(sign_in(viewer), "a", "k1")["Idempotent-Replay"] == "true"


def test_an_anonymous_key_counts_for_one_address(api: APIClient) -> None:
    create(api, "a", "k1")
    elsewhere = APIClient(REMOTE_ADDR="203.0.113.9")

    assert create(elsewhere, "b", "k1").json()["name"] == "b"


def test_a_refusal_is_not_kept_and_leaves_nothing(api: APIClient) -> None:
    assert_problem(create(api, "refused", "k1"), 409)

    assert not Group.objects.exists()
    assert not IdempotentAnswer.objects.exists()
    assert create(api, "a", "k1").status_code == 201


def test_a_key_is_good_for_24_hours(api: APIClient) -> None:
    now = timezone.now()
    create(api, "a", "k1")

    with time_machine.travel(now + timedelta(hours=23, minutes=59)):
        assert create(api, "a", "k1")["Idempotent-Replay"] == "true"
        assert create(api, "b", "k1").status_code == 422
    with time_machine.travel(now + timedelta(hours=24, minutes=1)):
        assert create(api, "b", "k1").status_code == 201
    assert Group.objects.count() == 2


def test_old_answers_are_forgotten(api: APIClient) -> None:
    create(api, "a", "k1")
    with time_machine.travel(timezone.now() + timedelta(hours=20)):
        create(api, "b", "k2")

    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert idempotency.forget_old_answers() == 1

    assert IdempotentAnswer.objects.get().key == "k2"


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "a\x7fb", "ä", "\x00", "🎬"])
def test_a_key_of_the_wrong_shape_is_400(api: APIClient, key: str) -> None:
    response = api.post(GROUPS, {"name": "a"}, HTTP_IDEMPOTENCY_KEY=key)

    assert paths_of(assert_problem(response, 400)) == {"Idempotency-Key": "invalid"}
    assert not Group.objects.exists()


@pytest.mark.parametrize("key", ["x", "x" * 255, "a b", "~", "'; DROP TABLE x; --", "{}", "%00"])
def test_any_printable_ascii_is_a_key(api: APIClient, key: str) -> None:
    assert create(api, "a", key).content == create(api, "a", key).content
    assert Group.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_parallel_requests_with_one_key_one_creates_and_all_get_its_answer() -> None:
    for round_ in range(5):
        answers: list[Any] = []

        def run(name: str = f"g{round_}", into: list[Any] = answers) -> None:
            try:
                into.append(create(APIClient(), name, f"k-{name}"))
            finally:
                connection.close()

        threads = [threading.Thread(target=run) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert Counter(answer.status_code for answer in answers) == {201: 8}
        assert len({answer.content for answer in answers}) == 1
        assert sum("Idempotent-Replay" not in answer for answer in answers) == 1
        assert Group.objects.filter(name=f"g{round_}").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_request_whose_twin_takes_long_is_told_so() -> None:
    started, finish = threading.Event(), threading.Event()

    def hold() -> None:
        from django.db import transaction

        with transaction.atomic():
            IdempotentAnswer.objects.create(
                scope="address:127.0.0.1", route=GROUPS, key="slow", body_sha256=""
            )
            started.set()
            finish.wait(10)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    started.wait(10)
    try:
        response = create(APIClient(), "a", "slow")
    finally:
        finish.set()
        holder.join()

    assert_problem(response, 409, "conflict")
    assert response["Retry-After"] == "1"
    assert not Group.objects.exists()
