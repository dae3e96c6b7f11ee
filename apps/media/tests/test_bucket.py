"""The whole way with a bucket for storage: films become playable, whatever the way to the bucket does."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from threading import Thread
from time import time_ns
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone

from apps.media import origin
from apps.media.models import Asset, AssetState, Job, JobState, Leftover, Step
from apps.media.services import ingest, jobs, leftovers, masters, scratch, working
from apps.media.services.making import UNAVAILABLE_TOLD

from . import footage
from .buckets import Front, bucket_at, front
from .making import asset_of, due, lying, made, owned, stored, uploaded
from .test_making import SRT, long_film

pytestmark = pytest.mark.django_db(transaction=True)
SEED = int(os.environ.get("BUCKET_SEED", str(time_ns() % 10**6)))


@pytest.fixture
def way(s3: str, settings: Any) -> Iterator[Front]:
    """To the bucket that is the storage, which is empty."""
    settings.LADDER_HEIGHTS = [144]
    sys.stdout.write(f"BUCKET_SEED={SEED}\n")
    with front(s3, SEED) as made:
        settings.STORAGES = settings.STORAGES | {"default": bucket_at(made.url)}
        default_storage.bucket.create()  # type: ignore[attr-defined]
        yield made


@pytest.fixture(autouse=True)
def _nothing_is_left_behind(way: Front) -> Iterator[None]:
    yield
    way.rate = 0.0
    Leftover.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    assert lying() == owned()


def audit() -> None:
    """Every track that a row names is there, and is what the row says."""
    for asset in Asset.objects.filter(state=AssetState.READY):
        for track in (*asset.renditions.all(), *asset.audio_tracks.all(), *asset.subtitle_tracks.all()):
            assert origin.holds(origin.Stored(track.key, track.size, track.sha256)), track.key
        assert origin.holds(origin.Stored(asset.master_key, asset.master_size or 0, asset.master_sha256))


def stepped(times: int) -> None:
    for _ in range(times):
        lease = jobs.claim("w1")
        assert lease is not None
        working.do(lease)


# --- The whole way -----------------------------------------------------------------------------------


def test_a_film_with_all_its_tracks_lies_in_the_bucket_and_nothing_else(
    way: Front, tmp_path: Path, settings: Any
) -> None:
    settings.CHUNK_S = 4
    job = made(long_film(tmp_path, seconds=8))
    asset = asset_of(job)
    assert (job.cause, asset.state) == ("", AssetState.READY)
    assert job.steps.filter(name__startswith="video").count() == 2
    srt = tmp_path / "hindi.srt"
    srt.write_text(SRT, encoding="utf-8")
    for added in (
        made(srt, asset=asset, role="subtitles", language="hi"),
        made(footage.clip("sound_only"), asset=asset, role="audio", language="hi"),
    ):
        assert (added.state, added.cause) == (JobState.DONE, "")
    assert asset.audio_tracks.count() == 2
    audit()
    former = {key for key in stored() if key.startswith(asset.prefix)} | {asset.master_key}

    replaced = made(footage.clip("tiny"), asset=asset)

    assert (replaced.state, replaced.cause) == (JobState.DONE, "")
    audit()
    Leftover.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    assert lying() == owned()
    assert not former & stored()
    assert asset.subtitle_tracks.get().key in stored()


def test_a_tenth_of_all_requests_fails_and_the_film_is_whole(way: Front, tmp_path: Path) -> None:
    way.rate = 0.1
    job = uploaded(footage.clip("plain"))
    for _ in range(3):
        due()
        working.work()
    way.rate = 0.0

    job.refresh_from_db()
    assert (job.state, job.cause) == (JobState.DONE, "")
    sys.stdout.write(f"{len(way.done)} of {len(way.seen)} requests failed\n")
    assert way.done
    audit()


@pytest.mark.parametrize("fault", ["cut", "damage"])
def test_what_breaks_off_or_is_damaged_on_the_way_is_sent_again(
    way: Front, fault: str, tmp_path: Path
) -> None:
    data = os.urandom(3_000_000)
    sha256 = hashlib.sha256(data).hexdigest()
    way.rate, way.faults = 0.3, (fault,)
    for number in range(6):
        path = tmp_path / f"{number}"
        path.write_bytes(data)
        origin.put(path, f"{number}.mp4", sha256=sha256)
        origin.fetch(f"{number}.mp4", path, expect=sha256)
        assert path.read_bytes() == data
    way.rate = 0.0

    assert fault in way.done
    assert origin.sweep("") == 6


def test_a_storage_that_is_away_is_told_and_the_step_tried_again(s3: str, way: Front, settings: Any) -> None:
    options = bucket_at(way.url, attempts=1)["OPTIONS"] | {"bucket_name": default_storage.bucket_name}  # type: ignore[attr-defined]
    settings.STORAGES = settings.STORAGES | {"default": {**bucket_at(""), "OPTIONS": options}}
    job = uploaded(footage.clip("tiny"))
    stepped(1)
    way.rate, way.faults = 1.0, ("busy",)
    working.work()  # the probe has its master at hand
    step = job.steps.get(name="video-000")
    assert (step.state, step.attempts, step.cause) == (Step.State.WAITING, 0, UNAVAILABLE_TOLD)
    assert "503" in step.log
    assert Job.objects.get(pk=job.pk).state == JobState.RUNNING
    for _ in range(4):  # more often than a step is tried that fails
        due()
        working.work()
    assert job.steps.get(name="video-000").attempts == 0

    leftovers.disown("assets/nothing/")
    assert leftovers.sweep() == 0  # away, and told in the log; kept for later
    assert leftovers.is_kept("assets/nothing/")

    way.rate = 0.0
    due()
    working.work()

    assert asset_of(job).state == AssetState.READY
    audit()


def test_an_object_that_is_refused_its_deletion_is_not_forgotten(
    way: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bucket that forbids it says so within an answer that is well."""
    refusing = b"<DeleteResult><Error><Key>x</Key><Code>AccessDenied</Code></Error></DeleteResult>"
    default_storage.bucket.put_object(Key="assets/x/1", Body=b"1")  # type: ignore[attr-defined]
    way.instead = ("POST", refusing)

    with pytest.raises(origin.Unavailable, match="AccessDenied"):
        origin.sweep("assets/x/")

    way.instead = None
    assert origin.sweep("assets/x/") == 1


def test_an_upload_in_parts_that_was_never_ended_is_swept(way: Front) -> None:
    begun = default_storage.bucket.Object("assets/x/film.mp4").initiate_multipart_upload()  # type: ignore[attr-defined]
    begun.Part(1).upload(Body=b"1")
    assert len(stored()) == 1

    origin.sweep("assets/x/")

    assert stored() == set()


@pytest.mark.parametrize("is_folder", [False, True])
def test_a_worker_that_dies_after_it_has_stored_the_upload_loses_nothing(
    way: Front, settings: Any, is_folder: bool
) -> None:
    if is_folder:
        settings.STORAGES = settings.STORAGES | {
            "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}
        }
    job = uploaded(footage.clip("tiny"))
    lease = jobs.claim("doomed")
    assert lease is not None
    working.STEPS["store"](working.Doing(lease))  # and nobody tells that it is done
    Step.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

    working.work()

    assert asset_of(job).state == AssetState.READY
    audit()


# --- Masters at hand ---------------------------------------------------------------------------------


def test_a_machine_fetches_a_master_once_for_all_steps(way: Front, tmp_path: Path, settings: Any) -> None:
    settings.CHUNK_S = 4
    job = uploaded(long_film(tmp_path, seconds=8))
    stepped(1)
    key = Job.objects.get(pk=job.pk).plan["master"]["key"]
    fetched = way.count("GET", key)
    assert fetched == 1  # to compare what arrived
    stepped(1)
    assert way.count("GET", key) == fetched  # the upload was at hand
    settings.SCRATCH_DIR = tmp_path / "another machine"

    working.work()

    assert asset_of(job).state == AssetState.READY
    assert way.count("GET", key) == fetched + 1
    assert masters.sweep() == 1


def master_in(way: Front, tmp_path: Path, size: int = 2_000_000) -> tuple[str, str]:
    """Key and SHA-256 of a file in the bucket, which is swept after the test."""
    path = tmp_path / "master"
    path.write_bytes(os.urandom(size))
    sha256 = origin.digest(path)
    leftovers.note(origin.master_key(sha256))
    origin.put(path, origin.master_key(sha256))
    way.seen.clear()
    return origin.master_key(sha256), sha256


def test_two_that_want_a_master_at_once_fetch_it_once(way: Front, tmp_path: Path) -> None:
    key, sha256 = master_in(way, tmp_path)
    read: list[str] = []

    def want() -> None:
        with masters.at_hand(key, sha256) as path:
            read.append(origin.digest(path))
            assert masters.sweep() == 0  # somebody reads it
        connection.close()

    threads = [Thread(target=want) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert read == [sha256] * 6
    assert way.count("GET", key) == 1
    assert masters.sweep() == 1


FETCHES = """
import sys
import django
django.setup()
from apps.media.services import masters
with masters.at_hand(*sys.argv[1:]):
    pass
"""


def test_a_download_that_is_killed_leaves_nothing_that_is_read(way: Front, tmp_path: Path) -> None:
    key, sha256 = master_in(way, tmp_path)
    way.stall_at = key
    env = os.environ | {
        "S3_BUCKET": default_storage.bucket_name, "S3_ENDPOINT_URL": way.url, "S3_ACCESS_KEY": "key",  # type: ignore[attr-defined]
        "S3_SECRET_KEY": "secret", "SCRATCH_DIR": str(configured.SCRATCH_DIR),
    }  # fmt: skip
    process = subprocess.Popen([sys.executable, "-c", FETCHES, key, sha256], cwd=configured.BASE_DIR, env=env)
    assert way.stalled.wait(60)
    process.kill()
    process.wait()
    way.go_on.set()
    assert {path.suffix for path in (configured.SCRATCH_DIR / "masters").iterdir()} == {".part", ".lock"}

    with masters.at_hand(key, sha256) as path:
        assert origin.digest(path) == sha256
        assert path.stat().st_mode & 0o222 == 0

    assert masters.sweep() == 1
    assert not list((configured.SCRATCH_DIR / "masters").iterdir())


def test_a_master_is_kept_at_hand_as_long_as_a_job_is_open(way: Front) -> None:
    job = uploaded(footage.clip("tiny"))
    stepped(1)
    assert masters.sweep() == 0
    jobs.cancel(job)
    assert masters.sweep() == 1

    ingest.begin_again(job)
    working.work()

    assert asset_of(job).state == AssetState.READY


def test_a_folder_that_is_being_made_is_not_swept_from_under_its_maker(way: Front) -> None:
    over = timezone.now() + timedelta(seconds=1.5)

    def sweep() -> None:
        while timezone.now() < over:
            scratch.sweep()

    sweepers = [Thread(target=sweep) for _ in range(2)]
    for one in sweepers:
        one.start()
    while timezone.now() < over:
        with ExitStack() as stack:
            places = [stack.enter_context(scratch.folder()) for _ in range(5)]
            for place in places:
                (place / "file").write_bytes(b"x")
    for one in sweepers:
        one.join()
