"""One writer at a time, and none that comes back from the dead."""

import os
import uuid
from collections.abc import Iterator
from threading import Barrier, Event, Thread
from typing import Any

import pytest
from django.db import connection

from apps.accounts.models import User
from apps.media import parts
from apps.media.models import Job, Upload
from apps.media.parts import Missing, Superseded, Taken
from apps.media.services import room, uploads
from apps.media.services.uploads import Announced, InUse, OffsetConflict, Piece

from .senders import noise

SIZE = 400_000


@pytest.fixture
def upload_id() -> uuid.UUID:
    made = uuid.uuid4()
    parts.create(made)
    return made


def silent(upload: uuid.UUID) -> None:
    """Nothing has been written for longer than a slow sender needs."""
    past = parts.path_of(upload).stat().st_mtime - parts.SILENT_S - 1
    os.utime(parts.path_of(upload), (past, past))


def test_a_second_writer_is_refused_while_the_first_is_at_it(upload_id: uuid.UUID) -> None:
    with parts.writing(upload_id) as writer:
        writer.begin(0)
        with pytest.raises(Taken), parts.writing(upload_id):
            pass
        writer.write(b"abc")
    with parts.writing(upload_id) as writer:
        writer.begin(3)


def test_a_writer_that_fell_silent_loses_it_and_writes_nothing_more(upload_id: uuid.UUID) -> None:
    with parts.writing(upload_id) as hanging:
        hanging.begin(0)
        hanging.write(b"abc")
        silent(upload_id)
        with parts.writing(upload_id) as writer:
            writer.begin(1)
            for attempt in (lambda: hanging.write(b"xyz"), hanging.keep, lambda: hanging.begin(0)):
                with pytest.raises(Superseded):
                    attempt()
            writer.write(b"BC")
            with pytest.raises(Taken), parts.writing(upload_id):
                pass
    assert parts.path_of(upload_id).read_bytes() == b"aBC"


def test_a_file_that_is_dropped_takes_nothing_more(upload_id: uuid.UUID) -> None:
    with parts.writing(upload_id) as writer:
        parts.drop(upload_id)
        with pytest.raises(Superseded):
            writer.write(b"abc")
    with pytest.raises(Missing), parts.writing(upload_id):
        pass


# --- The same, with its row --------------------------------------------------------------------------


class Broken:
    """A body whose connection breaks after some bytes, or stops until it is let go on."""

    def __init__(self, data: bytes, *, breaks: bool = False, waits: Event | None = None) -> None:
        self.chunks: Iterator[bytes] = (data[at : at + 100_000] for at in range(0, len(data), 100_000))
        self.breaks, self.waits, self.reached = breaks, waits, Event()

    def read(self, most: int) -> bytes:
        if chunk := next(self.chunks, b""):
            return chunk
        self.reached.set()
        if self.waits:
            self.waits.wait(20)
        if self.breaks:
            raise ConnectionResetError
        return b""


@pytest.fixture
def upload(db: None) -> Upload:
    return uploads.begin(Announced("film.mp4", SIZE), by=None)


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_breaks_keeps_what_arrived(upload: Upload) -> None:
    data = noise(SIZE)
    upload = uploads.receive(upload, Piece(0, Broken(data[:250_000], breaks=True).read, SIZE))
    assert upload.offset == 250_000

    upload = uploads.receive(upload, Piece(250_000, Broken(data[250_000:]).read))
    assert upload.state == Upload.State.RECEIVED
    assert parts.path_of(upload.public_id).read_bytes() == data


@pytest.mark.django_db(transaction=True)
def test_the_row_follows_a_long_piece_and_is_never_ahead_of_the_disk(
    upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "CHECKPOINT", 160_000)
    kept: list[int] = []
    keep = parts.Writer.keep

    def noted(writer: parts.Writer) -> None:
        keep(writer)
        kept.append(writer.at)

    monkeypatch.setattr(parts.Writer, "keep", noted)
    hold = Event()
    body = Broken(noise(SIZE)[:350_000], waits=hold)
    thread = _in_thread(lambda: uploads.receive(upload, Piece(0, body.read, SIZE)))
    assert body.reached.wait(20)

    upload.refresh_from_db()
    assert upload.offset == 200_000
    assert kept == [200_000]
    hold.set()
    thread.join()
    upload.refresh_from_db()
    assert upload.offset == 350_000


@pytest.mark.django_db(transaction=True)
def test_a_silent_connection_is_superseded_and_ruins_nothing(upload: Upload) -> None:
    data, hold = noise(SIZE), Event()
    hanging = Broken(b"?" * 200_000, waits=hold)
    first = _in_thread(lambda: uploads.receive(upload, Piece(0, hanging.read, SIZE)), InUse)
    assert hanging.reached.wait(20)
    with pytest.raises(InUse) as refusal:
        uploads.receive(upload, Piece(0, Broken(data).read, SIZE))
    assert refusal.value.headers["Retry-After"] == "5"

    silent(upload.public_id)
    received = uploads.receive(upload, Piece(0, Broken(data).read, SIZE))
    hold.set()
    first.join()

    assert received.state == Upload.State.RECEIVED
    assert parts.path_of(upload.public_id).read_bytes() == data
    assert Job.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_that_send_the_same_piece_one_is_heard(upload: Upload) -> None:
    data, start, ended = noise(SIZE), Barrier(8), []

    def send() -> None:
        start.wait()
        try:
            ended.append(uploads.receive(upload, Piece(0, Broken(data[:300_000]).read, 300_000)).offset)
        except (InUse, OffsetConflict):
            ended.append(None)

    threads = [_in_thread(send) for _ in range(8)]
    for one in threads:
        one.join()

    assert sorted(ended, key=str) == [300_000] + [None] * 7
    upload.refresh_from_db()
    assert upload.offset == 300_000
    assert parts.path_of(upload.public_id).read_bytes() == data[:300_000]


@pytest.mark.django_db(transaction=True)
def test_a_full_disk_is_told_and_what_fitted_is_kept(upload: Upload, monkeypatch: pytest.MonkeyPatch) -> None:
    pwrite, limit = os.pwrite, 250_000

    def full(file: int, data: Any, at: int) -> int:
        if at + len(data) > limit:
            raise OSError(28, "No space left on device")
        return pwrite(file, data, at)

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(room.NoRoom):
        uploads.receive(upload, Piece(0, Broken(noise(SIZE)).read, SIZE))
    upload.refresh_from_db()
    assert upload.offset == 200_000

    limit = SIZE
    uploads.receive(upload, Piece(200_000, Broken(noise(SIZE)[200_000:]).read))
    assert parts.path_of(upload.public_id).read_bytes() == noise(SIZE)


@pytest.mark.django_db(transaction=True)
def test_an_upload_that_is_given_up_in_the_middle_is_gone(upload: Upload, esha: User) -> None:
    hold = Event()
    body = Broken(b"?" * 200_000, waits=hold)
    thread = _in_thread(lambda: uploads.receive(upload, Piece(0, body.read, SIZE)), uploads.DomainError)
    assert body.reached.wait(20)
    uploads.drop(upload)
    hold.set()
    thread.join()

    assert not Upload.objects.exists()
    assert not parts.path_of(upload.public_id).exists()


def _in_thread(call: Any, *expected: type[Exception]) -> Thread:
    def run() -> None:
        try:
            call()
        except expected:
            pass
        finally:
            connection.close()

    thread = Thread(target=run)
    thread.start()
    return thread
