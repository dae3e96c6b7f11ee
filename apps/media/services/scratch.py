"""Folders in which steps work. One whose worker is gone is swept by the next worker of the machine."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from django.conf import settings

LOCK = ".held"


@contextmanager
def folder() -> Iterator[Path]:
    """A new empty folder, gone when the block ends; after a kill -9, when `sweep` is called."""
    place = settings.SCRATCH_DIR / uuid4().hex
    place.mkdir(parents=True)
    try:
        with (place / LOCK).open("w") as lock:
            # The kernel lets go of it when the process dies, however it dies. Programs do not inherit it.
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


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
    except OSError:  # held; just being made; or already gone
        return False
    return True
