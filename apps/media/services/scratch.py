"""Folders in which steps work. One whose worker is gone is swept by the next worker of the machine."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from uuid import uuid4

from django.conf import settings

LOCK = ".held"


@contextmanager
def folder() -> Iterator[Path]:
    """A new empty folder, gone when the block ends; after a kill -9, when `sweep` is called."""
    lock = _held()
    place = Path(lock.name).parent
    try:
        with lock:
            yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _held() -> IO[str]:
    """The lock of a new folder.

    The kernel lets go of it when the process dies, however it dies. Programs do not inherit it.
    """
    while True:
        place = settings.SCRATCH_DIR / uuid4().hex
        with suppress(FileNotFoundError):
            place.mkdir(parents=True)
            if lock := locked(place / LOCK):
                return lock


def locked(path: Path) -> IO[str] | None:
    """A file that is made if need be, locked; None if it was swept before it could be."""
    lock = path.open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    if os.fstat(lock.fileno()).st_nlink:
        return lock
    lock.close()
    return None


def sweep() -> int:
    """Delete the folders that no living worker holds; how many."""
    if not settings.SCRATCH_DIR.exists():
        return 0
    return sum(_sweep(place) for place in settings.SCRATCH_DIR.iterdir())


def _sweep(place: Path) -> bool:
    try:
        with (place / LOCK).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(place, ignore_errors=True)
    except FileNotFoundError:  # gone already; or whoever made it died before it had a lock
        with suppress(OSError):
            place.rmdir()
        return False
    except OSError:  # held
        return False
    return True
