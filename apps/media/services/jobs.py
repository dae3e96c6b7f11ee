"""Jobs people can trust: claimed under a lease, fenced, tried again, given up with a cause.

Time is the database's, so workers need no common clock. A lease that nobody renews runs out, and the step
is claimed by the next who asks; the fence in it makes whatever the former holder still writes hit nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import PermissionsMixin
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from apps.core.errors import DomainError
from apps.media.models import Asset
from apps.media.models.job import ENDED, Job, JobState, Step
from apps.media.signals import job_quarantined

from . import assets

MOST_ATTEMPTS, MOST_LOSSES = 3, 5
BACKOFF = timedelta(seconds=20)
LOG_KEPT = 8_000  # characters of a step's log
State = Step.State


def lease_time() -> timedelta:
    """How long a worker may be silent before another takes its step."""
    return timedelta(seconds=settings.MEDIA_LEASE_S)


class LostLease(Exception):
    """Somebody else has the step now, or it was cancelled: stop, and write nothing more."""


class JobEnded(DomainError):
    code = "job_ended"
    status = 409
    detail = "This job has ended."


class JobGoesOn(DomainError):
    code = "job_goes_on"
    status = 409
    detail = "This job has not ended: there is nothing to begin again."


@dataclass(frozen=True, slots=True)
class NewStep:
    """What is to be done: `stage` orders steps, `weight` is its expected work in seconds."""

    name: str
    stage: int
    weight: float = 1.0
    given: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to do a step until it runs out."""

    step: Step
    fence: int

    @property
    def held(self) -> Q:
        return Q(pk=self.step.pk, fence=self.fence, state=State.RUNNING)


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` from 0 to 1; `speed` in seconds of media a second; `eta_s` in seconds."""

    done: float
    speed: float | None = None
    eta_s: float | None = None
    log: str = ""


def open_job(
    asset: Asset, kind: Job.Kind, steps: Iterable[NewStep], *, priority: int = 0, by: PermissionsMixin | None
) -> Job:
    """A job that begins as soon as a worker is free. Raises IntegrityError where one of the kind is open."""
    with transaction.atomic():
        job = Job.objects.create(
            asset=asset, kind=kind, priority=priority, created_by_id=by.pk if by else None
        )
        _add(job, steps)
    return job


def _add(job: Job, steps: Iterable[NewStep]) -> None:
    Step.objects.bulk_create(
        Step(job=job, name=one.name, stage=one.stage, weight=one.weight, given=one.given) for one in steps
    )


# --- For workers -------------------------------------------------------------------------------------


def claim(worker: str) -> Lease | None:
    """The next step that is to be done, for this worker; None when there is none.

    A step whose workers died over it `MOST_LOSSES` times is taken for the cause, and its job quarantined.
    """
    while True:
        with transaction.atomic():
            step = (
                Step.objects.claimable()
                .next_first()
                .select_for_update(skip_locked=True, of=("self",))
                .first()
            )
            if step is None:
                return None
            lost = step.state == State.RUNNING
            if lost and step.losses + 1 >= MOST_LOSSES:
                told = "The worker died over it again and again; nothing else was held up."
                _quarantine(step, told, losses=step.losses + 1)
                continue
            return _take(step, worker, lost=lost)


def _take(step: Step, worker: str, *, lost: bool) -> Lease:
    fence = step.fence + 1
    Step.objects.filter(pk=step.pk).update(
        state=State.RUNNING, fence=fence, worker=worker, lease_until=Now() + lease_time(), began_at=Now(),
        losses=step.losses + lost, done=0.0, speed=None, eta_s=None,
    )  # fmt: skip
    Job.objects.filter(pk=step.job_id, state=JobState.WAITING).update(state=JobState.RUNNING)
    taken = Step.objects.select_related("job__asset").get(pk=step.pk)
    return Lease(taken, fence)


def renew(lease: Lease, progress: Progress | None = None) -> None:
    """Keep the step, and tell how far it is. Raises `LostLease`."""
    told: dict[str, Any] = {}
    if progress is not None:
        told = {
            "done": min(1.0, max(0.0, progress.done)), "speed": progress.speed, "eta_s": progress.eta_s,
            "log": progress.log[-LOG_KEPT:],
        }  # fmt: skip
    held = Step.objects.filter(lease.held, job__state=JobState.RUNNING)
    if not held.update(lease_until=Now() + lease_time(), **told):
        raise LostLease


def remember(lease: Lease, **facts: Any) -> None:
    """Add to what the step is given, for its next try. Raises `LostLease`."""
    lease.step.given |= facts
    if not Step.objects.filter(lease.held).update(given=lease.step.given):
        raise LostLease


def let_go(lease: Lease) -> None:
    """Give the step back undone, because the worker stops: the next one begins it at once."""
    Step.objects.filter(lease.held).update(
        state=State.WAITING, due_at=Now(), lease_until=None, worker="", done=0.0, speed=None, eta_s=None
    )


def finish(
    lease: Lease, *, result: dict[str, Any] | None = None, plan: dict[str, Any] | None = None,
    then: Iterable[NewStep] = (),
) -> bool:  # fmt: skip
    """The step is done; `plan` is added to the job's, `then` are steps that it made out. Raises `LostLease`.

    Call it in the transaction that publishes what the step made: both happen or neither. Whether that was
    the job's last step.
    """
    with transaction.atomic():
        job = _held_job(lease)
        Step.objects.filter(lease.held).update(
            state=State.DONE,
            done=1.0,
            ended_at=Now(),
            lease_until=None,
            eta_s=None,
            cause="",
            result=result or {},
        )
        _add(job, then)
        if plan:
            job.plan |= plan
        if last := not job.steps.exclude(state=State.DONE).exists():
            job.state, job.ended_at, job.cause = JobState.DONE, Now(), ""
        job.save(update_fields=["plan", "state", "ended_at", "cause", "updated_at"])
    return last


def _held_job(lease: Lease) -> Job:
    """The job, locked, with the step still this worker's."""
    job = Job.objects.select_for_update().get(pk=lease.step.job_id)
    held = Step.objects.select_for_update().filter(lease.held)
    if job.state != JobState.RUNNING or not held.exists():
        raise LostLease
    return job


def fail(lease: Lease, cause: str, *, for_good: bool = False, log: str = "") -> None:
    """It did not work; `cause` is a sentence for the editor. Tried again later, `MOST_ATTEMPTS` times in all.

    `for_good`: another try would end alike. Raises `LostLease`.
    """
    with transaction.atomic():
        _held_job(lease)
        step = Step.objects.get(pk=lease.step.pk)
        attempts = step.attempts + 1
        if log:
            Step.objects.filter(pk=step.pk).update(log=log[-LOG_KEPT:])
        if for_good or attempts >= MOST_ATTEMPTS:
            _quarantine(step, cause, attempts=attempts)
            return
        Step.objects.filter(pk=step.pk).update(
            state=State.WAITING, attempts=attempts, cause=cause[:500], lease_until=None, worker="",
            due_at=Now() + BACKOFF * 2 ** (attempts - 1), done=0.0, speed=None, eta_s=None,
        )  # fmt: skip


def postpone(lease: Lease, cause: str, *, by: timedelta, log: str = "") -> None:
    """It cannot be done now through no fault of the file (a full disk): again later, as if never tried."""
    Step.objects.filter(lease.held).update(
        state=State.WAITING, cause=cause[:500], lease_until=None, worker="", due_at=Now() + by, done=0.0,
        log=log,
    )  # fmt: skip


def _quarantine(step: Step, cause: str, **counted: int) -> None:
    Step.objects.filter(pk=step.pk).update(
        state=State.WAITING, cause=cause[:500], lease_until=None, worker="", **counted
    )
    job = Job.objects.select_related("asset").get(pk=step.job_id)
    Job.objects.filter(pk=job.pk).update(state=JobState.QUARANTINED, cause=cause[:500], ended_at=Now())
    _tell_asset(job, cause)
    transaction.on_commit(lambda: job_quarantined.send(Job, job_id=step.job_id, cause=cause))


# --- For people --------------------------------------------------------------------------------------


def cancel(job: Job) -> Job:
    """Nothing more of it is begun; who works on it learns so at the next renewal. Raises `JobEnded`."""
    with transaction.atomic():
        changed = Job.objects.filter(~Q(state__in=ENDED), pk=job.pk).update(
            state=JobState.CANCELLED, ended_at=Now(), cause="Cancelled."
        )
        if not changed:
            raise JobEnded
        _tell_asset(job, "The work on it was cancelled.")
    job.refresh_from_db()
    return job


def _tell_asset(job: Job, cause: str) -> None:
    """Without its package an asset has failed; one that can be played already is none the worse."""
    if job.kind == Job.Kind.PACKAGE:
        assets.failed(job.asset, cause)


def begin_again(job: Job) -> Job:
    """What was not done of a cancelled or quarantined job is tried anew. Raises `JobGoesOn`."""
    with transaction.atomic():
        ended = Job.objects.select_for_update().get(pk=job.pk)
        if ended.state not in (JobState.QUARANTINED, JobState.CANCELLED):
            raise JobGoesOn
        ended.steps.exclude(state=State.DONE).update(
            state=State.WAITING, fence=F("fence") + 1, attempts=0, losses=0, due_at=Now(), lease_until=None,
            worker="", cause="", done=0.0, speed=None, eta_s=None,
        )  # fmt: skip
        ended.state, ended.ended_at, ended.cause = JobState.WAITING, None, ""
        ended.save(update_fields=["state", "ended_at", "cause", "updated_at"])
    return ended


def set_priority(job: Job, priority: int) -> None:
    Job.objects.filter(~Q(state__in=ENDED), pk=job.pk).update(priority=priority)
