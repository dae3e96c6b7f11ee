"""A file becomes an asset that can be played: the whole way, with the real programs and the real storage."""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import connection
from django.utils import timezone

from apps.media import origin
from apps.media.models import Asset, AssetState, AudioTrack, Job, JobState, Leftover, Rendition, Step
from apps.media.services import ingest, jobs, leftovers, making, working
from apps.media.services.making import FULL_TOLD

from . import footage
from .making import asset_of, due, lying, made, owned, uploaded

pytestmark = pytest.mark.django_db(transaction=True)
SRT = "1\n00:00:01,000 --> 00:00:03,000\nनमस्ते, खरगोश!\n"
# Slow to encode, or of no interest for the way through the steps; `test_packager` has them.
LEFT_OUT = {"high", "fps120", "still", "slides", "cut_off"}


@pytest.fixture(autouse=True)
def _a_low_ladder(settings: Any) -> None:
    settings.LADDER_HEIGHTS = [144, 240]


@pytest.fixture(autouse=True)
def _nothing_is_left_behind() -> Iterator[None]:
    yield
    Leftover.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    assert lying() == owned()


def long_film(tmp_path: Path, seconds: int = 12) -> Path:
    path = tmp_path / "long.mp4"
    inputs = footage.lavfi(footage.moving(seconds=seconds, rate="24"), footage.tone(seconds=seconds))
    coded = f"-c:v libx264 -preset ultrafast -pix_fmt yuv420p {footage.AAC}"
    footage.ffmpeg(*inputs, *coded.split(), str(path))
    return path


def digests(asset: Asset) -> dict[str, str]:
    tracks = (*asset.renditions.all(), *asset.audio_tracks.all())
    return {Path(one.key).name: one.sha256 for one in tracks}


@pytest.mark.parametrize("name", sorted(footage.CLIPS.keys() - LEFT_OUT))
def test_every_kind_of_film_can_be_played_afterwards(name: str) -> None:
    source = footage.source(name)

    job = made(footage.clip(name))

    asset = asset_of(job)
    assert (job.state, job.cause, asset.state) == (JobState.DONE, "", AssetState.READY)
    assert not [one for one in asset.findings if one["hard"]]
    assert asset.renditions.exists() is (source.video is not None)
    assert asset.audio_tracks.count() == len({(one.language, one.described) for one in source.audios})
    picture = source.video
    ends_ms = picture.start_ms + picture.duration_ms if picture else source.duration_ms
    assert abs((asset.duration_ms or 0) - ends_ms) <= 100
    for track in (*asset.renditions.all(), *asset.audio_tracks.all()):
        path = origin.local(track.key)
        assert path is not None
        assert hashlib.sha256(path.read_bytes()).hexdigest() == track.sha256
        assert path.stat().st_size == track.size


def test_chunks_are_joined_to_the_same_bytes_whoever_made_them(tmp_path: Path, settings: Any) -> None:
    settings.CHUNK_S = 4
    film = long_film(tmp_path)
    alone = asset_of(made(film))
    assert [step.name for step in alone.jobs.get().steps.filter(name__startswith="video")] == [
        "video-000", "video-001", "video-002",
    ]  # fmt: skip
    first = digests(alone)
    # As if it had never been: the same file is not made twice.
    Asset.objects.filter(pk=alone.pk).update(master_sha256="")

    settings.ENCODES_AT_ONCE = 3
    working._hands.clear()
    job = uploaded(film)
    threads = [Thread(target=_work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    working._hands.clear()

    job.refresh_from_db()
    assert job.state == JobState.DONE, job.cause
    assert digests(asset_of(job)) == first
    assert asset_of(job).duration_ms == 12_000


def _work() -> None:
    try:
        while working.work():
            pass
    finally:
        connection.close()


def test_what_was_finished_is_not_done_again(tmp_path: Path, settings: Any) -> None:
    settings.CHUNK_S = 4
    job = uploaded(long_film(tmp_path))
    for _ in range(3):  # store, probe, the first chunk
        lease = jobs.claim("w1")
        assert lease is not None
        working.do(lease)
    finished = dict(job.steps.filter(state=Step.State.DONE).values_list("name", "fence"))
    assert set(finished) == {"store", "probe", "video-000"}

    jobs.cancel(job)
    assert asset_of(job).state == AssetState.FAILED
    working.work()
    assert set(job.steps.filter(state=Step.State.DONE).values_list("name", flat=True)) == set(finished)

    ingest.begin_again(job)
    working.work()

    assert asset_of(job).state == AssetState.READY
    assert {name: job.steps.get(name=name).fence for name in finished} == finished


def test_a_job_whose_work_was_swept_begins_anew(tmp_path: Path, settings: Any) -> None:
    settings.CHUNK_S = 4
    job = uploaded(long_film(tmp_path))
    for _ in range(3):
        lease = jobs.claim("w1")
        assert lease is not None
        working.do(lease)
    jobs.cancel(job)
    Leftover.objects.filter(prefix__startswith="assets/").update(due_at=timezone.now())
    leftovers.sweep()

    ingest.begin_again(job)
    working.work()

    assert asset_of(job).state == AssetState.READY


def test_what_is_no_film_fails_with_a_sentence_for_the_editor(tmp_path: Path) -> None:
    text = tmp_path / "film.mp4"
    text.write_text("This is no film.")

    job = made(text)

    assert job.state == JobState.QUARANTINED
    assert asset_of(job).state == AssetState.FAILED
    assert asset_of(job).failure == job.cause
    assert job.cause.startswith("This is no film but a text file.")


def test_the_same_file_twice_is_told_and_kept_once() -> None:
    first = asset_of(made(footage.clip("tiny")))

    again = made(footage.clip("tiny"))

    assert again.state == JobState.QUARANTINED
    assert asset_of(again).duplicate_of == first
    assert f"“{first.name}”" in asset_of(again).failure


def test_a_new_master_takes_over_when_it_is_ready_and_not_before() -> None:
    asset = asset_of(made(footage.clip("tiny")))
    before = digests(asset)

    job = uploaded(footage.clip("mono"), asset=asset)
    for _ in range(3):
        lease = jobs.claim("w1")
        assert lease is not None
        working.do(lease)
    asset.refresh_from_db()
    assert (asset.state, digests(asset)) == (AssetState.READY, before)
    assert all(origin.local(track.key).exists() for track in asset.renditions.all())  # type: ignore[union-attr]

    working.work()

    asset.refresh_from_db()
    assert Job.objects.get(pk=job.pk).state == JobState.DONE
    assert digests(asset).keys() != before.keys()
    assert asset.filename == "mono.mp4"


def test_a_new_master_that_fails_leaves_the_old_one_playing(tmp_path: Path) -> None:
    asset = asset_of(made(footage.clip("tiny")))
    before = digests(asset)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(footage.clip("plain").read_bytes()[:20_000])

    job = made(broken, asset=asset)

    assert (job.state, job.asset.state) == (JobState.QUARANTINED, AssetState.READY)
    asset.refresh_from_db()
    assert digests(asset) == before


def test_it_is_made_again_with_the_settings_of_today(settings: Any) -> None:
    asset = asset_of(made(footage.clip("tiny")))
    former = asset.prefix
    settings.ENCODE_PRESET = "ultrafast"

    job = ingest.make_again(asset, by=None)
    working.work()

    job.refresh_from_db()
    asset.refresh_from_db()
    assert (job.state, asset.state) == (JobState.DONE, AssetState.READY)
    assert asset.prefix != former
    # Who plays the former tracks plays them to the end.
    assert leftovers.is_kept(former)
    assert origin.local(former).is_dir()  # type: ignore[union-attr]


def test_subtitles_and_a_dub_are_added_to_a_film(tmp_path: Path) -> None:
    asset = asset_of(made(footage.clip("plain")))
    srt = tmp_path / "hindi.srt"
    srt.write_text(SRT, encoding="utf-16")

    text = made(srt, asset=asset, role="subtitles", language="hi", sdh=True)
    dub = made(footage.clip("sound_only"), asset=asset, role="audio", language="hi")

    assert (text.state, text.cause, dub.state, dub.cause) == (JobState.DONE, "", JobState.DONE, "")
    subtitle = asset.subtitle_tracks.get()
    assert (subtitle.language, subtitle.sdh, subtitle.cues) == ("hi", True, 1)
    assert "नमस्ते, खरगोश!" in origin.local(subtitle.key).read_text()  # type: ignore[union-attr]
    track = AudioTrack.objects.get(asset=asset, language="hi")
    picture = Rendition.objects.filter(asset=asset).first()
    assert picture is not None
    seconds = [
        sum(row[0] for row in one.index["fragments"]) / one.index["timescale"] for one in (track, picture)
    ]
    assert seconds[0] == pytest.approx(seconds[1], abs=0.05)


def test_subtitles_that_cannot_be_read_say_why_and_change_nothing(tmp_path: Path) -> None:
    asset = asset_of(made(footage.clip("tiny")))
    bad = tmp_path / "subtitles.srt"
    bad.write_bytes(os.urandom(2000))

    job = made(bad, asset=asset, role="subtitles", language="en")

    assert job.state == JobState.QUARANTINED
    assert job.cause
    asset.refresh_from_db()
    assert (asset.state, asset.subtitle_tracks.count()) == (AssetState.READY, 0)


@pytest.fixture
def small_disk(settings: Any) -> Iterator[Callable[[str], None]]:
    """The scratch folder as a disk of its own; `small_disk("1m")` makes it another size."""
    place = Path(settings.SCRATCH_DIR)
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(place)], check=True)
    yield lambda size: subprocess.run(["mount", "-o", f"remount,size={size}", str(place)], check=True)  # type: ignore[misc]
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.mark.parametrize("is_foreseen", [True, False])
def test_a_full_disk_is_waited_for(
    small_disk: Callable[[str], None], is_foreseen: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not is_foreseen:
        monkeypatch.setattr(making, "_need_room", lambda *_: None)
    job = uploaded(footage.clip("plain"))

    working.work()

    step = job.steps.get(state=Step.State.WAITING, name__startswith="video")
    assert (step.cause, step.attempts) == (FULL_TOLD, 0)
    assert Job.objects.get(pk=job.pk).state == JobState.RUNNING

    small_disk("200m")
    due()
    working.work()

    assert asset_of(job).state == AssetState.READY


KILLED = """
import os, signal, sys
import django
django.setup()
from apps.media.services import jobs, working
from threading import Timer
lease = jobs.claim("doomed")
Timer(float(sys.argv[1]), lambda: os.kill(os.getpid(), signal.SIGKILL)).start()
working.do(lease)
"""


def test_a_worker_that_is_killed_leaves_no_program_and_no_file(tmp_path: Path, settings: Any) -> None:
    settings.CHUNK_S = 4
    job = uploaded(long_film(tmp_path))
    for _ in range(2):
        lease = jobs.claim("w1")
        assert lease is not None
        working.do(lease)
    database = connection.settings_dict
    url = "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database)
    env = os.environ | {
        "DATABASE_URL": url, "OTTSITE_VAR": str(tmp_path), "LADDER_HEIGHTS": "144,240", "CHUNK_S": "4",
    }  # fmt: skip

    killed = subprocess.run(
        [sys.executable, "-c", KILLED, "0.1"], env=env, cwd=configured.BASE_DIR, check=False
    )

    assert killed.returncode == -9
    ends_at = time.monotonic() + 60
    while [one for one in Path("/proc").glob("[0-9]*/cmdline") if str(settings.SCRATCH_DIR) in _read(one)]:
        # The kernel ends its programs with it, which may take it a moment.
        assert time.monotonic() < ends_at
        time.sleep(0.05)
    Step.objects.filter(state=Step.State.RUNNING).update(lease_until=timezone.now() - timedelta(seconds=1))
    working.work()

    assert asset_of(job).state == AssetState.READY
    assert job.steps.get(name="video-000").losses == 1


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


@pytest.mark.parametrize(
    ("suffix", "codec", "notes"),
    [
        (".mp4", "mov_text", []),
        (".mkv", "copy", [f"{one}: Markup that subtitles cannot have, removed: 1" for one in ("en", "hi")]),
    ],
)
def test_subtitles_within_the_film_become_tracks_of_it(
    tmp_path: Path, suffix: str, codec: str, notes: list[str]
) -> None:
    texts = {"eng": "Hello, rabbit!", "hin": "नमस्ते, खरगोश!"}
    inputs = list(footage.lavfi(footage.moving(seconds=4)))
    told = ["-map", "0:v"]
    for number, (language, said) in enumerate(texts.items()):
        srt = tmp_path / f"{language}.srt"
        srt.write_text(SRT.replace("नमस्ते, खरगोश!", f"{said}<table>"), encoding="utf-8")
        inputs += ["-i", str(srt)]
        told += ["-map", f"{number + 1}:s", f"-metadata:s:s:{number}", f"language={language}"]
    film = tmp_path / f"film{suffix}"
    coded = f"-c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:s {codec}"
    footage.ffmpeg(*inputs, *told, *coded.split(), str(film))

    asset = asset_of(made(film))

    assert asset.state == AssetState.READY
    shown = {one.language: origin.local(one.key).read_text() for one in asset.subtitle_tracks.all()}  # type: ignore[union-attr]
    assert shown.keys() == {"en", "hi"}
    assert "00:00:01.000 --> 00:00:03.000\nनमस्ते, खरगोश!" in shown["hi"]
    found = [one["told"] for one in asset.findings if one["told"].startswith("Subtitles in")]
    assert [one.partition(", the first")[0] for one in found] == [f"Subtitles in {one}" for one in notes]
