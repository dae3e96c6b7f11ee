"""What happens by the clock: functions that every worker calls every few seconds, beside its jobs.

A job waits for its turn in a queue; a tick does not. All workers tick, so a tick must bear being called by
several at the same moment, and being killed in the middle.
"""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from time import monotonic

from django.db import close_old_connections, connections

from . import logs
from .deadline import budget
from .errors import STORE_ERRORS

log = logging.getLogger(__name__)

GRAIN_S = 0.2
# All waits of one call for its stores; one that may wait longer says so with a `budget` of its own.
PATIENCE_S = 5.0
# A trouble that stays is told again this often, and not each second.
TOLD_EVERY_S = 30.0


@dataclass(frozen=True, slots=True)
class Tick:
    name: str
    seconds: float
    call: Callable[[], object]


_ticks: dict[str, Tick] = {}


def every(seconds: float, name: str) -> Callable[[Callable[[], object]], Callable[[], object]]:
    """Registers a function that workers call every so many seconds; never twice at once in one worker."""

    def register(function: Callable[[], object]) -> Callable[[], object]:
        _ticks[name] = Tick(name, seconds, function)
        return function

    return register


def once() -> None:
    """Call each function once, here and now."""
    for tick in _ticks.values():
        _call(tick)


@contextmanager
def running() -> Iterator[None]:
    """Tick until the block ends, each function in a thread of its own; calls under way are waited for."""
    told = Event()
    thread = Thread(target=_keep_ticking, args=(told,), name="ticker", daemon=True)
    thread.start()
    try:
        yield
    finally:
        told.set()
        thread.join()


def _keep_ticking(told: Event) -> None:
    hands = [Hand(tick) for tick in _ticks.values()]
    while not told.wait(GRAIN_S):
        for hand in hands:
            hand.attend(monotonic())
    for hand in hands:
        hand.rest()


def _call(tick: Tick) -> None:
    token = logs.context.set({"tick": tick.name})
    with budget(PATIENCE_S):
        close_old_connections()
        try:
            tick.call()
        finally:
            close_old_connections()
            logs.context.reset(token)


@dataclass(slots=True)
class Hand:
    """Calls one function again and again, whatever becomes of each call."""

    tick: Tick
    thread: ThreadPoolExecutor = field(init=False)
    call: "Future[None] | None" = None
    due_at: float = 0.0
    trouble: str = ""
    told_at: float = 0.0

    def __post_init__(self) -> None:
        self.thread = ThreadPoolExecutor(1, thread_name_prefix=f"tick-{self.tick.name}")

    def attend(self, now: float) -> None:
        """Take note of a call that ended; begin the next one when it is due."""
        if self.call is not None and self.call.done():
            self._note(self.call.exception(), now)
            self.call = None
        if self.call is None and now >= self.due_at:
            self.due_at = now + self.tick.seconds
            self.call = self.thread.submit(_call, self.tick)

    def _note(self, error: BaseException | None, now: float) -> None:
        before, self.trouble = self.trouble, type(error).__name__ if error else ""
        if error is None:
            if before:
                log.warning("tick works again", extra={"tick": self.tick.name})
        elif self.trouble != before or now - self.told_at >= TOLD_EVERY_S:
            self.told_at = now
            self._tell(error)

    def _tell(self, error: BaseException) -> None:
        told = {"tick": self.tick.name, "error": self.trouble}
        if isinstance(error, STORE_ERRORS):
            log.warning("tick lost a store, trying again", extra=told)
        else:
            log.error("tick failed, trying again", extra=told, exc_info=error)

    def rest(self) -> None:
        """Wait for the call under way; the thread's database connection goes with it."""
        self.thread.submit(connections.close_all)
        self.thread.shutdown(wait=True)
        if self.call is not None:
            self._note(self.call.exception(), monotonic())
