"""What people see outside the API when something is refused, missing or broken."""

import pytest
from django.db import OperationalError
from django.test import Client, RequestFactory

from apps.core import pages


def test_a_missing_page_and_a_form_without_its_token_get_a_page_of_ours() -> None:
    client = Client(enforce_csrf_checks=True)

    missing = client.get("/nowhere")
    forged = client.post("/admin/login/", {"username": "a@example.com", "password": "b"})

    assert (missing.status_code, forged.status_code) == (404, 403)
    assert b"There is nothing at this address." in missing.content
    assert b"reload it and try again" in forged.content


@pytest.mark.parametrize(("error", "status"), [(OperationalError("gone"), 503), (RuntimeError("a bug"), 500)])
def test_a_store_lost_inside_a_middleware_is_told_from_a_bug(error: Exception, status: int) -> None:
    request = RequestFactory().get("/admin/")

    try:
        raise error
    except (OperationalError, RuntimeError):
        answer = pages.server_error(request)

    assert answer.status_code == status
    assert ("Retry-After" in answer.headers) is (status == 503)
    assert str(error).encode() not in answer.content


@pytest.mark.django_db
def test_a_session_cookie_with_a_nul_is_the_callers_fault() -> None:
    client = Client()
    client.cookies["session"] = "abcdefgh\x00ijklmnop"

    answer = client.get("/admin/")

    assert answer.status_code == 400


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/auth/login/"])
@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_an_unknown_api_path_is_missing_whatever_the_method(path: str, method: str) -> None:
    answer = getattr(Client(enforce_csrf_checks=True), method)(path)

    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_the_probes_are_only_read(path: str) -> None:
    assert Client(enforce_csrf_checks=True).post(path).status_code == 405
