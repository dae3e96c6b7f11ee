"""Where the bytes of assets lie: keys of objects, and moving files to and from the storage.

Keys are made of ids only. What is made for an asset lies under a prefix of its own for each making, is
written once and never changed; only what a committed row names is ever read.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage, default_storage

PIECE = 1024 * 1024


class Corrupt(Exception):
    """What lies there is not what was put there."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An object: its key, size in bytes, and the SHA-256 of its content in hex."""

    key: str
    size: int
    sha256: str


def master_key(asset: UUID) -> str:
    return f"assets/{asset}/master"


def prefix(asset: UUID, making: UUID) -> str:
    """Of what one making of the asset brings forth."""
    return f"assets/{asset}/{making}/"


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hex, in constant memory."""
    with path.open("rb") as file:
        found = sha256()
        while piece := file.read(PIECE):
            found.update(piece)
        return found.hexdigest()


def put(path: Path, key: str) -> Stored:
    """Move the file into the storage under a key that nothing has yet; the file is gone afterwards.

    On the same disk it is renamed; else it is copied (to S3 in parts, each with its checksum) and what
    arrived is compared. Safe to repeat after being killed in the middle: the same content may lie there
    already. Raises `Corrupt`, FileExistsError (other content has the key), OSError, botocore's errors.
    """
    stored = Stored(key, path.stat().st_size, digest(path))
    storage = _storage()
    if storage.exists(key):
        if storage.size(key) != stored.size or _digest_of(key) != stored.sha256:
            raise FileExistsError(key)
        path.unlink()
    elif isinstance(storage, FileSystemStorage):
        _move(path, Path(storage.path(key)))
    else:
        _upload(storage, path, stored)
    return stored


def _move(path: Path, target: Path) -> None:
    """There, whole and durable, or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with path.open("rb") as file:
        os.fsync(file.fileno())
    if path.stat().st_dev == target.parent.stat().st_dev:
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
    with path.open("rb") as file:
        name = storage.save(stored.key, File(file))
    if name != stored.key or storage.size(name) != stored.size:
        storage.delete(name)
        raise Corrupt(stored.key)
    path.unlink()


def fetch(key: str, path: Path, *, expect: str = "") -> None:
    """Copy an object into a file; `expect` is its SHA-256 in hex. Raises `Corrupt`, FileNotFoundError."""
    found = sha256()
    with _storage().open(key) as source, path.open("wb") as target:
        for piece in pieces(source):
            found.update(piece)
            target.write(piece)
    if expect and found.hexdigest() != expect:
        path.unlink()
        raise Corrupt(key)


def local(key: str) -> Path | None:
    """The object as a file of this machine, where the storage is a folder."""
    storage = _storage()
    return Path(storage.path(key)) if isinstance(storage, FileSystemStorage) else None


def pieces(file: "File[bytes]") -> Iterator[bytes]:
    while piece := file.read(PIECE):
        yield piece


def sweep(under: str) -> int:
    """Delete everything under a prefix; how many objects that were."""
    storage = _storage()
    if isinstance(storage, FileSystemStorage):
        folder = Path(storage.path(under))
        swept = sum(1 for path in folder.rglob("*") if path.is_file())
        shutil.rmtree(folder, ignore_errors=True)
        return swept
    # S3 has no folders: one listing for all, and a request for each thousand.
    bucket = storage.bucket  # type: ignore[attr-defined]
    answers = bucket.objects.filter(Prefix=under).delete()
    return sum(len(answer.get("Deleted", [])) for answer in answers)


def _digest_of(key: str) -> str:
    found = sha256()
    with _storage().open(key) as file:
        for piece in pieces(file):
            found.update(piece)
    return found.hexdigest()


def _storage() -> Storage:
    return default_storage
