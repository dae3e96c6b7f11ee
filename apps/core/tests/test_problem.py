"""Every kind of failure is a problem document, and says no more than it should."""

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from apps.core.tests import routes
from apps.core.tests.problems import assert_problem, paths_of

pytestmark = [pytest.mark.urls("apps.core.tests.routes"), pytest.mark.django_db]

ANSWERS = [
    ("bug", 500, "internal_error"),
    ("domain", 409, "conflict"),
    ("field", 400, "validation_error"),
    ("busy", 503, "service_unavailable"),
    ("throttled", 429, "throttled"),
    ("denied", 403, "permission_denied"),
    ("django-denied", 403, "permission_denied"),
    ("missing", 404, "not_found"),
    ("suspicious", 400, "validation_error"),
    ("too-big", 413, "payload_too_large"),
    ("hung-up", 400, "validation_error"),
    ("postgres", 503, "service_unavailable"),
    ("postgres-closed", 503, "service_unavailable"),
    ("postgres-deadlock", 409, "conflict"),
    ("redis", 503, "service_unavailable"),
    ("redis-slow", 503, "service_unavailable"),
    ("mongo", 503, "service_unavailable"),
    ("queue", 503, "service_unavailable"),
]


@pytest.fixture(params=[False, True], ids=["production", "debug"])
def client(request: Any, settings: Any) -> Client:
    """One that gets the answer of a view that raises, as a browser would."""
    settings.DEBUG = request.param
    return Client(raise_request_exception=False)


def test_every_kind_of_failure_is_listed() -> None:
    assert {kind for kind, *_ in ANSWERS} == set(routes.RAISES)


@pytest.mark.parametrize(("kind", "status", "code"), ANSWERS)
def test_a_failure_of_an_api_view_is_a_problem(client: Client, kind: str, status: int, code: str) -> None:
    response = client.get(f"/api/v1/test/raise/{kind}")

    assert_problem(response, status, code)
    assert routes.SECRET not in response.content.decode()


@pytest.mark.parametrize("accept", ["text/html", "application/json", "*/*"])
@pytest.mark.parametrize(("kind", "status", "code"), ANSWERS)
def test_a_failure_outside_drf_is_a_problem_too(
    client: Client, kind: str, status: int, code: str, accept: str
) -> None:
    response = client.get(f"/api/v1/test/plain/{kind}", headers={"accept": accept})

    assert_problem(response, status, code)
    assert routes.SECRET not in response.content.decode()


@pytest.mark.parametrize("kind", ["postgres", "redis", "mongo", "queue", "busy"])
def test_a_store_that_is_down_says_when_to_come_back(client: Client, kind: str) -> None:
    for prefix in ("raise", "plain"):
        assert int(client.get(f"/api/v1/test/{prefix}/{kind}")["Retry-After"]) >= 1


def test_a_refusal_carries_its_wait_and_its_extra_members(client: Client) -> None:
    assert client.get("/api/v1/test/raise/busy")["Retry-After"] == "7"
    assert client.get("/api/v1/test/raise/throttled")["Retry-After"] == "9"
    assert client.get("/api/v1/test/raise/domain").json()["tries_left"] == 2
    assert paths_of(client.get("/api/v1/test/raise/field").json()) == {"a.b": "taken"}


def test_a_site_page_without_its_store_is_503_with_a_page(settings: Any) -> None:
    response = Client(raise_request_exception=False).get("/test/plain/postgres")

    assert response.status_code == 503
    assert response["Content-Type"].startswith("text/html")
    assert response["Retry-After"]
    assert routes.SECRET not in response.content.decode()


def test_a_bug_in_a_site_page_shows_nothing_in_production() -> None:
    response = Client(raise_request_exception=False).get("/test/plain/bug")

    assert response.status_code == 500
    assert routes.SECRET not in response.content.decode()
    assert response["X-Request-ID"]


@pytest.mark.parametrize(
    "path",
    ["/api/", "/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v2/titles", "/api/v1/account/", "/api/%00",
     "/api/v1/%ED%A0%80", "/api/v1/profiles/not-a-uuid", "/api//v1", "/api/../admin"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["get", "post", "delete", "options"])
def test_an_unknown_route_is_404_as_a_problem(client: Client, path: str, method: str) -> None:
    assert_problem(getattr(client, method)(path), 404)


def test_an_anonymous_caller_of_a_closed_route_is_401(client: Client) -> None:
    response = client.get("/api/v1/account")

    assert_problem(response, 401, "not_authenticated")
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_a_bad_token_is_401(client: Client) -> None:
    response = client.get("/api/v1/account", headers={"authorization": "Bearer nonsense"})

    assert_problem(response, 401, "not_authenticated")


@pytest.mark.parametrize("method", ["put", "patch", "delete", "get", "trace", "generic"])
def test_a_method_that_a_route_does_not_know_is_405_with_allow(client: Client, method: str) -> None:
    path = "/api/v1/auth/login"
    call = client.generic("BREW", path) if method == "generic" else getattr(client, method)(path)

    assert_problem(call, 405, "method_not_allowed")
    assert set(call["Allow"].split(", ")) == {"POST", "OPTIONS"}


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
             "application/jsonx", "application", "", "text/html, application/json"],
)  # fmt: skip
def test_a_body_that_is_not_json_is_415(api: APIClient, kind: str) -> None:
    response = api.generic("POST", "/api/v1/test/orders", '{"name": "x"}', content_type=kind)

    assert_problem(response, 415)


@pytest.mark.parametrize("kind", ["application/json", "APPLICATION/JSON", "application/json; charset=utf-8"])
def test_json_is_taken_by_any_spelling_of_its_name(api: APIClient, kind: str) -> None:
    response = api.generic("POST", "/api/v1/test/orders", '{"name": "x"}', content_type=kind)

    assert response.status_code == 201


def test_a_client_that_asks_for_html_gets_json(api: APIClient) -> None:
    response = api.post("/api/v1/test/orders", {"name": "x"}, headers={"accept": "text/html"})

    assert response["Content-Type"] == "application/json"


@pytest.mark.parametrize("path", ["/api/docs/", "/api/schema/"])
@pytest.mark.parametrize("method", ["post", "put", "delete", "options"])
def test_the_explorer_and_the_document_are_read_only(client: Client, path: str, method: str) -> None:
    response = getattr(client, method)(path)

    if method == "options" and path == "/api/schema/":
        assert response.status_code == 200
        return
    assert_problem(response, 405)
    assert "GET" in response["Allow"]


@pytest.mark.parametrize("accept", ["text/html", "application/pdf", "*/*", "nonsense"])
def test_the_explorer_is_a_page_whatever_is_asked_for(client: Client, accept: str) -> None:
    response = client.get("/api/docs/", headers={"accept": accept})

    if response.status_code == 200:
        assert response["Content-Type"].startswith("text/html")
    else:
        assert_problem(response, 406)


def test_options_answers_without_asking_who() -> None:
    response = Client().options("/api/v1/test/orders")

    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
