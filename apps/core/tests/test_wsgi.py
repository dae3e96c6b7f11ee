"""Request bodies without a length."""

import json
from io import BytesIO

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from apps.core.wsgi import KnownLength

LOGIN = "/api/v1/auth/login"


def call(body: bytes, **environ: str) -> tuple[int, bytes]:
    given = {
        "REQUEST_METHOD": "POST", "PATH_INFO": LOGIN, "SERVER_NAME": "localhost", "SERVER_PORT": "80",
        "REMOTE_ADDR": "127.0.0.1", "CONTENT_TYPE": "application/json", "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body), **environ,
    }  # fmt: skip
    statuses: list[str] = []
    answer = KnownLength(get_wsgi_application())(given, lambda status, *_: statuses.append(status))
    return int(statuses[0].split()[0]), b"".join(answer)


def test_a_chunked_body_is_read() -> None:
    status, body = call(b'{"email": "a@example.com"}', HTTP_TRANSFER_ENCODING="chunked")

    assert status == 400
    assert [error["path"] for error in json.loads(body)["errors"]] == ["password"]


def test_a_chunked_body_that_is_too_long_is_refused_by_name() -> None:
    status, body = call(b" " * (settings.API_MAX_BODY_BYTES + 1), HTTP_TRANSFER_ENCODING="chunked")

    assert status == 413
    assert b'"payload_too_large"' in body


def test_a_chunked_body_of_an_upload_is_left_to_its_view() -> None:
    seen: dict[str, object] = {}

    def view(environ: dict[str, object], start: object) -> list[bytes]:
        seen.update(environ)
        return []

    body = BytesIO(b"x")
    path = "/api/v1/cms/uploads/6f4cbd36-7a9e-4f59-9d6e-0e0a5e2f9a11"
    KnownLength(view)({"HTTP_TRANSFER_ENCODING": "chunked", "PATH_INFO": path, "wsgi.input": body}, print)

    assert seen["wsgi.input"] is body
    assert body.tell() == 0
    assert int(str(seen["CONTENT_LENGTH"])) > settings.UPLOAD_MAX_BYTES


def test_a_body_with_a_length_is_left_alone() -> None:
    status, body = call(b"{}", CONTENT_LENGTH="2")

    assert status == 400, body
