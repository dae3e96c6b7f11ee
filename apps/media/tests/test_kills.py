"""Workers that are killed at any moment: every film is whole in the end, the same bytes, and nothing is left.

`KILLS=100 python manage.py test apps/media/tests/test_kills.py` is the long run; `KILLS_SEED` repeats one.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import connection
from django.utils import timezone

from apps.media.models import Asset, AssetState, Job, JobState, Leftover, Step
from apps.media.services import leftovers

from .making import asset_of, lying, made, owned, uploaded
from .test_making import digests, long_film

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alone]
KILLS = int(os.environ.get("KILLS", "5"))
SEED = int(os.environ.get("KILLS_SEED", str(time.time_ns() % 10**6)))
LEASE_S = 2
LONGEST_LIFE_S, PATIENCE_S = 6.0, 300.0


@contextmanager
def worker(tmp_path: Path, heights: str) -> "Iterator[subprocess.Popen[bytes]]":
    """A real one, on the stores of this test."""
    url = "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**connection.settings_dict)
    env = os.environ | {
        "DATABASE_URL": url, "OTTSITE_VAR": str(tmp_path), "LADDER_HEIGHTS": heights, "CHUNK_S": "4",
        "MEDIA_LEASE_S": str(LEASE_S),
    }  # fmt: skip
    command = [sys.executable, "manage.py", "worker", "--queues", "media"]
    with (tmp_path / "worker.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=configured.BASE_DIR, env=env, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def has_ended(job: Job) -> bool:
    job.refresh_from_db()
    return job.has_ended


def programs(tmp_path: Path) -> list[str]:
    """Command lines of what still works in the scratch folder of this test."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_text(errors="replace").replace("\0", " ")
        except OSError:
            continue
        if str(tmp_path) in line and "ffmpeg" in line:
            found.append(line)
    return found


def await_silence(tmp_path: Path) -> None:
    """The kernel ends a worker's programs with it; that may take it a moment."""
    ends_at = time.monotonic() + PATIENCE_S
    while left := programs(tmp_path):
        assert time.monotonic() < ends_at, left
        time.sleep(0.05)


def test_whoever_is_killed_the_film_is_whole(tmp_path: Path, settings: Any) -> None:
    sys.stdout.write(f"KILLS_SEED={SEED}\n")
    random = Random(SEED)  # noqa: S311 no secret
    settings.CHUNK_S, settings.LADDER_HEIGHTS = 4, [144, 240]
    film = long_film(tmp_path)
    reference = asset_of(made(film))
    expected = digests(reference)
    # As if it had never been: the same file is not made twice.
    Asset.objects.update(master_sha256="")
    kills = films = 0
    while kills < KILLS:
        job = uploaded(film)
        while not has_ended(job):
            with worker(tmp_path, "144,240") as process:
                if kills < KILLS:
                    time.sleep(random.uniform(0, LONGEST_LIFE_S))
                    kills += process.poll() is None and not has_ended(job)
                else:
                    await_end(job)
            await_silence(tmp_path)
            # A worker that died over it is not the film's fault, however often this test does that.
            Step.objects.update(losses=0)
        assert (job.state, job.cause) == (JobState.DONE, "")
        assert asset_of(job).state == AssetState.READY
        assert digests(asset_of(job)) == expected
        films += 1
        Asset.objects.update(master_sha256="")
    sys.stdout.write(f"{kills} kills, {films} films, all whole\n")
    Leftover.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    while leftovers.sweep():
        pass
    assert lying() - {"worker.log"} == owned()


def await_end(job: Job) -> None:
    ends_at = time.monotonic() + PATIENCE_S
    while not has_ended(job):
        assert time.monotonic() < ends_at, "it is not done after five minutes"
        time.sleep(0.2)
