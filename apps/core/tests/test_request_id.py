"""Every request has an id, in and out, and a budget."""

import re
from typing import Any

import pytest
from django.test import Client

from apps.core.tests.problems import assert_problem

OURS = re.compile(r"[0-9a-f]{32}")


@pytest.mark.parametrize("given", ["abcd1234", "a.b:c-d_e" * 7, "01890a5d-ac96-774b-bcce-b302099a8057"])
def test_a_callers_request_id_is_kept(given: str) -> None:
    response = Client().get("/healthz", headers={"X-Request-ID": given})

    assert response["X-Request-ID"] == given


@pytest.mark.parametrize(
    "given",
    [
        "",
        "short",
        "x" * 65,
        "abcd 1234",
        "abcd1234\n",
        "abcd1234\r\nSet-Cookie: a=b",
        '{"a": "b"}',
        "äbcdefgh",
        "<script>alert(1)</script>",
        "abcd1234\x00",
    ],
)
def test_a_bad_request_id_is_replaced(given: str) -> None:
    response = Client().get("/healthz", HTTP_X_REQUEST_ID=given)

    assert OURS.fullmatch(response["X-Request-ID"])


def test_two_requests_have_two_ids() -> None:
    client = Client()

    assert client.get("/healthz")["X-Request-ID"] != client.get("/healthz")["X-Request-ID"]


@pytest.mark.parametrize(
    "path", ["/", "/healthz", "/nothing", "/api/nothing", "/admin/login/", "/static/none.css"]
)
def test_every_answer_has_an_id(db: None, path: str) -> None:
    assert OURS.fullmatch(Client().get(path)["X-Request-ID"])


def test_a_problem_names_the_request() -> None:
    response = Client().get("/api/nothing", headers={"X-Request-ID": "from-the-caller"})

    body: Any = assert_problem(response, 404)
    assert body["request_id"] == "from-the-caller"
