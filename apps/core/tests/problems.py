"""What every refusal under /api/ must look like."""

from typing import Any

from apps.core.errors import CODES, TITLES


def assert_problem(response: Any, status: int, code: str = "") -> dict[str, Any]:
    """The answer is a problem document of that status and code; its body."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    assert response["Cache-Control"] == "no-store"
    body: dict[str, Any] = response.json()
    code = code or CODES[status]
    assert body["code"] == code
    assert body["type"] == f"urn:ottsite:problem:{code}"
    assert body["status"] == status
    assert body["title"] == TITLES[status]
    assert body["request_id"] == response["X-Request-ID"]
    assert body["detail"]
    assert set(body) >= {"type", "title", "status", "code", "detail", "request_id"}
    assert b"<html" not in response.content.lower()
    assert b"Traceback" not in response.content
    return body


def paths_of(body: dict[str, Any]) -> dict[str, str]:
    """`{field path: code}` of a validation problem."""
    return {error["path"]: error["code"] for error in body["errors"]}
