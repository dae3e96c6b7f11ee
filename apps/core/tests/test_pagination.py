"""Lists are paged by cursors that hold still while rows come and go."""

from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core import signing
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from apps.core.models import IdempotentAnswer
from apps.core.tests.problems import assert_problem, paths_of

pytestmark = [pytest.mark.urls("apps.core.tests.routes"), pytest.mark.django_db]
LIST = "/api/v1/test/answers"


def add(*keys: str, at: Any = None) -> None:
    """Rows in the order of `keys`, the last one the newest; all at once when `at` is given."""
    for n, key in enumerate(keys):
        row = IdempotentAnswer.objects.create(scope="s", route="r", key=key, body_sha256="", status=200)
        created_at = at or timezone.now() + timedelta(seconds=n)
        IdempotentAnswer.objects.filter(pk=row.pk).update(created_at=created_at)


def keys(page: dict[str, Any]) -> str:
    return "".join(row["key"] for row in page["results"])


def walk(api: APIClient, url: str | None, link: str = "next") -> list[str]:
    found = []
    while url:
        page = api.get(url).json()
        assert set(page) == {"next", "previous", "results"}
        found.append(keys(page))
        url = page[link]
    return found


def cursor_of(url: str) -> str:
    return parse_qs(urlsplit(url).query)["cursor"][0]


def test_an_empty_list_is_one_page(api: APIClient) -> None:
    assert api.get(LIST).json() == {"next": None, "previous": None, "results": []}


def test_all_rows_come_once_each_forwards_and_backwards(api: APIClient) -> None:
    add(*"abcdefg")

    assert walk(api, f"{LIST}?page_size=3") == ["gfe", "dcb", "a"]

    page = api.get(f"{LIST}?page_size=3").json()
    last = api.get(api.get(page["next"]).json()["next"]).json()
    assert walk(api, last["previous"], "previous") == ["dcb", "gfe"]


def test_rows_of_one_moment_come_once_each(api: APIClient) -> None:
    add(*"abcdefg", at=timezone.now())

    assert "".join(sorted("".join(walk(api, f"{LIST}?page_size=2")))) == "abcdefg"


def test_a_row_that_is_added_meanwhile_shifts_nothing(api: APIClient) -> None:
    add(*"abcdef")
    page = api.get(f"{LIST}?page_size=2").json()

    add("z", at=timezone.now() + timedelta(hours=1))

    assert keys(page) == "fe"
    assert walk(api, page["next"]) == ["dc", "ba"]


def test_a_row_that_is_deleted_meanwhile_skips_nothing(api: APIClient) -> None:
    add(*"abcdef")
    page = api.get(f"{LIST}?page_size=2").json()

    IdempotentAnswer.objects.filter(key__in="fe").delete()

    assert walk(api, page["next"]) == ["dc", "ba"]


def test_a_page_is_of_20_unless_asked_and_of_100_at_most(api: APIClient) -> None:
    add(*(f"{n:03}" for n in range(101)))

    assert len(api.get(LIST).json()["results"]) == 20
    assert len(api.get(f"{LIST}?page_size=100").json()["results"]) == 100
    assert len(api.get(f"{LIST}?page_size=1").json()["results"]) == 1


@pytest.mark.parametrize(
    "size",
    [
        "",
        "0",
        "-1",
        "101",
        "1000",
        "1e2",
        "10.0",
        "ten",
        " 5",
        "5 ",
        "٣",
        "²",
        "%00",
        "0000000099999",
        "9" * 5000,
        "1%0a",
        "0x10",
        "true",
    ],
)
def test_a_page_size_out_of_bounds_is_400(api: APIClient, size: str) -> None:
    problem = assert_problem(api.get(f"{LIST}?page_size={size}"), 400, "validation_error")

    assert paths_of(problem) == {"page_size": "invalid"}


def forged(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "=",
        "%00",
        "%ff",
        "ü",
        "🎬",
        "a" * 5000,
        forged("o=0&r=0&p=2026"),
        forged("p=:x"),
        forged("o=-1:sig"),
        forged(signing.Signer(salt="other").sign("p=1")),
        forged(signing.Signer(salt="cursor").sign("o=0")),
        "....",
        "../../etc/passwd",
        "{}",
        "cD0yMDI2",
    ],
)
def test_a_cursor_that_is_not_ours_is_400(api: APIClient, cursor: str) -> None:
    problem = assert_problem(api.get(f"{LIST}?cursor={cursor}"), 400, "validation_error")

    assert paths_of(problem) == {"cursor": "invalid"}


def test_a_cursor_with_any_one_character_changed_is_400(api: APIClient) -> None:
    add(*"abc")
    cursor = cursor_of(api.get(f"{LIST}?page_size=1").json()["next"])

    for n, char in enumerate(cursor):
        other = "B" if char == "A" else "A"
        tampered = cursor[:n] + other + cursor[n + 1 :]
        assert api.get(LIST, {"cursor": tampered}).status_code == 400, n
    for tampered in (cursor + "A", cursor + "!", "!" + cursor, cursor + "=", cursor[:-1], cursor + "\n"):
        assert api.get(LIST, {"cursor": tampered}).status_code == 400, tampered


def test_a_cursor_of_another_list_is_400(api: APIClient) -> None:
    add(*"abc")
    cursor = cursor_of(api.get(f"{LIST}?page_size=1").json()["next"])

    response = api.get("/api/v1/test/answers-by-status", {"cursor": cursor})

    assert_problem(response, 400, "validation_error")


def test_the_next_link_keeps_the_page_size(api: APIClient) -> None:
    add(*"abc")

    assert "page_size=2" in api.get(f"{LIST}?page_size=2").json()["next"]


@given(cursor=st.text(max_size=60), size=st.text(max_size=6))
def test_no_parameters_at_all_make_a_server_error(cursor: str, size: str) -> None:
    response = APIClient(raise_request_exception=False).get(LIST, {"cursor": cursor, "page_size": size})

    assert response.status_code in {200, 400}
