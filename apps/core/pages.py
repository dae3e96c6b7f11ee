"""The pages that people see when something is refused, missing or broken outside the API."""

import sys
from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from . import errors

DETAILS = {
    400: "Your browser sent something that this site does not understand.",
    403: "You may not do this, or the page was open for too long. Go back, reload it and try again.",
    404: "There is nothing at this address.",
    500: "Something went wrong on our side. It has been noted.",
}


def problem(status: int, detail: str = "", headers: Mapping[str, str] | None = None) -> HttpResponse:
    shown = {"status": status, "title": errors.TITLES[status], "detail": detail or DETAILS[status]}
    return HttpResponse(render_to_string("problem.html", shown), status=status, headers=headers)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problem(400)


def forbidden(request: HttpRequest, exception: Exception | None = None, reason: str = "") -> HttpResponse:
    """Also for a form without its CSRF token (`settings.CSRF_FAILURE_VIEW`)."""
    return problem(403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problem(404)


def server_error(request: HttpRequest) -> HttpResponse:
    """A bug; or a store that was lost inside a middleware, which is no bug and will pass."""
    error = sys.exc_info()[1]
    refusal = errors.translate(error) if isinstance(error, Exception) else None
    if refusal is None:
        return problem(500)
    return problem(refusal.status, refusal.detail, refusal.headers)
