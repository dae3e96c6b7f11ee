"""What a worker does: claim a step, do it while keeping its lease, and say how it ended."""

import logging
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event, Lock, Semaphore, Thread
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from apps.core import jobs as background
from apps.core.errors import STORE_ERRORS
from apps.media.models import Step

from . import jobs
from .jobs import Lease, LostLease, NewStep, Progress

log = logging.getLogger(__name__)

# Signs of life for each lease: two may get lost on the way.
BEATS = 5
AGAIN_IN = timedelta(seconds=30)
OURS = "It failed for a reason of ours, which is in the log."
WORK = "apps.media.tasks.work"


class Hopeless(Exception):
    """The file is to blame and another try would end alike; the text is a sentence for the editor."""


class Failed(Exception):
    """It did not work this time: a sentence for the editor, and the end of the tool's log."""

    def __init__(self, cause: str, tail: str = "") -> None:
        super().__init__(cause)
        self.cause, self.tail = cause, tail


class NotNow(Exception):
    """Nothing is wrong with the file, but the disk is full or the storage is away: it goes on by itself. A
    sentence for the editor, and the end of the tool's log."""

    def __init__(self, cause: str, tail: str = "") -> None:
        super().__init__(cause)
        self.cause, self.tail = cause, tail


@dataclass(frozen=True, slots=True)
class Done:
    """What a step made: for its row, for the job's plan, the steps that follow from it.

    `publish` is called in the transaction that ends the step, if it is still this worker's.
    """

    result: dict[str, Any] = field(default_factory=dict)
    plan: dict[str, Any] = field(default_factory=dict)
    then: tuple[NewStep, ...] = ()
    publish: Callable[[], None] | None = None


@dataclass(slots=True)
class Doing:
    """A step under way. `stop` is set when it is lost, cancelled, or the worker is told to end."""

    lease: Lease
    stop: Event = field(default_factory=Event)
    progress: Progress = field(default_factory=lambda: Progress(0.0))

    @property
    def step(self) -> Step:
        return self.lease.step

    def tell(self, progress: Progress) -> None:
        self.progress = progress


STEPS: dict[str, Callable[[Doing], Done]] = {}
_hands: dict[int, Semaphore] = {}
_hands_lock = Lock()


def step(kind: str) -> Callable[[Callable[[Doing], Done]], Callable[[Doing], Done]]:
    """Registers what does the steps named `kind` or `kind-…`."""

    def register(function: Callable[[Doing], Done]) -> Callable[[Doing], Done]:
        STEPS[kind] = function
        return function

    return register


def wake() -> None:
    """Have an idle worker look for steps, unless one is about to."""
    background.enqueue_once(WORK)


def look_around() -> None:
    """For the ticker: steps whose time has come, or whose worker died, do not wait for anybody's call."""
    if Step.objects.claimable().exists():
        wake()


def work() -> int:
    """Do what there is to do, `ENCODES_AT_ONCE` steps at a time in this process; how many were done."""
    hands = _hands_of(os.getpid())
    if not hands.acquire(blocking=False):
        return 0
    done = 0
    try:
        while not background.stopping.is_set() and (lease := jobs.claim(worker_name())):
            look_around()
            do(lease)
            done += 1
    finally:
        hands.release()
    return done


def _hands_of(process: int) -> Semaphore:
    """The process's own, for a forked child has hands of its own."""
    with _hands_lock:
        return _hands.setdefault(process, Semaphore(settings.ENCODES_AT_ONCE))


def worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"[:100]


def do(lease: Lease) -> None:
    """One step, and what became of it. What is none of the ways a step may end is a bug: told, and raised."""
    ended = False
    with _kept(lease) as doing:
        try:
            _try(doing)
            ended = True
        except LostLease:
            log.warning("step lost", extra={"step": lease.step.pk})
            ended = True
        finally:
            if not ended:
                with suppress(LostLease):
                    jobs.fail(lease, OURS)


def _try(doing: Doing) -> None:
    lease = doing.lease
    try:
        done = STEPS[lease.step.name.partition("-")[0]](doing)
        with transaction.atomic():
            jobs.finish(lease, result=done.result, plan=done.plan, then=done.then)
            if done.publish:
                done.publish()
    except Hopeless as refusal:
        jobs.fail(lease, str(refusal), for_good=True)
    except Failed as failure:
        if doing.stop.is_set():
            jobs.let_go(lease)
        else:
            jobs.fail(lease, failure.cause, log=failure.tail)
    except NotNow as reason:
        jobs.postpone(lease, reason.cause, by=AGAIN_IN, log=reason.tail)


@contextmanager
def _kept(lease: Lease) -> Iterator[Doing]:
    """Renew the lease every few seconds, in a thread of its own, until the block ends."""
    doing, over = Doing(lease), Event()
    thread = Thread(target=_keep, args=(doing, over), name=f"lease-{lease.step.pk}", daemon=True)
    thread.start()
    try:
        yield doing
    finally:
        over.set()
        thread.join()


def _keep(doing: Doing, over: Event) -> None:
    try:
        while not over.wait(settings.MEDIA_LEASE_S / BEATS):
            if background.stopping.is_set():
                doing.stop.set()
            try:
                jobs.renew(doing.lease, doing.progress)
            except LostLease:
                doing.stop.set()
                return
            except STORE_ERRORS:
                # PostgreSQL is away: the lease may run out, and then the fence decides.
                connection.close()
    finally:
        connection.close()
