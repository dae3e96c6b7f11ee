"""Refusals: one exception for the domain, one renderer for the wire.

Every failure under /api/ is `application/problem+json` (RFC 9457) with a stable `code`. `CODES` is the
whole list; docs/api.md explains each.
"""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, HttpResponse, UnreadablePostError
from procrastinate.exceptions import ConnectorException
from rest_framework import exceptions as drf
from rest_framework.response import Response

from . import clients, logs

log = logging.getLogger(__name__)

TITLES = {
    400: "Bad request",
    401: "Not authenticated",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Conflict",
    410: "Gone",
    412: "Precondition failed",
    413: "Payload too large",
    415: "Unsupported media type",
    416: "Range not satisfiable",
    422: "Unprocessable",
    423: "Locked",
    429: "Too many requests",
    460: "Checksum mismatch",
    500: "Internal error",
    503: "Service unavailable",
    507: "Insufficient storage",
}
CODES = {
    400: "validation_error",
    401: "not_authenticated",
    403: "permission_denied",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    409: "conflict",
    410: "gone",
    412: "unsupported_version",
    413: "payload_too_large",
    415: "unsupported_media_type",
    416: "range_not_satisfiable",
    422: "idempotency_mismatch",
    423: "upload_in_use",
    429: "throttled",
    460: "checksum_mismatch",
    500: "internal_error",
    503: "service_unavailable",
    507: "insufficient_storage",
}
# What Django raises; the first that fits.
STATUS_OF: dict[type[Exception], int] = {
    Http404: 404,
    PermissionDenied: 403,
    RequestDataTooBig: 413,
    UnreadablePostError: 400,
    SuspiciousOperation: 400,
}
STORE_ERRORS = (OperationalError, InterfaceError, ConnectorException, *clients.DRIVER_ERRORS)
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="api"'}
DEADLOCKS = {"40001", "40P01", "55P03"}


class DomainError(Exception):
    """A refusal with a name. Subclasses set `code`, `status` and a default `detail` for people.

    `extra` are members that the code's documentation promises; `headers` go onto the answer.
    """

    code = "conflict"
    status = 409
    detail = "The request conflicts with the present state."

    def __init__(
        self, detail: str = "", *, extra: Mapping[str, Any] | None = None, retry_after_s: int | None = None
    ) -> None:
        super().__init__(detail or self.detail)
        self.detail = detail or self.detail
        self.extra = dict(extra or {})
        self.headers = {} if retry_after_s is None else {"Retry-After": str(max(1, retry_after_s))}


class InvalidField(DomainError):
    """One field is wrong, and only a service could tell."""

    code = "validation_error"
    status = 400

    def __init__(self, path: str, code: str, detail: str) -> None:
        super().__init__("The request is not valid.", extra={"errors": [_error(path, code, detail)]})


class Busy(DomainError):
    """We could do it, but not now."""

    code = "service_unavailable"
    status = 503
    detail = "A service this needs is not available right now. Try again shortly."

    def __init__(self, detail: str = "", *, retry_after_s: int = 2) -> None:
        super().__init__(detail, retry_after_s=retry_after_s)


class Throttled(DomainError):
    code = "throttled"
    status = 429
    detail = "Too many requests. Slow down."


def document(status: int, code: str = "", detail: str = "", **extra: Any) -> dict[str, Any]:
    """The body of a problem: `{type, title, status, code, detail, request_id, …}`."""
    code = code or CODES.get(status, "internal_error" if status >= 500 else "validation_error")
    return {
        "type": f"urn:ottsite:problem:{code}",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "code": code,
        "detail": detail or TITLES.get(status, "Error"),
        **extra,
        "request_id": logs.context.get().get("request_id", ""),
    }


def problem(error: DomainError) -> HttpResponse:
    """The refusal as a plain Django response, for what answers ahead of DRF."""
    body = document(error.status, error.code, error.detail, **error.extra)
    return rendered(body, {**CHALLENGE, **error.headers} if error.status == 401 else error.headers)


def rendered(body: dict[str, Any], headers: Mapping[str, str] | None = None) -> HttpResponse:
    return HttpResponse(
        orjson.dumps(body),
        status=body["status"],
        content_type="application/problem+json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def translate(error: Exception) -> DomainError | None:
    """The refusal that an exception of Django, DRF or a driver means; None: a bug of ours."""
    if isinstance(error, DomainError):
        return error
    if isinstance(error, (*STORE_ERRORS, ConnectionError)):
        # Storage far away says that it is away as the socket would.
        return _store_error(error)
    if isinstance(error, drf.ValidationError):
        return _refusal(400, "validation_error", "The request is not valid.", errors=list(_flatten(error)))
    if isinstance(error, drf.APIException):
        return _api_error(error)
    status = next((status for kind, status in STATUS_OF.items() if isinstance(error, kind)), None)
    if isinstance(error, DataError) and getattr(error.__cause__, "sqlstate", None) is None:
        # The driver would not even send it: text with a NUL, a number beyond all columns.
        status = 400
    return None if status is None else _refusal(status)


def _refusal(status: int, code: str = "", detail: str = "", **extra: Any) -> DomainError:
    refusal = DomainError(detail or TITLES.get(status, ""), extra=extra)
    refusal.status, refusal.code = status, code or CODES.get(status, "validation_error")
    return refusal


def _store_error(error: Exception) -> DomainError:
    if getattr(error.__cause__, "sqlstate", None) in DEADLOCKS:
        return DomainError("Somebody else is changing the same thing. Try again.", retry_after_s=1)
    log.error("store unavailable", extra={"error": type(error).__name__, "cause": str(error)[:200]})
    return Busy()


def _api_error(error: drf.APIException) -> DomainError:
    codes = error.get_codes()
    code = codes if isinstance(codes, str) else ""
    known = CODES.get(error.status_code, "")
    refusal = _refusal(error.status_code, code if code == "token_expired" else known, str(error.detail))
    if isinstance(error, drf.ParseError):
        refusal.extra["errors"] = [_error("", code or "parse_error", str(error.detail))]
    if header := getattr(error, "auth_header", None):
        refusal.headers["WWW-Authenticate"] = header
    if wait := getattr(error, "wait", None):
        refusal.headers["Retry-After"] = str(int(wait))
    return refusal


def _error(path: str, code: str, detail: str) -> dict[str, str]:
    return {"path": path, "code": code, "detail": detail}


def _flatten(error: drf.ValidationError) -> Iterator[dict[str, str]]:
    yield from _walk(error.detail, "")


def _walk(detail: Any, path: str) -> Iterator[dict[str, str]]:
    if isinstance(detail, dict):
        for name, inner in detail.items():
            here = path if name == "non_field_errors" else f"{path}.{name}".lstrip(".")
            yield from _walk(inner, here)
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            nested = isinstance(inner, dict | list)
            yield from _walk(inner, f"{path}.{index}".lstrip(".") if nested else path)
    else:
        yield _error(path, getattr(detail, "code", "invalid") or "invalid", str(detail))


def handle(error: Exception, context: dict[str, Any]) -> Response:
    """DRF's exception handler: every error of a view, bugs included, becomes a problem document."""
    refusal = translate(error)
    if refusal is None:
        log.exception("unhandled error", exc_info=error)
        refusal = _refusal(500)
    if refusal.status == 401:
        refusal.headers = {**CHALLENGE, **refusal.headers}
    body = document(refusal.status, refusal.code, refusal.detail, **refusal.extra)
    return Response(
        body,
        status=refusal.status,
        headers={"Cache-Control": "no-store", **refusal.headers},
        content_type="application/problem+json",
    )
