"""A few seconds of a film are tried, and its bit rates follow: with the real encoder and the real measure."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from django.utils import timezone

from apps.media import ladder, packager, per_title
from apps.media.facts import Source
from apps.media.ladder import Options, Plan
from apps.media.models import AssetState, Job, JobState, Leftover, Step
from apps.media.packager import picture, trial
from apps.media.per_title import LEAST, MOST, Point
from apps.media.services import jobs, working

from . import footage
from .making import asset_of, due, lying, made, owned, uploaded

LOW = Options(heights=(144,), preset="ultrafast")
FLAT = "color=c=teal:size=320x180:rate=25:duration=4"
NOISE = f"{FLAT},noise=alls=90:allf=t"


def film(folder: Path, graph: str) -> Path:
    path = folder / "film.mp4"
    footage.ffmpeg(*footage.lavfi(graph), *footage.H264.split(), "-crf", "12", str(path))
    return path


def planned(source: Source, options: Options = LOW) -> Plan:
    plan = ladder.plan(source, options)
    assert plan
    return plan


def tried(path: Path, plan: Plan, folder: Path) -> list[tuple[Point, ...]]:
    """The points of each sample; `sample-0` and so on keep what was encoded for them."""
    found = []
    for sample in per_title.samples(plan):
        place = folder / f"sample-{sample.number}"
        place.mkdir(parents=True)
        found.append(packager.try_sample(path, plan, sample, place, packager.Watch()))
    return found


# --- Trials ------------------------------------------------------------------------------------------


def test_a_flat_film_gets_lower_caps_than_a_noisy_one_and_the_same_each_time(tmp_path: Path) -> None:
    plan = planned(replace(footage.source("plain"), audios=()))
    factors = {}
    for name, graph in {"flat": FLAT, "noise": NOISE}.items():
        folder = tmp_path / name
        folder.mkdir()
        path = film(folder, graph)
        first, second = tried(path, plan, folder / "1"), tried(path, plan, folder / "2")
        assert first == second
        factors[name] = per_title.factor(plan, first)

    assert factors == {"flat": LEAST, "noise": MOST}


@pytest.mark.parametrize("name", ["counted", "counted_mkv", "counted_ts"])
def test_the_frames_that_are_tried_are_the_samples_own(name: str, tmp_path: Path) -> None:
    plan = planned(footage.source(name))

    points = tried(footage.clip(name), plan, tmp_path)

    samples = per_title.samples(plan)
    assert [one.first for one in samples] == [0, 100]
    for sample, (better, worse) in zip(samples, points, strict=True):
        assert better.bps > worse.bps
        assert better.vmaf >= worse.vmaf > 50
        shown = list(range(sample.first, sample.first + sample.frames))
        assert footage.numbers(tmp_path / f"sample-{sample.number}" / "trial-20.mp4") == shown


@pytest.mark.parametrize("name", ["hdr", "rgb", "interlaced", "rotated", "anamorphic", "slides"])
def test_odd_pictures_are_compared_with_themselves_as_they_will_be_seen(name: str, tmp_path: Path) -> None:
    points = tried(footage.clip(name), planned(footage.source(name)), tmp_path)

    assert all(better.vmaf > 93 for better, _ in points)


def test_what_is_missing_at_the_end_is_not_tried(tmp_path: Path) -> None:
    assert tried(footage.clip("cut_off"), planned(footage.source("cut_off")), tmp_path) == [()]


def test_a_trial_is_encoded_as_the_film_but_for_its_cap() -> None:
    plan = planned(footage.source("plain"))
    rung = per_title.top(plan)

    film_ = list(picture.output(plan, rung, "x", 23))
    free = list(picture.output(plan, replace(rung, max_rate=0), "x", 23))

    at = film_.index("-maxrate")
    assert film_[at : at + 4] == ["-maxrate", "160000", "-bufsize", "320000"]
    assert free == film_[:at] + film_[at + 4 :]


def test_a_trial_can_be_stopped(tmp_path: Path) -> None:
    stop, plan = Event(), planned(footage.source("plain"))
    stop.set()

    with pytest.raises(packager.Stopped):
        packager.try_sample(footage.clip("plain"), plan, plan.chunks[0], tmp_path, packager.Watch(stop))


@pytest.mark.parametrize(
    "log",
    [
        "", "[]", "7", "{", '{"pooled_metrics": {"vmaf": {"mean": "93"}}}', '{"pooled_metrics": null}',
        '{"pooled_metrics": {"vmaf": {"mean": NaN}}}', '{"pooled_metrics": {"vmaf": {"mean": 1e999}}}',
        "[" * 100_000, '{"x": "' + " " * trial.MOST_LOG + '"}',
    ],
)  # fmt: skip
def test_a_log_that_says_no_score_is_no_score(log: str, tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    path.write_text(log)

    with pytest.raises(packager.Broken):
        trial.score(path)


@pytest.mark.parametrize(("mean", "score"), [(93.25, 93.25), (-1.0, 0.0), (101.5, 100.0)])
def test_a_score_lies_within_its_scale(mean: float, score: float, tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    path.write_text(f'{{"pooled_metrics": {{"vmaf": {{"mean": {mean}}}}}}}')

    assert trial.score(path) == score


# --- The step ----------------------------------------------------------------------------------------


@pytest.fixture
def _a_clean_house(transactional_db: None, settings: Any) -> Iterator[None]:
    settings.LADDER_HEIGHTS = [144, 240]
    yield
    Leftover.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    assert lying() == owned()


def caps(job: Job) -> list[int]:
    return [rung["max_rate"] for rung in job.plan["ladder"]["rungs"]]


def chosen(job: Job) -> list[str]:
    return [one["told"] for one in asset_of(job).findings if one["told"].startswith("Bit rates")]


@pytest.mark.usefixtures("_a_clean_house")
def test_a_film_is_encoded_with_the_caps_that_its_trials_call_for(settings: Any) -> None:
    settings.PER_TITLE = True

    job = made(footage.clip("flash"))

    assert (job.state, job.cause, asset_of(job).state) == (JobState.DONE, "", AssetState.READY)
    assert caps(job) == [56_000, 81_000]
    assert chosen(job) == ["Bit rates chosen for this film: top rung at most 81 kbit/s instead of 231."]
    stages = {step.name: step.stage for step in job.steps.all()}
    assert stages["trial"] < stages["video-000"] < stages["finish"]
    ((better, worse),) = job.steps.get(name="trial").result["trials"]
    assert (better[1] > 93, better[0] >= worse[0]) == (True, True)


@pytest.mark.usefixtures("_a_clean_house")
def test_nothing_is_tried_unless_the_site_wants_it() -> None:
    job = made(footage.clip("flash"))

    assert asset_of(job).state == AssetState.READY
    assert caps(job) == [160_000, 231_000]
    assert chosen(job) == []
    assert not job.steps.filter(name="trial").exists()


@pytest.mark.usefixtures("_a_clean_house")
def test_sound_alone_is_not_tried(settings: Any) -> None:
    settings.PER_TITLE = True

    job = made(footage.clip("sound_only"))

    assert asset_of(job).state == AssetState.READY
    assert not job.steps.filter(name="trial").exists()


@pytest.mark.usefixtures("_a_clean_house")
def test_a_film_whose_trials_fail_is_made_with_the_caps_of_every_film(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """VMAF refuses so small a picture, which is why none is tried otherwise."""
    settings.PER_TITLE = True
    monkeypatch.setattr(per_title, "LEAST_SIDE", 2)
    job = uploaded(film(tmp_path, "testsrc2=size=16x16:rate=25:duration=2"))

    for _ in range(jobs.MOST_ATTEMPTS):
        working.work()
        due()

    job.refresh_from_db()
    assert (job.state, job.cause) == (JobState.DONE, "")
    assert Step.objects.get(job=job, name="trial").attempts == jobs.MOST_ATTEMPTS - 1
    assert chosen(job) == ["Bit rates could not be tried on this film; it has those of every film."]
