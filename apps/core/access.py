"""What every request leaves behind, whoever answers it: its id, its log line, its metrics."""

import logging
import os
import re

from . import metrics

log = logging.getLogger("ottsite.access")
REQUEST_ID = re.compile(r"[\w.:-]{8,64}", re.ASCII)


def request_id(given: str) -> str:
    """The id that came along, if it looks like one; else a new one."""
    return given if REQUEST_ID.fullmatch(given) else os.urandom(16).hex()


def account_for(method: str, route: str, status: int, seconds: float) -> None:
    """`route` is the pattern, never the path: paths carry tokens."""
    metrics.observe(method, route, status, seconds)
    if log.isEnabledFor(logging.INFO):
        told = {"method": method, "route": route, "status": status, "ms": round(seconds * 1000, 1)}
        log.info("request", extra=told)
