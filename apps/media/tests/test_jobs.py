"""Jobs people can trust: one worker a step, nothing lost with a worker, nothing held up by a bad file."""

import os
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from random import Random
from threading import Thread
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.db.models.functions import Now

from apps.media.models import Asset, AssetState, Job, JobState, Step
from apps.media.services import jobs
from apps.media.services.jobs import JobEnded, JobGoesOn, Lease, LostLease, NewStep, Progress
from apps.media.signals import job_quarantined

pytestmark = pytest.mark.django_db(transaction=True)
SEED = int(os.environ.get("JOBS_SEED", "20261123"))


def opened(*steps: tuple[str, int], priority: int = 0) -> Job:
    asset = Asset.objects.create(name="master.mp4", state=AssetState.UPLOADED)
    new = [NewStep(name, stage) for name, stage in steps or [("probe", 0)]]
    return jobs.open_job(asset, Job.Kind.PACKAGE, new, priority=priority, by=None)


def claimed(worker: str = "w1") -> Lease:
    lease = jobs.claim(worker)
    assert lease is not None
    return lease


def lost(lease: Lease) -> None:
    """Its worker has been silent for longer than the lease."""
    Step.objects.filter(lease.held).update(lease_until=Now() - timedelta(seconds=1))


def due_now() -> None:
    Step.objects.update(due_at=Now())


def again(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def test_stages_follow_each_other_and_one_stage_runs_side_by_side() -> None:
    opened(("probe", 0), ("video-1", 1), ("video-2", 1), ("publish", 2))
    probe = claimed()
    assert jobs.claim("w2") is None

    jobs.finish(probe)
    first, second = claimed("w1"), claimed("w2")
    assert {first.step.name, second.step.name} == {"video-1", "video-2"}
    assert jobs.claim("w3") is None

    jobs.finish(first)
    assert jobs.claim("w3") is None
    jobs.finish(second)
    assert claimed("w3").step.name == "publish"


def test_the_last_step_ends_the_job_and_says_so() -> None:
    job = opened(("probe", 0))
    assert not jobs.finish(claimed(), plan={"fps": "25/1"}, then=[NewStep("encode", 1)])
    lease = claimed()
    assert lease.step.facts == {"fps": "25/1"}

    assert jobs.finish(lease)

    assert (again(job).state, again(job).ended_at is not None) == (JobState.DONE, True)


def test_the_higher_priority_goes_first_then_the_older() -> None:
    old, new, urgent = opened(), opened(), opened(priority=5)

    assert [claimed().step.job_id for _ in range(3)] == [urgent.pk, old.pk, new.pk]


def test_a_lease_that_runs_out_is_claimed_by_the_next_and_its_former_holder_writes_nothing() -> None:
    job = opened()
    dead = claimed("w1")
    assert jobs.claim("w2") is None

    lost(dead)
    alive = claimed("w2")

    assert (alive.step.losses, alive.fence) == (1, dead.fence + 1)
    writes: list[Callable[[], Any]] = [
        lambda: jobs.renew(dead, Progress(0.5)),
        lambda: jobs.finish(dead, plan={"stolen": True}, then=[NewStep("twice", 1)]),
        lambda: jobs.fail(dead, "It was me."),
    ]
    for write in writes:
        with pytest.raises(LostLease):
            write()
    jobs.let_go(dead)
    jobs.postpone(dead, "no room", by=timedelta(hours=1))
    assert again(job).plan == {}
    assert job.steps.count() == 1
    assert jobs.finish(alive)


def test_a_renewed_lease_stays_and_tells_how_far_it_is() -> None:
    opened()
    lease = claimed()
    Step.objects.update(lease_until=Now() + timedelta(seconds=1))

    jobs.renew(lease, Progress(0.25, speed=1.5, eta_s=30.0, log="frame=100"))

    step = Step.objects.get()
    assert (step.done, step.speed, step.eta_s, step.log) == (0.25, 1.5, 30.0, "frame=100")
    assert Step.objects.filter(lease_until__gt=Now() + timedelta(seconds=25)).exists()


def test_a_failure_is_tried_again_later_and_the_third_is_the_last() -> None:
    job, other = opened(), opened()
    told: list[str] = []
    job_quarantined.connect(hear := lambda cause, **_: told.append(cause))

    for attempt in (1, 2, 3):
        lease = claimed()
        assert lease.step.job_id == job.pk
        jobs.fail(lease, "ffmpeg ended with 1.", log="x" * 20_000)
        assert claimed("other").step.job_id == other.pk, "a bad file holds up nobody"
        Step.objects.filter(job=other).update(state="waiting")
        assert Step.objects.get(job=job).attempts == attempt
        due_now()

    assert (again(job).state, again(job).cause) == (JobState.QUARANTINED, "ffmpeg ended with 1.")
    assert told == ["ffmpeg ended with 1."]
    assert len(Step.objects.get(job=job).log) == jobs.LOG_KEPT
    job_quarantined.disconnect(hear)


def test_what_would_end_alike_is_not_tried_again() -> None:
    job = opened()

    jobs.fail(claimed(), "This is no video.", for_good=True)

    assert again(job).state == JobState.QUARANTINED
    assert jobs.claim("w2") is None


def test_a_step_whose_workers_keep_dying_is_quarantined() -> None:
    job = opened()
    for _ in range(jobs.MOST_LOSSES):
        lost(claimed())

    assert jobs.claim("w9") is None
    assert again(job).state == JobState.QUARANTINED
    assert "died" in again(job).cause


def test_a_full_disk_costs_no_try() -> None:
    job = opened()
    jobs.postpone(claimed(), "There is no room on the disk.", by=timedelta(minutes=1))
    assert jobs.claim("w1") is None

    due_now()

    assert claimed().step.attempts == 0
    assert again(job).state == JobState.RUNNING


def test_a_worker_that_stops_gives_its_step_back_at_once() -> None:
    opened()
    jobs.let_go(claimed("w1"))

    lease = claimed("w2")
    assert (lease.step.attempts, lease.step.losses) == (0, 0)


def test_a_cancelled_job_is_left_at_the_next_renewal_and_can_begin_again() -> None:
    job = opened(("probe", 0), ("encode", 1))
    jobs.finish(claimed())
    lease = claimed()

    jobs.cancel(job)

    with pytest.raises(LostLease):
        jobs.renew(lease)
    assert jobs.claim("w2") is None
    with pytest.raises(JobEnded):
        jobs.cancel(job)
    jobs.begin_again(job)
    assert claimed().step.name == "encode", "what was done stays done"
    with pytest.raises(LostLease):
        jobs.finish(lease)


def test_only_what_ended_badly_begins_again() -> None:
    job = opened()
    with pytest.raises(JobGoesOn):
        jobs.begin_again(job)
    jobs.finish(claimed())
    with pytest.raises(JobGoesOn):
        jobs.begin_again(job)


def test_an_asset_has_one_open_job_of_a_kind() -> None:
    job = opened()
    with pytest.raises(IntegrityError):
        jobs.open_job(job.asset, Job.Kind.PACKAGE, [], by=None)
    jobs.cancel(job)
    assert jobs.open_job(job.asset, Job.Kind.PACKAGE, [], by=None).pk


def work_and_die(name: str, dice: Random, effects: "Counter[tuple[int, str]]") -> None:
    """A worker that now and then falls silent, and then is dead, or only frozen and goes on."""
    while Job.objects.exclude(state=JobState.DONE).exists():
        lease = jobs.claim(name)
        if lease is None:
            continue
        if dice.random() < 0.15 and lease.step.losses < jobs.MOST_LOSSES - 2:
            lost(lease)
            if dice.random() < 0.5:
                continue
        with suppress(LostLease):
            jobs.finish(lease)
            effects[lease.step.job_id, lease.step.name] += 1


def test_many_workers_that_die_at_random_do_each_step_once_in_effect() -> None:
    sys.stdout.write(f"JOBS_SEED={SEED}\n")
    stages = [("probe", 0), *[(f"video-{n}", 1) for n in range(6)], ("publish", 2)]
    work = [opened(*stages) for _ in range(4)]
    effects: Counter[tuple[int, str]] = Counter()

    def worker(number: int) -> None:
        try:
            work_and_die(f"w{number}", Random(SEED + number), effects)  # noqa: S311 it has to repeat itself
        finally:
            connection.close()

    threads = [Thread(target=worker, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert not any(thread.is_alive() for thread in threads)
    assert len(effects) == len(stages) * len(work)
    assert set(effects.values()) == {1}
