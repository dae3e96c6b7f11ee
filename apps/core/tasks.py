"""Housekeeping that no domain owns."""

import logging

from django.conf import settings
from procrastinate.contrib.django import app
from procrastinate.jobs import Status

from . import idempotency
from .jobs import task

log = logging.getLogger(__name__)

MOST_RESCUES = 5


@app.periodic(cron="* * * * * */10")
@app.task(name="apps.core.tasks.rescue_stalled_jobs", queueing_lock="rescue_stalled_jobs", priority=9)
async def rescue_stalled_jobs(timestamp: int) -> None:
    """Jobs whose worker died start again: the worker's heartbeat stopped long enough ago.

    One that was tried `MOST_RESCUES` times before is taken for the cause of those deaths, and fails.
    """
    silent_for = settings.WORKER_STALLED_AFTER_S
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=silent_for):
        told = {"job_id": job.id, "task": job.task_name, "attempts": job.attempts}
        if job.attempts >= MOST_RESCUES:
            log.error("job given up: its workers keep dying", extra=told)
            await app.job_manager.finish_job(job, status=Status.FAILED, delete_job=False)
        else:
            log.warning("job rescued", extra=told)
            await app.job_manager.retry_job(job)


@task(cron="17 * * * *")
def forget_old_answers() -> None:
    idempotency.forget_old_answers()
