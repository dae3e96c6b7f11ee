"""The work on videos in the newsroom: looked at live, cancelled, begun again; what was made, and of what."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.catalog.tests.factories import load_groups, staff
from apps.media import probe
from apps.media.models import Asset, Job, JobState, Step
from apps.media.services import jobs, working

from . import footage
from .making import asset_of, made, uploaded

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def editor() -> User:
    load_groups()
    return staff("Editor", email="esha@example.com")


@pytest.fixture
def newsroom(editor: User, settings: Any) -> Client:
    settings.LADDER_HEIGHTS = [144]
    client = Client()
    client.force_login(editor)
    return client


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def post(client: Client, job: Job, deed: str) -> Job:
    assert client.post(f"/admin/media/job/{job.pk}/{deed}/").status_code == 302
    job.refresh_from_db()
    return job


def test_a_job_is_looked_at_while_it_runs(newsroom: Client) -> None:
    job = uploaded(footage.clip("tiny"))
    lease = jobs.claim("worker-7")
    assert lease is not None
    jobs.renew(lease, jobs.Progress(0.5, speed=2.0, eta_s=75, log="half way"))

    shown = page(newsroom, f"/admin/media/job/{job.pk}/work/")

    for said in ("worker-7", "50 %", "2.0", "75 s", "half way", "Take in the file"):
        assert said in shown, said
    assert "data-live-ended" not in shown
    assert "worker-7" in page(newsroom, f"/admin/media/job/{job.pk}/change/")


def test_the_cause_of_a_failure_is_told_in_plain_words(newsroom: Client, tmp_path: Path) -> None:
    text = tmp_path / "film.mp4"
    text.write_text("This is no film.")
    job = made(text)

    shown = page(newsroom, f"/admin/media/job/{job.pk}/change/")

    assert "This is no film but a text file." in shown
    assert "Try again" in shown
    assert "data-live-ended" in shown
    assert "This is no film but a text file." in page(newsroom, "/admin/")


def test_a_job_is_cancelled_and_begun_again(newsroom: Client) -> None:
    job = uploaded(footage.clip("tiny"))

    assert post(newsroom, job, "cancel").state == JobState.CANCELLED
    assert asset_of(job).failure == "The work on it was cancelled."
    assert post(newsroom, job, "again").state == JobState.WAITING
    working.work()

    assert asset_of(job).is_ready


def test_what_has_ended_cannot_be_cancelled_and_says_so(newsroom: Client) -> None:
    job = made(footage.clip("tiny"))

    assert post(newsroom, job, "cancel").state == JobState.DONE
    assert "This job has ended." in page(newsroom, f"/admin/media/job/{job.pk}/change/")


def test_the_urgent_goes_first(newsroom: Client) -> None:
    first, second = uploaded(footage.clip("tiny")), uploaded(footage.clip("mono"))
    post(newsroom, second, "sooner")

    lease = jobs.claim("worker")

    assert lease is not None
    assert lease.step.job_id == second.pk
    assert post(newsroom, second, "later").priority == 0
    assert Job.objects.get(pk=first.pk).priority == 0


def test_a_job_that_stalls_has_no_remaining_time_to_tell(newsroom: Client) -> None:
    job = uploaded(footage.clip("tiny"))
    Step.objects.filter(job=job).update(began_at=timezone.now() - timedelta(hours=1))

    assert "left" not in page(newsroom, f"/admin/media/job/{job.pk}/work/").partition("<table")[0]


@pytest.mark.parametrize("deed", ["cancel", "again", "sooner", "later"])
def test_only_who_may_upload_may_do_anything(newsroom: Client, deed: str) -> None:
    job = uploaded(footage.clip("tiny"))
    reviewer = Client()
    reviewer.force_login(staff("Reviewer", email="ravi@example.com"))

    assert reviewer.post(f"/admin/media/job/{job.pk}/{deed}/").status_code == 403
    assert newsroom.get(f"/admin/media/job/{job.pk}/{deed}/").status_code == 405
    job.refresh_from_db()
    assert (job.state, job.priority) == (JobState.WAITING, 0)


def test_a_video_tells_what_was_made_of_it(newsroom: Client) -> None:
    asset = asset_of(made(footage.clip("two_languages")))

    shown = page(newsroom, f"/admin/media/asset/{asset.pk}/change/")

    for said in ("144p", "256 × 144", "LUFS", "Make it playable", "Make it again", "Pictures out of it"):  # noqa: RUF001
        assert said in shown, said
    still = newsroom.get(f"/admin/media/asset/{asset.pk}/stills/0/")
    assert (still.status_code, still["Content-Type"]) == (200, "image/jpeg")
    assert b"".join(still.streaming_content)[:3] == b"\xff\xd8\xff"  # type: ignore[attr-defined]
    assert newsroom.get(f"/admin/media/asset/{asset.pk}/stills/99/").status_code == 404


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ten_bit", "10 bits"),
        ("five_one", "sound und: aac, 5.1"),
        ("twelve", "sound und: pcm_s16le, 12 channels"),
    ],
)
def test_a_video_tells_what_was_uploaded(newsroom: Client, name: str, said: str) -> None:
    facts = probe.probe(footage.clip(name))
    asset = Asset.objects.create(
        name=name,
        state="ready",
        duration_ms=facts.duration_ms,
        source=facts.to_json(),
        master_size=facts.size,
    )

    assert f"· {said}" in page(newsroom, f"/admin/media/asset/{asset.pk}/change/")


def test_what_is_odd_about_subtitles_is_told_at_the_video(newsroom: Client, tmp_path: Path) -> None:
    asset = asset_of(made(footage.clip("tiny")))
    srt = tmp_path / "french.srt"
    srt.write_text(
        "00:00:00,100 --> 00:00:01,000\nÇa va, garçon ?\n\n01:00:00,000 --> 01:00:02,000\nFin\n", "cp1252"
    )

    job = made(srt, asset=asset, role="subtitles", language="fr")

    shown = page(newsroom, f"/admin/media/asset/{asset.pk}/change/")
    assert (job.state, asset.subtitle_tracks.get().cues) == (JobState.DONE, 2)
    assert "it was read as cp1252" in shown
    assert "1 of 2 cues begin after the video&#x27;s end" in shown


def test_a_video_is_made_again(newsroom: Client) -> None:
    asset = asset_of(made(footage.clip("tiny")))
    former = asset.prefix

    assert newsroom.post(f"/admin/media/asset/{asset.pk}/again/").status_code == 302
    assert newsroom.post(f"/admin/media/asset/{asset.pk}/again/").status_code == 302
    assert "It is being worked on already." in page(newsroom, f"/admin/media/asset/{asset.pk}/change/")
    working.work()

    assert Asset.objects.get(pk=asset.pk).prefix != former


def test_lists_of_many_videos_ask_little(newsroom: Client, django_assert_max_num_queries: Any) -> None:
    for number in range(30):
        asset = Asset.objects.create(name=f"Film {number}")
        jobs.open_job(asset, Job.Kind.PACKAGE, [jobs.NewStep("store", 0)], by=None)

    for address in ("/admin/media/job/", "/admin/media/asset/"):
        with django_assert_max_num_queries(12):
            page(newsroom, address)
