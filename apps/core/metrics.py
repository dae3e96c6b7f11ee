"""Prometheus metrics of this process group, and who may read them.

`manage.py web` sets PROMETHEUS_MULTIPROC_DIR when it runs several processes, so that any of them can
answer for all.
"""

import os
from functools import lru_cache
from hmac import compare_digest

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

REQUESTS = Counter("ottsite_requests_total", "Requests answered.", ["method", "route", "status"])
LATENCY = Histogram(
    "ottsite_request_seconds",
    "Seconds from request to answer.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
LOOPBACK = {"127.0.0.1", "::1"}
PROXIED = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via")
_asked: list[Collector] = []
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def ask_at_scrape(collector: Collector) -> None:
    """What is true of a store, and not of a process: whoever is scraped asks, once."""
    _asked.append(collector)


def observe(method: str, route: str, status: int, seconds: float) -> None:
    count, latency = _series(method if method in METHODS else "other", route, status)
    count.inc()
    latency.observe(seconds)


@lru_cache(maxsize=2000)
def _series(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    """The two series of a kind of request, which take longer to find than to count on."""
    return REQUESTS.labels(method, route, str(status)), LATENCY.labels(route)


@csrf_exempt
@require_safe
def view(request: HttpRequest) -> HttpResponse:
    """GET /metrics: for a caller with `METRICS_TOKEN`, or, when none is set, for this machine alone."""
    if not _may_read(request):
        raise Http404
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
    of_stores = CollectorRegistry()
    for collector in _asked:
        of_stores.register(collector)
    text = generate_latest(registry) + generate_latest(of_stores)
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)


def _may_read(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return compare_digest(given.encode(), settings.METRICS_TOKEN.encode())
    # A request that a proxy passed on comes from outside, whatever its peer is.
    proxied = any(name in request.headers for name in PROXIED)
    return not proxied and request.META.get("REMOTE_ADDR") in LOOPBACK
