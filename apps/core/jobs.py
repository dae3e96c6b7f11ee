"""Background work: a thin edge over Procrastinate, so that every task is rescued, logged and retried alike.

Enqueueing is an INSERT in the caller's transaction: the job exists if and only if the deed does.
"""

import asyncio
import logging
import signal
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import wraps
from typing import Any

import procrastinate
from django.conf import settings
from django.db import close_old_connections, transaction
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from . import logs

log = logging.getLogger(__name__)

# Set once this process was told to stop, for jobs that take long and can be left in the middle.
stopping = threading.Event()


def task(
    *, queue: str = "default", attempts: int = 5, cron: str = "", priority: int = 0
) -> Callable[[Callable[..., Any]], Any]:
    """Registers a function as a task, tried `attempts` times in all, ever later.

    Arguments are JSON and hold ids, never e-mails or tokens.

    `cron` (five fields, or six with the seconds last) makes it periodic. A task must be safe to run
    twice: a worker that dies is replaced, and its job starts again.
    """
    # Procrastinate counts the tries after the first, and takes 0 for no limit.
    again = procrastinate.RetryStrategy(max_attempts=attempts - 1, exponential_wait=2)
    retry: bool | procrastinate.RetryStrategy = again if attempts > 1 else False

    def register(function: Callable[..., Any]) -> Any:
        @wraps(function)
        def run(context: JobContext, **arguments: Any) -> Any:
            token = logs.context.set({"job_id": context.job.id, "task": context.job.task_name})
            close_old_connections()
            try:
                return function(**arguments)
            finally:
                close_old_connections()
                logs.context.reset(token)

        name = f"{function.__module__}.{function.__name__}"
        options: dict[str, Any] = {"queue": queue, "priority": priority, "name": name, "pass_context": True}
        if not cron:
            return app.task(**options, retry=retry)(run)
        registered = app.task(**options, queueing_lock=name)(_without_timestamp(run))
        app.periodic(cron=cron)(registered)
        return registered

    return register


def _without_timestamp(run: Callable[..., Any]) -> Callable[..., Any]:
    """Periodic tasks are handed the tick; ours read the clock."""

    @wraps(run)
    def tick(context: JobContext, timestamp: int) -> Any:
        return run(context)

    return tick


def enqueue(name: str, **arguments: Any) -> int:
    """Enqueue the task of that dotted name, in the current transaction; the job's id.

    By name, because services enqueue tasks and tasks call services.
    """
    return int(app.configure_task(name).defer(**arguments))


def enqueue_once(name: str) -> bool:
    """Enqueue the task of that dotted name unless one waits to be begun; whether it was."""
    try:
        with transaction.atomic():
            app.configure_task(name, queueing_lock=name).defer()
    except AlreadyEnqueued:
        return False
    return True


def work(queues: Sequence[str] | None, concurrency: int, *, wait: bool = True) -> bool:
    """Run jobs until told to stop (SIGTERM, SIGINT: the running jobs finish first).

    True when it was told, or, without `wait`, when nothing is left to do; False when PostgreSQL went away
    (or one of `core.errors.STORE_ERRORS`): Procrastinate's worker ends then, and the caller starts another.
    """
    options: dict[str, Any] = {
        "queues": list(queues) if queues else None,
        "concurrency": concurrency,
        "wait": wait,
        "delete_jobs": "successful",
        "install_signal_handlers": False,
        "shutdown_graceful_timeout": 20,
        "fetch_job_polling_interval": 5,
        "update_heartbeat_interval": settings.WORKER_HEARTBEAT_S,
        "stalled_worker_timeout": settings.WORKER_STALLED_AFTER_S,
    }
    with app.replace_connector(app.connector.get_worker_connector()):  # type: ignore[attr-defined]
        return asyncio.run(_work(options))


async def _work(options: dict[str, Any]) -> bool:
    told = asyncio.Event()

    def stop() -> None:
        stopping.set()
        told.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    async with app.open_async():
        worker = asyncio.create_task(app.run_worker_async(**options))
        waiting = asyncio.create_task(told.wait())
        await asyncio.wait({worker, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if not worker.done():
            # Its way to be told: it finishes what it has, then raises.
            worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker
    return told.is_set() or not options["wait"]
