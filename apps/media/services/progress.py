"""How far the work on a video is, in a few words and a number."""

from dataclasses import dataclass

from django.utils import timezone

from apps.media.models import Asset, Job, JobState, Step


@dataclass(frozen=True, slots=True)
class Progress:
    """`percent` from 0 to 100 of the steps known so far; `cause` is why it stands still, if it does."""

    state: str
    percent: float
    cause: str
    eta_s: float | None


def of(asset: Asset) -> Progress | None:
    """Of the last job on it; None: there was none."""
    job = asset.jobs.order_by("-created_at", "-id").prefetch_related("steps").first()
    return None if job is None else _of_job(job)


def _of_job(job: Job) -> Progress:
    steps = job.steps.all()
    waits = next((step.cause for step in steps if step.cause and step.state != Step.State.DONE), "")
    percent = 100.0 if job.state == JobState.DONE else 100 * job.done
    return Progress(job.state, round(percent, 1), job.cause or waits, job.eta_s(timezone.now()))
