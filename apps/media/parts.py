"""The bytes of uploads on disk: a file for each, written by one writer at a time, never read from here.

Who writes holds a lock file. One that fell silent, because its connection hangs half open, loses it to the
next who comes; before each piece it looks whether it still has it, so that it writes nothing afterwards.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import time
from uuid import UUID

from django.conf import settings

PIECE = 1024 * 1024
# Longer than a slow sender needs for a piece.
SILENT_S = 30.0
MODE = 0o640


class Taken(Exception):
    """Somebody else writes to it, and not long ago."""


class Superseded(Exception):
    """Somebody else writes to it by now, or it was dropped: nothing more is written here."""


class Missing(Exception):
    """The bytes that were acknowledged are not there any more."""


def path_of(upload: UUID) -> Path:
    return settings.UPLOAD_DIR / f"{upload}.part"


def _lock_of(upload: UUID) -> Path:
    return settings.UPLOAD_DIR / f"{upload}.lock"


def create(upload: UUID) -> None:
    """An empty file. Raises OSError."""
    settings.UPLOAD_DIR.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path_of(upload), os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, MODE))


def holds(upload: UUID, offset: int) -> bool:
    """Whether so many bytes are there."""
    with suppress(FileNotFoundError):
        return path_of(upload).stat().st_size >= offset
    return False


def drop(upload: UUID) -> None:
    """Away with the file; a writer that is at it notices. The lock goes first, the file at last."""
    for path in (_lock_of(upload), path_of(upload)):
        path.unlink(missing_ok=True)


def unlock(upload: UUID) -> None:
    """Nobody will write to it any more."""
    _lock_of(upload).unlink(missing_ok=True)


def unowned(*, before: float) -> Iterator[UUID]:
    """Ids of files that nobody has touched since then (Unix time)."""
    with suppress(FileNotFoundError):
        for path in settings.UPLOAD_DIR.iterdir():
            with suppress(ValueError, FileNotFoundError):
                upload = UUID(path.stem)
                if path.suffix in {".part", ".lock"} and path.stat().st_mtime < before:
                    yield upload


@dataclass(slots=True)
class Writer:
    """The right to write to the file. `at`: the offset of the next piece."""

    file: int
    lock: int
    at: int = 0

    def begin(self, offset: int) -> None:
        """Write on from here; what lies beyond was never acknowledged, and goes. Raises `Missing`."""
        with self._alone():
            if os.fstat(self.file).st_size < offset:
                raise Missing
            os.ftruncate(self.file, offset)
            self.at = offset

    def write(self, piece: bytes) -> None:
        """Raises `Superseded`, OSError (a full disk among them)."""
        rest = memoryview(piece)
        with self._alone():
            while rest:
                written = os.pwrite(self.file, rest, self.at)
                self.at, rest = self.at + written, rest[written:]

    def keep(self) -> None:
        """All that was written is on the disk when this returns. Raises `Superseded`, OSError."""
        os.fdatasync(self.file)
        with self._alone():
            pass

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody takes the file over meanwhile."""
        with _flocked(self.file):
            if not os.fstat(self.lock).st_nlink:
                raise Superseded
            yield


@contextmanager
def writing(upload: UUID) -> Iterator[Writer]:
    """Raises `Taken`, `Missing`, OSError."""
    try:
        file = os.open(path_of(upload), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise Missing from error
    try:
        lock = _claim(upload, file)
        try:
            yield Writer(file, lock)
        finally:
            os.close(lock)
    finally:
        os.close(file)


def _claim(upload: UUID, file: int) -> int:
    """The lock file, locked: open as long as one writes."""
    with _flocked(file):
        path = _lock_of(upload)
        lock = _try(path)
        if lock is None:
            if time() - os.fstat(file).st_mtime < SILENT_S:
                raise Taken
            path.unlink(missing_ok=True)
            lock = _try(path)
        if lock is None:  # pragma: no cover - both are done under the file's own lock
            raise Taken
        os.utime(file)
        return lock


def _try(path: Path) -> int | None:
    lock = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, MODE)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


@contextmanager
def _flocked(file: int) -> Iterator[None]:
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)
