"""Room for uploads, and how they end: given up, expired, lost, or handed over."""

import os
from datetime import timedelta
from threading import Barrier, Semaphore, Thread
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from apps.accounts.models import User
from apps.core.tests.problems import assert_problem
from apps.media import parts
from apps.media.models import Asset, AssetState, Job, JobState, Upload
from apps.media.services import uploads

from .senders import V1, Sender, file_of, noise, refused_field, upload_at

pytestmark = pytest.mark.django_db


# --- Room --------------------------------------------------------------------------------------------


def test_a_file_that_is_too_long_is_refused_before_its_first_byte(sender: Sender, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 1_500_000

    body = assert_problem(sender.begin(1_500_001), 413)

    assert body["most"] == 1_500_000
    assert "1.5 MB" in body["detail"]
    sender.begun(1_500_000)


def test_the_quota_counts_masters_and_what_is_on_its_way(sender: Sender, settings: Any) -> None:
    settings.UPLOAD_QUOTA_BYTES = 1000
    for key in ("assets/a/master", "assets/a/master", "assets/b/master"):
        Asset.objects.create(name="a", state=AssetState.UPLOADED, master_key=key, master_size=300)
    sender.begun(250)

    body = assert_problem(sender.begin(151), 507)

    assert (body["needed"], body["free"]) == (151, 150)
    path = sender.begun(150)
    sender.sent(path, noise(150))
    assert_problem(sender.begin(1), 507)


def test_the_disk_keeps_some_room_and_what_others_have_yet_to_send(sender: Sender, settings: Any) -> None:
    settings.UPLOAD_DIR.mkdir(parents=True)
    stat = os.statvfs(settings.UPLOAD_DIR)
    settings.UPLOAD_KEEP_FREE_BYTES = stat.f_bavail * stat.f_frsize - 5_000_000_000
    settings.UPLOAD_MAX_BYTES = 10**13
    sender.begun(4_000_000_000)

    body = assert_problem(sender.begin(4_000_000_000), 507)

    assert body["needed"] == 4_000_000_000
    assert body["free"] < 2_000_000_000
    assert "4.0 GB" in body["detail"]
    assert Upload.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_that_want_the_last_room_one_gets_it(esha: User, settings: Any) -> None:
    settings.UPLOAD_QUOTA_BYTES = 1000
    start, refused = Barrier(6), []

    def begin() -> None:
        start.wait()
        try:
            uploads.begin(uploads.Announced("a.mp4", 400), by=None)
        except uploads.room.NoRoom:
            refused.append(1)
        finally:
            connection.close()

    threads = [Thread(target=begin) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert Upload.objects.count() == 2
    assert len(refused) == 4


def test_so_many_send_at_once_and_no_more(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    path, places = sender.begun(3), Semaphore(1)
    monkeypatch.setattr(uploads, "_places", places)
    with places:
        body = sender.send(path, b"abc")
        assert_problem(body, 503)
        assert body["Retry-After"] == "5"
    assert sender.sent(path, b"abc") == 3
    assert places.acquire(blocking=False)


# --- Given up, expired, lost -------------------------------------------------------------------------


def test_an_upload_is_given_up(sender: Sender) -> None:
    path = sender.begun(10)
    sender.sent(path, b"12345")
    assert sender.client.delete(path, headers=V1).status_code == 204

    assert not Upload.objects.exists()
    assert list(settings.UPLOAD_DIR.iterdir()) == []
    assert_problem(sender.send(path, b"x", at=5), 404)


def test_what_has_arrived_is_not_taken_back(sender: Sender) -> None:
    path = sender.begun(3)
    sender.sent(path, b"abc")

    assert_problem(sender.client.delete(path, headers=V1), 409, "upload_complete")
    assert file_of(path).exists()


def test_an_upload_expires_some_time_after_its_last_byte(sender: Sender) -> None:
    path = sender.begun(10)
    Upload.objects.update(expires_at=timezone.now() + timedelta(minutes=1))
    sender.sent(path, b"12345")
    assert upload_at(path).expires_at > timezone.now() + timedelta(hours=settings.UPLOAD_EXPIRES_H - 1)
    assert uploads.sweep(timezone.now()) == 0

    Upload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert_problem(sender.send(path, b"x", at=5), 410)
    assert sender.client.head(path, headers=V1).status_code == 410
    assert uploads.sweep(timezone.now()) == 1
    assert not Upload.objects.exists()
    assert list(settings.UPLOAD_DIR.iterdir()) == []


def test_what_was_received_is_swept_once_its_file_has_gone_on(sender: Sender) -> None:
    path = sender.begun(3)
    sender.sent(path, b"abc")
    Upload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert uploads.sweep(timezone.now()) == 0

    file_of(path).unlink()
    assert uploads.sweep(timezone.now()) == 1
    assert Asset.objects.exists()


def test_files_of_no_upload_are_swept_after_a_day(sender: Sender) -> None:
    path = sender.begun(10)
    lost = parts.path_of(Upload().public_id)
    lost.write_bytes(b"x")
    (settings.UPLOAD_DIR / "notes.txt").write_text("not ours")
    assert uploads.sweep(timezone.now()) == 0

    assert uploads.sweep(timezone.now() + timedelta(hours=25)) == 1
    assert not lost.exists()
    assert file_of(path).exists()
    assert (settings.UPLOAD_DIR / "notes.txt").exists()


def test_bytes_that_are_lost_are_not_promised(sender: Sender) -> None:
    path = sender.begun(10)
    sender.sent(path, b"12345")
    file_of(path).write_bytes(b"12")

    assert sender.client.head(path, headers=V1).status_code == 410
    assert_problem(sender.send(path, b"x", at=5), 410)


def test_what_was_written_beyond_the_row_is_cut_off(sender: Sender) -> None:
    """As if the process had died between the bytes and the row."""
    path = sender.begun(10)
    sender.sent(path, b"12345")
    with file_of(path).open("ab") as file:
        file.write(b"garbage")

    assert sender.offset(path) == 5
    sender.sent(path, b"6789x", at=5)
    assert file_of(path).read_bytes() == b"123456789x"


# --- The end of it, under trouble --------------------------------------------------------------------


def test_another_film_waits_until_the_work_on_the_last_one_has_ended(sender: Sender) -> None:
    first = sender.begun(3)
    sender.sent(first, b"abc")
    asset, job = Asset.objects.get(), Job.objects.get()
    assert_problem(sender.begin(3, asset=str(asset.public_id)), 409, "asset_busy")

    Job.objects.update(state=JobState.DONE, ended_at=timezone.now())
    second = sender.begun(3, asset=str(asset.public_id))
    Job.objects.update(state=JobState.WAITING, ended_at=None)
    assert_problem(sender.send(second, b"def"), 409, "asset_busy")
    assert sender.offset(second) == 3
    uploads.go_on()
    assert upload_at(second).state == "receiving"

    Job.objects.filter(pk=job.pk).update(state=JobState.DONE, ended_at=timezone.now())
    uploads.go_on()
    assert upload_at(second).state == "received"
    assert asset.jobs.count() == 2
    assert Asset.objects.count() == 1


def test_what_is_whole_is_handed_over_also_if_the_process_died_before(sender: Sender) -> None:
    path = sender.begun(3)
    file_of(path).write_bytes(b"abc")
    Upload.objects.update(offset=3)

    uploads.go_on()
    uploads.go_on()

    assert upload_at(path).state == "received"
    assert (Asset.objects.count(), Job.objects.count()) == (1, 1)


def test_a_placeholder_takes_no_film(sender: Sender) -> None:
    asset = Asset.objects.create(name="a", state=AssetState.READY, duration_ms=1, placeholder=True)
    refused_field(sender.begin(3, asset=str(asset.public_id)), "asset", "invalid")


def test_a_sender_that_is_erased_leaves_an_upload_that_expires(sender: Sender, esha: User) -> None:
    path = sender.begun(10)
    esha.delete()

    assert upload_at(path).created_by is None
    assert uploads.sweep(timezone.now() + timedelta(days=3)) >= 1
    assert not Upload.objects.exists()
