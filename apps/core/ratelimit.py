"""Rate limits: the rates and windows of django-ratelimit, counted in the cache role in one exchange.

While the cache role is away each process counts for itself at half the limit: slower to refuse than the
shared count, but never open and never an error.
"""

import time
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from threading import Lock

from django_ratelimit.core import _get_window, _split_rate

from . import clients
from .errors import Throttled

MAX_LOCAL_CLIENTS = 100_000
KEPT_LONGER_S = 5  # than the window, for clocks that differ


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
    limit, period = _parts(rate)
    ends_at = _get_window(key, period)
    # Hashed, for keys are addresses and e-mails.
    name = sha256(f"{group} {rate} {ends_at} {key}".encode()).hexdigest()
    try:
        count = clients.count(f"ottsite:rate:{name}", lives_s=period + KEPT_LONGER_S)
    except clients.DRIVER_ERRORS:
        return _local.hit(f"{group}:{key}", rate)
    return Usage(count, limit, max(1, ends_at - int(time.time())))


@lru_cache(maxsize=100)
def _parts(rate: str) -> tuple[int, int]:
    """`100/m` is (100, 60)."""
    count, period = _split_rate(rate)
    return count, period


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
        count, period = _parts(rate)
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
