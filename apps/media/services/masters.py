"""Masters that lie in a bucket, at hand on this machine: downloaded once, for all steps that read them.

`<sha256>` is whole, for it came there by a rename; `<sha256>.part` is on its way. Who reads shares the
lock of `<sha256>.lock`; who downloads or deletes has it alone, and the kernel takes it from those who died.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from django.conf import settings

from apps.media import origin
from apps.media.models import Job
from apps.media.models.job import ENDED

from . import scratch

MODE = 0o440


@contextmanager
def at_hand(key: str, sha256: str) -> Iterator[Path]:
    """The master as a file to read: where it lies, or a copy that the first who asks has downloaded.

    Raises FileNotFoundError, `origin.Corrupt`, `origin.Unavailable`, OSError.
    """
    path = origin.local(key)
    if path is not None:
        yield path
        return
    path = _place(sha256)
    while True:
        lock = _locked(sha256)
        with lock:
            if not path.exists():
                _download(key, sha256, path)
            # Between the two locks it may be swept.
            fcntl.flock(lock, fcntl.LOCK_SH)
            if path.exists():
                yield path
                return


def keep(path: Path, sha256: str) -> None:
    """A file of this content need not be downloaded; it takes no room while it is on the same disk."""
    with _locked(sha256), suppress(OSError):  # another disk, or one without links
        os.link(path, _place(sha256))
        _place(sha256).chmod(MODE)


def _download(key: str, sha256: str, path: Path) -> None:
    part = path.with_suffix(".part")
    origin.fetch(key, part, expect=sha256)
    part.chmod(MODE)
    part.replace(path)


def _locked(sha256: str) -> IO[str]:
    """Its lock, not shared."""
    while True:
        with suppress(FileNotFoundError):
            _folder().mkdir(parents=True, exist_ok=True)
            if lock := scratch.locked(_place(sha256).with_suffix(".lock")):
                return lock


def _folder() -> Path:
    return Path(settings.SCRATCH_DIR) / "masters"


def _place(sha256: str) -> Path:
    return _folder() / sha256


def sweep() -> int:
    """Delete those that no open job is about and nobody reads; how many."""
    lying = {path.stem for path in _folder().glob("*")}
    needed = set(
        Job.objects.exclude(state__in=ENDED)
        .filter(plan__master__sha256__in=lying)
        .values_list("plan__master__sha256", flat=True)
    )
    return sum(_sweep(sha256) for sha256 in lying - needed)


def _sweep(sha256: str) -> bool:
    place = _place(sha256)
    lock = place.with_suffix(".lock")
    try:
        with lock.open("a") as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The lock goes last: who waits for it sees that it is gone, and makes another.
            for path in (place, place.with_suffix(".part"), lock):
                path.unlink(missing_ok=True)
    except OSError:  # held, or swept by another
        return False
    return True
