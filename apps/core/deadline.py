"""How long a request may wait: one budget for all stores, and a breaker for each that is down.

Without a budget (commands, migrations, the worker) nothing here limits anything.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic

_ends_at: ContextVar[float | None] = ContextVar("deadline", default=None)


@contextmanager
def budget(seconds: float) -> Iterator[None]:
    """Everything inside shares `seconds` of waiting."""
    token = _ends_at.set(monotonic() + seconds)
    try:
        yield
    finally:
        _ends_at.reset(token)


def remaining() -> float | None:
    """Seconds left, at least 0.05 so that a call may still fail in an orderly way; None: no limit."""
    ends_at = _ends_at.get()
    return None if ends_at is None else max(0.05, ends_at - monotonic())


class Breaker:
    """Refuses for a moment after a store did not answer, then lets one caller try.

    It is what keeps a frozen store from collecting every request thread: one waits, the others are told.
    """

    def __init__(self, rest_s: float = 0.5) -> None:
        self.rest_s = rest_s
        self._retry_at: float | None = None
        self._lock = threading.Lock()

    def allows(self) -> bool:
        if self._retry_at is None:
            return True
        with self._lock:
            if self._retry_at is not None and monotonic() < self._retry_at:
                return False
            # This caller is the probe; should it never report back, the next one may try.
            self._retry_at = monotonic() + 3 * self.rest_s
            return True

    def trip(self) -> None:
        with self._lock:
            self._retry_at = monotonic() + self.rest_s

    def reset(self) -> None:
        if self._retry_at is not None:
            with self._lock:
                self._retry_at = None
