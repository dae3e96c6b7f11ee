"""What surrounds every request: its id, its deadline, its log line, its rate limit, its headers."""

import re
from collections.abc import Callable
from functools import cached_property
from time import perf_counter
from typing import Any, cast

from corsheaders.middleware import CorsMiddleware
from csp.constants import HEADER as POLICY
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.cache import patch_vary_headers
from django.utils.module_loading import import_string

from . import access, errors, logs, pages, ratelimit
from .deadline import budget

DJANGO_HAS_A_PAGE = (Http404, PermissionDenied, SuspiciousOperation)
Handler = Callable[[HttpRequest], HttpResponse]


def is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")


def is_of_a_program(request: HttpRequest) -> bool:
    """Which reads problem documents, and no pages."""
    return request.path_info.startswith(settings.PROBLEM_PATHS)


class RequestContextMiddleware:
    """Outermost. Gives the request an id and a budget, and lets no HTML error out where programs ask."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = access.request_id(request.META.get("HTTP_X_REQUEST_ID", ""))
        token = logs.context.set({"request_id": request_id})
        started = perf_counter()
        try:
            with budget(settings.REQUEST_DEADLINE_S):
                response = self.get_response(request)
            if is_of_a_program(request):
                response = as_problem(response)
            response.headers["X-Request-ID"] = request_id
            self._account_for(request, response, perf_counter() - started)
            return response
        finally:
            logs.context.reset(token)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """A refusal or a lost store outside DRF: the admin, the site, the probes."""
        refusal = errors.translate(error)
        if refusal is None:
            return None
        if is_of_a_program(request):
            return errors.problem(refusal)
        if isinstance(error, DJANGO_HAS_A_PAGE):
            return None
        return pages.problem(refusal.status, refusal.detail, refusal.headers)

    @staticmethod
    def _account_for(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
        match = request.resolver_match
        route = match.route if match else "unmatched"
        access.account_for(request.method or "", route, response.status_code, seconds)


def as_problem(response: HttpResponse) -> HttpResponse:
    """The answer itself, or, for an error page of Django's own, the problem it stands for.

    Its other headers stay: the outer layers have already put theirs on.
    """
    kind = response.headers.get("Content-Type", "").partition(";")[0]
    if response.status_code < 400 or kind in {"application/problem+json", "application/json"}:
        return response
    stand_in = errors.rendered(errors.document(response.status_code))
    for name in ("Content-Length", "Content-Encoding"):
        response.headers.pop(name, None)
    for name, value in stand_in.items():
        response.headers[name] = value
    response.content = stand_in.content
    return response


class RateLimitMiddleware:
    """`RATE_LIMIT_DEFAULT` requests under /api/ per client, told in headers whether or not it is used up."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        self.client_key = import_string(settings.RATE_LIMIT_CLIENT_KEY)
        self.exempt = re.compile(settings.RATE_LIMIT_EXEMPT)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # CORS preflights do not come this far.
        if not is_api(request) or self.exempt.match(request.path_info):
            return self.get_response(request)
        usage = ratelimit.hit("api", self.client_key(request), settings.RATE_LIMIT_DEFAULT)
        response = errors.problem(usage.refusal()) if usage.exceeded else self.get_response(request)
        for name, value in usage.headers().items():
            # A stricter rule that a view applied speaks for itself.
            response.headers.setdefault(name, value)
        return response


class OwnCorsMiddleware(CorsMiddleware):
    """django-cors-headers, for the requests of other sites; to all others it has only one thing to say."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "HTTP_ORIGIN" in request.META:
            return cast(HttpResponseBase, super().__call__(request))
        response = cast(HttpResponseBase, self.get_response(request))
        if re.match(settings.CORS_URLS_REGEX, request.path_info):
            patch_vary_headers(response, ("origin",))
        return response


class ForPages:
    """Mixed into what deals in cookies: it stands aside under /api/, where no cookie means anything."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        if is_api(request):
            return self.get_response(request)
        answer: HttpResponse = super().__call__(request)  # type: ignore[misc]
        return answer


class PageSessionMiddleware(ForPages, SessionMiddleware):
    pass


class PageAuthenticationMiddleware(ForPages, AuthenticationMiddleware):
    pass


class PageMessageMiddleware(ForPages, MessageMiddleware):
    pass


class PageCsrfMiddleware(ForPages, CsrfViewMiddleware):
    pass


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """django-csp, with the few relaxations of `CSP_RELAXED` under their path prefixes.

    What needs none under /api/ gets the one policy, which is put together once.
    """

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not is_api(request) or self._relaxed(request):
            return cast(HttpResponseBase, super().__call__(request))
        response = cast(HttpResponseBase, self.get_response(request))
        response.headers.setdefault(POLICY, self.usual)
        return response

    @cached_property
    def usual(self) -> str:
        return str(build_policy())

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if update := self._relaxed(request):
            response._csp_update = update  # type: ignore[attr-defined]
        return super().process_response(request, response)

    @staticmethod
    def _relaxed(request: HttpRequest) -> dict[str, list[str]] | None:
        updates = settings.CSP_RELAXED.items()
        return next((update for prefix, update in updates if request.path_info.startswith(prefix)), None)
