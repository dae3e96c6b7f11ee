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
