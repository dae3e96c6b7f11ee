"""What becomes of a step in the hands of a worker."""

from collections.abc import Callable, Iterator
from threading import Timer
from typing import Any

import pytest
from django.db.models.functions import Now

from apps.core import jobs as background
from apps.media.models import Job, JobState, Step
from apps.media.services import jobs, working
from apps.media.services.jobs import NewStep
from apps.media.services.working import Doing, Done, Failed, Hopeless, NotNow

from .test_jobs import again, opened

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def deeds(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[dict[str, Callable[[Doing], Done]]]:
    """Kinds of steps for a test; leases are renewed so often that none has to wait for it."""
    settings.MEDIA_LEASE_S = 30
    monkeypatch.setattr(working, "BEATS", 600)
    known: dict[str, Callable[[Doing], Done]] = {}
    monkeypatch.setattr(working, "STEPS", known)
    yield known
    background.stopping.clear()


def test_a_job_runs_from_step_to_step_by_itself(deeds: dict[str, Any]) -> None:
    def probe(doing: Doing) -> Done:
        return Done(plan={"rungs": 2}, then=tuple(NewStep(f"video-{n}", 1) for n in range(2)))

    deeds["probe"] = probe
    deeds["video"] = lambda doing: Done(result={"rung": doing.step.name, "of": doing.step.facts["rungs"]})
    job = opened()

    working.look_around()
    background.work(["media"], 1, wait=False)

    assert again(job).state == JobState.DONE
    assert [step.result for step in job.steps.filter(stage=1)] == [
        {"rung": "video-0", "of": 2}, {"rung": "video-1", "of": 2},
    ]  # fmt: skip


def test_looking_around_wakes_nobody_twice_and_nobody_for_nothing(deeds: dict[str, Any]) -> None:
    # What another test left in the queue, which nobody empties between tests.
    background.work(["media"], 1, wait=False)
    working.look_around()
    assert background.enqueue_once(working.WORK)
    assert not background.enqueue_once(working.WORK)
    opened()
    working.look_around()


def test_each_way_to_end_is_told(deeds: dict[str, Any]) -> None:
    def refuse(doing: Doing) -> Done:
        raise {
            "bad": Hopeless("This is no video."),
            "dead": Failed("It broke.", "tail"),
            "full": NotNow("No room."),
        }[doing.step.name]

    deeds |= dict.fromkeys(("bad", "dead", "full"), refuse)
    bad, dead, full = opened(("bad", 0)), opened(("dead", 0)), opened(("full", 0))

    assert working.work() == 3

    assert (again(bad).state, again(bad).cause) == (JobState.QUARANTINED, "This is no video.")
    step = Step.objects.get(job=dead)
    assert (step.state, step.attempts, step.cause, step.log) == ("waiting", 1, "It broke.", "tail")
    step = Step.objects.get(job=full)
    assert (step.state, step.attempts, step.cause) == ("waiting", 0, "No room.")


def test_a_bug_costs_a_try_and_is_raised(deeds: dict[str, Any]) -> None:
    def buggy(doing: Doing) -> Done:
        raise ZeroDivisionError

    deeds["probe"] = buggy
    opened()

    with pytest.raises(ZeroDivisionError):
        working.work()

    assert (Step.objects.get().attempts, Step.objects.get().cause) == (1, working.OURS)


def test_what_cannot_be_published_leaves_the_step_undone(deeds: dict[str, Any]) -> None:
    def publish() -> None:
        Job.objects.update(priority=9)
        raise Failed("It may not be published.")

    deeds["probe"] = lambda doing: Done(plan={"x": 1}, publish=publish)
    job = opened()

    working.work()

    assert (again(job).plan, again(job).priority, again(job).state) == ({}, 0, JobState.RUNNING)


def test_who_lost_the_step_publishes_nothing(deeds: dict[str, Any]) -> None:
    published: list[str] = []

    def slow(doing: Doing) -> Done:
        Step.objects.update(fence=99)
        assert doing.stop.wait(10)
        return Done(publish=lambda: published.append("twice"))

    deeds["probe"] = slow
    job = opened()

    working.work()

    assert published == []
    assert again(job).state == JobState.RUNNING


def test_a_cancelled_job_is_stopped_in_the_middle(deeds: dict[str, Any]) -> None:
    def slow(doing: Doing) -> Done:
        jobs.cancel(doing.step.job)
        assert doing.stop.wait(10)
        raise Failed("Ended by us.")

    deeds["probe"] = slow
    job = opened()

    working.work()

    assert again(job).state == JobState.CANCELLED


def test_a_worker_that_is_told_to_stop_gives_its_step_back(deeds: dict[str, Any]) -> None:
    def slow(doing: Doing) -> Done:
        Timer(0.1, background.stopping.set).start()
        assert doing.stop.wait(10)
        raise Failed("Ended by us.")

    deeds["probe"] = slow
    opened()

    assert working.work() == 1

    step = Step.objects.get()
    assert (step.state, step.attempts, step.worker) == ("waiting", 0, "")
    assert Step.objects.filter(due_at__lte=Now()).exists()
