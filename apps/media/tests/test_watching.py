"""Films that are put in the watch folder."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection

from apps.core.jobs import stopping
from apps.media import parts
from apps.media.models import Asset, Job, Upload
from apps.media.services import taking, uploads, watching
from apps.media.services.watching import SETTLED_S, Watcher

from .senders import noise

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    made = tmp_path / "watched"
    made.mkdir()
    yield made
    stopping.clear()


@pytest.fixture
def placed() -> list[tuple[str, str]]:
    """Of which asset it was asked where it belongs: `(name, path)`."""
    return []


@pytest.fixture
def watcher(folder: Path, placed: list[tuple[str, str]]) -> Watcher:
    return Watcher(folder, lambda asset, path: placed.append((asset.name, str(path))))


def put(folder: Path, name: str, data: bytes = b"film") -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return path


def settle(watcher: Watcher, begun: float = 0.0) -> int:
    """Look twice, so far apart that what stayed the same has settled."""
    return watcher.look(begun) + watcher.look(begun + SETTLED_S)


def copied(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the folder were on another disk."""

    def no_link(self: Path, target: Any) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(Path, "hardlink_to", no_link)


def test_a_film_is_taken_once_it_has_settled(watcher: Watcher, folder: Path, placed: Any) -> None:
    data = noise(100_000)
    first, second = put(folder, "sintel.mp4", data), put(folder, "demo-series/s1e2.mkv")
    assert watcher.look(0.0) == 0
    first.write_bytes(data + b"x")
    assert watcher.look(5.0) == 0
    assert watcher.look(10.0) == 1
    assert (first.exists(), second.exists()) == (True, False)
    assert watcher.look(14.9) == 0
    assert watcher.look(15.0) == 1

    assert not first.exists()
    assert placed == [("demo-series s1e2", "demo-series/s1e2.mkv"), ("sintel", "sintel.mp4")]
    upload = Upload.objects.get(filename="sintel.mp4")
    assert (upload.state, upload.created_by, upload.size) == ("received", None, 100_001)
    assert parts.path_of(upload.public_id).read_bytes() == data + b"x"
    assert Job.objects.count() == 2


def test_from_another_disk_it_is_copied(
    watcher: Watcher, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied(monkeypatch)
    path = put(folder, "sintel.mp4", noise(2_500_000))

    assert settle(watcher) == 1
    assert not path.exists()
    assert parts.path_of(Upload.objects.get().public_id).read_bytes() == noise(2_500_000)


def test_what_is_no_film_is_put_aside_and_told_why(watcher: Watcher, folder: Path, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 10
    put(folder, "empty.mp4", b"")
    put(folder, "long.mp4", b"x" * 11)
    put(folder, "series/notes.docx")
    assert settle(watcher) == 0

    refused = folder / "refused"
    told = {str(one.relative_to(refused)): one.read_text() for one in refused.rglob("*.txt")}
    assert told.keys() == {"empty.mp4.txt", "long.mp4.txt", "series/notes.docx.txt"}
    assert "empty" in told["empty.mp4.txt"]
    assert "11 bytes" in told["long.mp4.txt"]
    assert "mkv" in told["series/notes.docx.txt"]
    assert (refused / "series/notes.docx").read_bytes() == b"film"
    put(folder, "empty.mp4", b"")
    settle(watcher, 100.0)
    assert (refused / "empty 2.mp4").exists()
    assert settle(watcher, 200.0) == 0
    assert not Upload.objects.exists()


def test_without_room_it_stays_until_there_is_some(watcher: Watcher, folder: Path, settings: Any) -> None:
    settings.UPLOAD_QUOTA_BYTES = 3
    path = put(folder, "film.mp4")
    assert settle(watcher) == 0
    assert path.exists()
    assert not (folder / "refused").exists()

    settings.UPLOAD_QUOTA_BYTES = 0
    assert watcher.look(SETTLED_S + 5) == 1


def test_links_hidden_files_and_unfinished_ones_are_left_alone(
    watcher: Watcher, folder: Path, tmp_path: Path
) -> None:
    secret = put(tmp_path, "secret.mp4")
    (folder / "link.mp4").symlink_to(secret)
    (folder / "linked").symlink_to(tmp_path)
    (folder / "hard").mkdir()
    os.mkfifo(folder / "pipe.mp4")
    for name in (".hidden.mp4", "film.mp4.part", "film.mp4.crdownload", ".trash/film.mp4"):
        put(folder, name)

    assert settle(watcher) == 0
    assert not Upload.objects.exists()
    assert secret.exists()


def test_a_folder_that_is_not_there_is_no_trouble(tmp_path: Path) -> None:
    assert Watcher(tmp_path / "nowhere", lambda *_: None).look() == 0


class Killed(BaseException):
    pass


def _dies(*_: Any, **__: Any) -> None:
    raise Killed


DEATHS: list[tuple[Any, str]] = [
    (taking, "_linked"),
    (uploads, "complete"),
    (uploads.ingest, "received"),
    (parts, "unlock"),
]


@pytest.mark.parametrize(("where", "name"), DEATHS)
def test_killed_at_any_point_it_is_taken_exactly_once(
    watcher: Watcher, folder: Path, monkeypatch: pytest.MonkeyPatch, where: Any, name: str
) -> None:
    data = noise(50_000)
    path = put(folder, "film.mp4", data)
    watcher.look(0.0)
    with monkeypatch.context() as patched:
        patched.setattr(where, name, _dies)
        with pytest.raises(Killed):
            watcher.look(SETTLED_S)
    assert path.read_bytes() == data

    # Another worker, which knows nothing of it.
    assert settle(Watcher(folder, lambda *_: None)) == 1
    assert not path.exists()
    assert (Asset.objects.count(), Upload.objects.count(), Job.objects.count()) == (1, 1, 1)
    assert parts.path_of(Upload.objects.get().public_id).read_bytes() == data


def test_a_worker_that_is_told_to_end_leaves_a_long_copy_to_the_next(
    watcher: Watcher, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied(monkeypatch)
    path = put(folder, "film.mp4", noise(3_000_000))
    begin = uploads.begin

    def told_to_end(*args: Any, **kwargs: Any) -> Upload:
        stopping.set()
        return begin(*args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(uploads, "begin", told_to_end)
        assert settle(watcher) == 0
    assert path.exists()
    assert not Asset.objects.exists()

    stopping.clear()
    assert watcher.look(SETTLED_S + 5) == 1
    assert parts.path_of(Upload.objects.get().public_id).read_bytes() == noise(3_000_000)


@pytest.mark.parametrize("linked", [True, False])
def test_many_workers_take_each_film_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch, linked: bool
) -> None:
    if not linked:
        copied(monkeypatch)
    for number in range(12):
        put(folder, f"film-{number}.mp4", noise(200_000, number))
    start, taken = Barrier(4), []

    def work() -> None:
        watcher = Watcher(folder, lambda *_: None)
        watcher.look(0.0)
        start.wait()
        taken.append(watcher.look(SETTLED_S))
        connection.close()

    _together(work, 4)

    assert sum(taken) == 12
    assert list(folder.iterdir()) == []
    assert sorted(Asset.objects.values_list("name", flat=True)) == sorted(f"film-{n}" for n in range(12))
    for upload in Upload.objects.all():
        number = int(upload.filename.removeprefix("film-").removesuffix(".mp4"))
        assert parts.path_of(upload.public_id).read_bytes() == noise(200_000, number)


def test_a_file_that_changes_while_it_is_read_is_looked_at_anew(
    watcher: Watcher, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(folder, "film.mp4", noise(1000))
    linked = taking._linked

    def late(source: Path, upload: Upload) -> bool:
        with source.open("ab") as file:
            file.write(b"more")
        return linked(source, upload)

    with monkeypatch.context() as patched:
        patched.setattr(taking, "_linked", late)
        assert settle(watcher) == 0
    assert not Upload.objects.exists()
    assert path.read_bytes() == noise(1000) + b"more"

    assert settle(watcher, 100.0) == 1
    assert Upload.objects.get().size == 1004


def _together(call: Callable[[], None], count: int) -> None:
    threads = [Thread(target=call) for _ in range(count)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()


def test_the_folders_id_of_a_file_is_its_own(folder: Path) -> None:
    first, second = put(folder, "a.mp4"), put(folder, "b.mp4")
    looks = [watching._look_at(one) for one in (first, second)]

    assert looks[0] is not None
    assert looks[1] is not None
    assert looks[0].id != looks[1].id
    assert watching._look_at(first) == looks[0]
