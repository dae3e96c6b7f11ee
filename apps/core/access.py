"""What every request leaves behind, whoever answers it: its id, its log line, its metrics."""

import logging
import random
import re

from django.conf import settings

from . import metrics

log = logging.getLogger("ottsite.access")
REQUEST_ID = re.compile(r"[\w.:-]{8,64}", re.ASCII)


def request_id(given: str) -> str:
    """The id that came along, if it looks like one; else a new one, which need not be a secret."""
    return given if REQUEST_ID.fullmatch(given) else f"{random.getrandbits(128):032x}"


def account_for(method: str, route: str, status: int, seconds: float) -> None:
    """`route` is the pattern, never the path: paths carry tokens."""
    metrics.observe(method, route, status, seconds)
    is_quiet = status < 400 and route in settings.QUIET_ROUTES
    level = logging.DEBUG if is_quiet else logging.INFO
    if log.isEnabledFor(level):
        told = {"method": method, "route": route, "status": status, "ms": round(seconds * 1000, 1)}
        log.log(level, "request", extra=told)
