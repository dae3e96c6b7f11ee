"""Rate limits on django-ratelimit: fixed windows counted in the cache role.

While the cache role is away each process counts for itself at half the limit: slower to refuse than the
shared count, but never open and never an error.
"""

import time
from dataclasses import dataclass
from threading import Lock

from django_ratelimit.core import _split_rate, get_usage
from django_redis.exceptions import ConnectionInterrupted

from . import clients
from .errors import Throttled

MAX_LOCAL_CLIENTS = 100_000


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of a limit is used: counts, and seconds until the window ends."""

    count: int
    limit: int
    reset_s: int

    @property
    def exceeded(self) -> bool:
        return self.count > self.limit

    def headers(self) -> dict[str, str]:
        """IETF draft `RateLimit` fields in their separate form."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(max(0, self.limit - self.count)),
            "RateLimit-Reset": str(self.reset_s),
        }

    def refusal(self) -> Throttled:
        refusal = Throttled(retry_after_s=self.reset_s)
        refusal.headers |= self.headers()
        return refusal


def hit(group: str, key: str, rate: str) -> Usage:
    """Count one request of `key` against `rate` (such as "100/m") and tell how much is used."""
    try:
        found = get_usage(None, group=group, key=lambda *_: key, rate=rate, increment=True)
    except (ConnectionInterrupted, *clients.DRIVER_ERRORS):
        found = None
    if found is None or found["time_left"] < 0:
        return _local.hit(f"{group}:{key}", rate)
    return Usage(found["count"], found["limit"], max(1, found["time_left"]))


def enforce(group: str, key: str, rate: str) -> None:
    """Count one; raise `Throttled` past the limit."""
    usage = hit(group, key, rate)
    if usage.exceeded:
        raise usage.refusal()


class _LocalCounter:
    """The stand-in while the shared counter is away."""

    def __init__(self) -> None:
        self._lock = Lock()
        # Window ends as the clock counts them, so a stand-in that is asked again later starts anew.
        self._counts: dict[tuple[str, int], tuple[int, int]] = {}

    def hit(self, key: str, rate: str) -> Usage:
        count, period = _split_rate(rate)
        now = int(time.time())
        ends_at = now - now % period + period
        with self._lock:
            if len(self._counts) >= MAX_LOCAL_CLIENTS:
                self._counts.clear()
            window, used = self._counts.get((key, period), (ends_at, 0))
            used = used + 1 if window == ends_at else 1
            self._counts[key, period] = ends_at, used
        return Usage(used, max(1, count // 2), ends_at - now)


_local = _LocalCounter()
