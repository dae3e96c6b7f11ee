"""`/healthz` and `/readyz`."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from threading import Lock
from time import monotonic, perf_counter

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from . import clients
from .deadline import budget
from .errors import STORE_ERRORS

PROBE_BUDGET_S = 1.0
ANSWER_KEPT_S = 0.5


@dataclass(frozen=True, slots=True)
class Probe:
    """A dependency: how to touch it, and whether the process is of use without it."""

    name: str
    needed: bool
    touch: Callable[[], object]


def _touch_postgres() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()


PROBES = [
    Probe("postgres", True, _touch_postgres),
    Probe("redis", True, lambda: clients.durable().ping()),
    Probe("cache", False, lambda: clients.cache_role().ping()),
    Probe("mongo", False, lambda: clients.mongo().command("ping")),
]
_pool = ThreadPoolExecutor(len(PROBES), thread_name_prefix="readyz")
_lock = Lock()
_last: tuple[float, dict[str, dict[str, object]]] = (0.0, {})


@csrf_exempt
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 while the process answers; it asks nothing of its stores."""
    return JsonResponse({"status": "ok"})


@csrf_exempt
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Each dependency with its latency in ms; 503 when one that is needed is down."""
    found = dependencies()
    down = [name for name, state in found.items() if not state["ok"]]
    unready = [name for name in down if found[name]["needed"]]
    status = "unavailable" if unready else "degraded" if down else "ok"
    response = JsonResponse({"status": status, "dependencies": found}, status=503 if unready else 200)
    response.headers["Cache-Control"] = "no-store"
    if unready:
        response.headers["Retry-After"] = "2"
    return response


def dependencies() -> dict[str, dict[str, object]]:
    """`{name: {ok, needed, ms}}`; asked at most every half second, whoever asks."""
    global _last
    with _lock:
        asked_at, found = _last
        if monotonic() - asked_at > ANSWER_KEPT_S:
            with budget(PROBE_BUDGET_S):
                runs = [_pool.submit(copy_context().run, _state, probe) for probe in PROBES]
                found = {probe.name: run.result() for probe, run in zip(PROBES, runs, strict=True)}
            _last = (monotonic(), found)
    return found


def _state(probe: Probe) -> dict[str, object]:
    started = perf_counter()
    try:
        probe.touch()
        ok = True
    except STORE_ERRORS:
        ok = False
    return {"ok": ok, "needed": probe.needed, "ms": round((perf_counter() - started) * 1000, 1)}
