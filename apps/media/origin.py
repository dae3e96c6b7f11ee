"""Where the bytes of assets lie: keys of objects, and moving files to and from the storage.

Keys are made of ids only. What is made for an asset lies under a prefix of its own for each making, is
written once and never changed; only what a committed row names is ever read.
"""

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Protocol, TypeVar, cast
from uuid import UUID, uuid5

from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage, default_storage

PIECE = 1024 * 1024
# What was damaged on the way, or broke off for good, is sent so often in all.
TRIES = 3
Made = TypeVar("Made")


class Corrupt(Exception):
    """What lies there, or came from there, is not what was put there."""


class Unavailable(ConnectionError):
    """The storage did not answer, or not well, again and again; the text is its own, not for editors."""


class Bucket(Protocol):
    """A storage that is no folder: what it offers beside Django's own. Errors: see `_answering`."""

    def fetch(self, name: str, target: IO[bytes]) -> None: ...
    def pieces(self, name: str) -> Iterator[bytes]: ...
    def sweep(self, under: str) -> int: ...


@dataclass(frozen=True, slots=True)
class Stored:
    """An object: its key, size in bytes, and the SHA-256 of its content in hex."""

    key: str
    size: int
    sha256: str


def master_key(sha256: str) -> str:
    """Masters are called by their content, so that one file is kept once."""
    return f"masters/{sha256[:2]}/{sha256}"


def package_prefix(asset: UUID, package: UUID) -> str:
    """Of all that players get of one packaging of the asset."""
    return f"assets/{asset}/{package}/"


def work_prefix(asset: UUID, job: UUID) -> str:
    """Of what the steps of a job hand to each other."""
    return f"assets/{asset}/work-{job}/"


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hex, in constant memory."""
    with path.open("rb") as file:
        found = sha256()
        while piece := file.read(PIECE):
            found.update(piece)
        return found.hexdigest()


def put(path: Path, key: str, *, sha256: str = "") -> Stored:
    """Move the file into the storage under a key that nothing has yet; the file is gone afterwards.

    On the same disk it is renamed; else it is copied (to S3 in parts, each with its checksum) and what
    arrived is compared. Safe to repeat after being killed in the middle: the same content may lie there
    already. `sha256`: of the file, where the caller knows it.

    Raises `Corrupt`, `Unavailable`, FileExistsError (other content has the key), OSError.
    """
    stored = Stored(key, path.stat().st_size, sha256 or digest(path))
    _persist(lambda: _put(path, stored))
    return stored


def _put(path: Path, stored: Stored) -> None:
    storage = _storage()
    with _answering(stored.key):
        if storage.exists(stored.key):
            # It may be only the answer that is damaged.
            if not any(holds(stored) for _ in range(TRIES)):
                raise FileExistsError(stored.key)
            path.unlink()
        elif isinstance(storage, FileSystemStorage):
            _move(path, Path(storage.path(stored.key)))
        else:
            _upload(storage, path, stored)


def holds(stored: Stored) -> bool:
    """Whether the object is there, and is what was put there. Raises `Unavailable`."""
    try:
        with _answering(stored.key):
            return _storage().size(stored.key) == stored.size and _digest_of(stored.key) == stored.sha256
    except (FileNotFoundError, Corrupt):
        return False


def _persist(function: Callable[[], Made]) -> Made:
    for _ in range(TRIES - 1):
        try:
            return function()
        except (Corrupt, Unavailable):
            continue
    return function()


@contextmanager
def _answering(key: str) -> Iterator[None]:
    """A storage far away says what happened as a file system would (`object_storage`)."""
    try:
        yield
    except ConnectionError as error:
        raise Unavailable(str(error)) from error
    except OSError as error:
        if error.errno != errno.EBADMSG:
            raise
        raise Corrupt(key) from error


def _move(path: Path, target: Path) -> None:
    """There, whole and durable, or not at all."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.stat().st_dev == target.parent.stat().st_dev:
        try:
            path.replace(target)
        except FileNotFoundError:  # somebody swept the folder just now, for it was empty
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
    else:
        beside = target.with_name(f".{target.name}.part")
        shutil.copyfile(path, beside)
        with beside.open("rb") as file:
            os.fsync(file.fileno())
        beside.replace(target)
        path.unlink()
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _upload(storage: Storage, path: Path, stored: Stored) -> None:
    """Not every server that speaks S3 compares checksums, so what arrived is read once."""
    with path.open("rb") as file:
        name = storage.save(stored.key, File(file))
    if name != stored.key or not holds(stored):
        storage.delete(name)
        raise Corrupt(stored.key)
    path.unlink()


def fetch(key: str, path: Path, *, expect: str = "") -> None:
    """Copy an object into a file; `expect` is its SHA-256 in hex.

    Raises `Corrupt`, `Unavailable`, FileNotFoundError, OSError; the file is not there then.
    """
    with ExitStack() as undo:
        undo.callback(path.unlink, missing_ok=True)
        _persist(lambda: _fetch(key, path, expect))
        undo.pop_all()


def _fetch(key: str, path: Path, expect: str) -> None:
    there = local(key)
    if there is not None:
        shutil.copyfile(there, path)
    else:
        with _answering(key), path.open("wb") as target:
            _bucket().fetch(key, target)
    if expect and digest(path) != expect:
        raise Corrupt(key)


def local(key: str) -> Path | None:
    """The object as a file of this machine, where the storage is a folder."""
    storage = _storage()
    return Path(storage.path(key)) if isinstance(storage, FileSystemStorage) else None


@contextmanager
def as_file(key: str, beside: Path, *, expect: str = "") -> Iterator[Path]:
    """The object as a file to read: where it lies, or a copy under that name in the scratch folder."""
    path = local(key)
    if path is not None:
        yield path
        return
    fetch(key, beside, expect=expect)
    yield beside
    beside.unlink()


def sweep(under: str) -> int:
    """Delete the object of that name, or everything under the prefix; how many objects that were.

    Raises `Unavailable`.
    """
    storage = _storage()
    if isinstance(storage, FileSystemStorage):
        return _sweep_files(Path(storage.path(under)), Path(storage.location))
    with _answering(under):
        return _bucket().sweep(under)


def _sweep_files(place: Path, root: Path) -> int:
    """With the folders that are empty then."""
    if place.is_file():
        place.unlink(missing_ok=True)
        swept = 1
    else:
        swept = sum(1 for path in place.rglob("*") if path.is_file())
        shutil.rmtree(place, ignore_errors=True)
    for folder in place.parents:
        if folder == root:
            break
        try:
            folder.rmdir()
        except OSError:  # in use, or gone
            break
    return swept


def _digest_of(key: str) -> str:
    there = local(key)
    if there is not None:
        return digest(there)
    found = sha256()
    for piece in _bucket().pieces(key):
        found.update(piece)
    return found.hexdigest()


def _storage() -> Storage:
    return default_storage


def _bucket() -> Bucket:
    return cast(Bucket, default_storage)


def derived(base: UUID, name: str) -> UUID:
    """The same id for the same name, and another for any other."""
    return uuid5(base, name)


def signed_url(key: str, *, lives_s: int) -> str:
    """Where anybody may fetch an object of a bucket for so many seconds."""
    storage: Any = _storage()  # only those of buckets can sign
    return str(storage.url(key, expire=lives_s))


def opened(key: str) -> "File[bytes]":
    """An object to read. Raises FileNotFoundError, `Corrupt`, `Unavailable`."""
    with _answering(key):
        return _storage().open(key)
