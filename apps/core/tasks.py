"""Housekeeping that no domain owns."""

import logging

from django.conf import settings
from procrastinate.contrib.django import app

from . import idempotency
from .jobs import task

log = logging.getLogger(__name__)


@app.periodic(cron="* * * * * */10")
@app.task(name="apps.core.tasks.rescue_stalled_jobs", queueing_lock="rescue_stalled_jobs", priority=9)
async def rescue_stalled_jobs(timestamp: int) -> None:
    """Jobs whose worker died start again: the worker's heartbeat stopped long enough ago."""
    silent_for = settings.WORKER_STALLED_AFTER_S
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=silent_for):
        log.warning("job rescued", extra={"job_id": job.id, "task": job.task_name})
        await app.job_manager.retry_job(job)


@task(cron="17 * * * *")
def forget_old_answers() -> None:
    idempotency.forget_old_answers()
