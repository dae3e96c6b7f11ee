"""The heartbeat ahead of Django: a WSGI callable that answers it and passes everything else on.

    POST /api/v1/playback/sessions/{id}/heartbeat, Authorization: Bearer <playback token>

1. `answers` looks whether this is a beat that needs nothing of Django: other methods, queries, other content
   types, pages of sites that are not allowed (CORS) and plain HTTP where that is redirected go the ordinary
   way, to `api.views.HeartbeatView`, which gives the same answers to the same beats.
2. `services.beating.beat` checks the token's HMAC, reads the body strictly, and asks Redis once: one script
   renews the lease, stores the position and appends the event. PostgreSQL and MongoDB are not asked, so
   that it needs no budget of waiting: its one exchange ends within `REDIS_TIMEOUT_S`.
3. The answer carries what the middleware puts on every other: X-Request-ID, the security headers, problem
   documents, a place in the metrics, a line in the log (see `QUIET_ROUTES`). While Redis is away it is 503
   with Retry-After.
"""

import re
from collections.abc import Callable, Iterable
from functools import cache
from time import perf_counter
from typing import Any

import orjson
from csp.constants import HEADER as POLICY
from csp.utils import build_policy
from django.conf import settings

from apps.core import access, errors, logs
from apps.core.errors import STORE_ERRORS, DomainError

from .services import beating

Environ = dict[str, Any]
Application = Callable[..., Iterable[bytes]]
Headers = list[tuple[str, str]]
# As Django's `uuid` converter reads it.
PATH = re.compile(r"/api/v1/playback/sessions/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/heartbeat")
ROUTE = "api/v1/playback/sessions/<uuid:session_id>/heartbeat"
OK = "200 OK"


class Heartbeats:
    """`application` is Django."""

    def __init__(self, application: Application) -> None:
        self.application = application

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        session = answers(environ)
        if session is None:
            return self.application(environ, start_response)
        began = perf_counter()
        request_id = access.request_id(environ.get("HTTP_X_REQUEST_ID", ""))
        token = logs.context.set({"request_id": request_id})
        try:
            status, headers, body = _answered(environ, session)
            access.account_for("POST", ROUTE, int(status[:3]), perf_counter() - began)
        finally:
            logs.context.reset(token)
        own = [("X-Request-ID", request_id), ("Content-Length", str(len(body)))]
        start_response(
            status, [*headers, *own, *_usual(_is_secure(environ)), *_shared(environ.get("HTTP_ORIGIN"))]
        )
        return [body]


def answers(environ: Environ) -> str | None:
    """The id of the session whose beat this is, if it is one to answer here."""
    if environ["REQUEST_METHOD"] != "POST" or environ.get("QUERY_STRING"):
        return None
    match = PATH.fullmatch(environ["PATH_INFO"])
    if match is None or environ.get("CONTENT_TYPE", "").partition(";")[0] != "application/json":
        return None
    origin = environ.get("HTTP_ORIGIN")
    if origin is not None and origin != settings.SITE_URL and origin not in settings.CORS_ALLOWED_ORIGINS:
        return None
    if settings.SECURE_SSL_REDIRECT and not _is_secure(environ):
        return None
    return match[1]


def _answered(environ: Environ, session: str) -> tuple[str, Headers, bytes]:
    try:
        answer = beating.beat(session, environ.get("HTTP_AUTHORIZATION", ""), _body(environ))
    except (DomainError, *STORE_ERRORS) as error:
        return _refused(error)
    return OK, [("Content-Type", "application/json"), ("Cache-Control", "no-store")], orjson.dumps(answer)


def _body(environ: Environ) -> bytes:
    length = environ.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > beating.LONGEST_BODY:
        raise beating.BodyTooLong
    body: bytes = environ["wsgi.input"].read(int(length))
    return body


def _refused(error: Exception) -> tuple[str, Headers, bytes]:
    refusal = errors.translate(error)
    assert refusal  # noqa: S101 both kinds are translated
    answer = errors.problem(refusal)
    return f"{answer.status_code} {answer.reason_phrase}", list(answer.items()), answer.content


def _is_secure(environ: Environ) -> bool:
    """As `HttpRequest.is_secure`."""
    if environ["wsgi.url_scheme"] == "https":
        return True
    header, value = settings.SECURE_PROXY_SSL_HEADER or ("", "")
    return bool(header) and environ.get(header, "").split(",", 1)[0].strip() == value


def _shared(origin: str | None) -> Headers:
    """What lets a page of another site read the answer: as django-cors-headers."""
    if origin is None or origin not in settings.CORS_ALLOWED_ORIGINS:
        return []
    exposed = ", ".join(settings.CORS_EXPOSE_HEADERS)
    return [("access-control-allow-origin", origin), ("access-control-expose-headers", exposed)]


@cache
def _usual(secure: bool) -> Headers:
    """What the middleware puts on every answer under /api/."""
    headers = [
        (POLICY, build_policy()),
        ("X-Frame-Options", settings.X_FRAME_OPTIONS),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", settings.SECURE_REFERRER_POLICY),
        ("Cross-Origin-Opener-Policy", settings.SECURE_CROSS_ORIGIN_OPENER_POLICY),
        ("Vary", "origin"),
    ]
    if secure and settings.SECURE_HSTS_SECONDS:
        lasts = f"max-age={settings.SECURE_HSTS_SECONDS}"
        lasts += "; includeSubDomains" if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS else ""
        lasts += "; preload" if settings.SECURE_HSTS_PRELOAD else ""
        headers.append(("Strict-Transport-Security", lasts))
    return headers
