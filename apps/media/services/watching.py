"""The watch folder: films that are put there are taken in by themselves.

All workers look. Who takes a file holds its lock (flock), which a death lets go; the id of its upload is
made of the file itself, so that whoever comes next sees how far it got. The file leaves the folder last.
"""

import fcntl
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from uuid import UUID, uuid5

from apps.core.errors import DomainError
from apps.core.jobs import stopping
from apps.media.models import Asset

from . import room, taking

log = logging.getLogger(__name__)

# Nobody writes to a file that has not changed for so long.
SETTLED_S = 10.0
REFUSED = "refused"
OF_FILES = UUID("0b5cf1a0-6f1e-4c1e-9d55-3c1f2a7f3f10")
ENDINGS = frozenset(
    {"3gp", "aac", "avi", "flac", "flv", "m2ts", "m4a", "m4v", "mkv", "mov", "mp3", "mp4", "mpeg", "mpg",
     "mts", "mxf", "ogg", "ogv", "opus", "ts", "wav", "webm", "wmv"}
)  # fmt: skip
# What copying programs call a file until it is whole.
UNFINISHED = {".part", ".partial", ".tmp", ".crdownload", ".filepart"}
# Says where in the catalogue the video of such a file belongs: its path within the folder.
Place = Callable[[Asset, Path], None]


class Interrupted(Exception):
    """The worker is told to end; the next one begins with this file anew."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a file was when this process looked at it."""

    size: int
    changed_ns: int
    device: int
    inode: int

    @property
    def id(self) -> UUID:
        return uuid5(OF_FILES, f"{self.device}:{self.inode}:{self.size}:{self.changed_ns}")


@dataclass(slots=True)
class Watcher:
    """One process's look at the folder."""

    folder: Path
    place: Place
    # Since when each file is as it is, by our own clock.
    since: dict[Path, tuple[Look, float]] = field(default_factory=dict)
    told: dict[Path, Look] = field(default_factory=dict)

    def look(self, now: float | None = None) -> int:
        """Take in what has settled; how many."""
        now = monotonic() if now is None else now
        seen = dict(_files(self.folder))
        self.since = {path: self._since(path, look, now) for path, look in seen.items()}
        settled = [path for path, (_, began) in self.since.items() if now - began >= SETTLED_S]
        return sum(self._take(path) for path in sorted(settled) if not stopping.is_set())

    def _since(self, path: Path, look: Look, now: float) -> tuple[Look, float]:
        before = self.since.get(path)
        return before if before is not None and before[0] == look else (look, now)

    def _take(self, path: Path) -> bool:
        look = self.since[path][0]
        try:
            with path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # It may have been taken while we came to the lock.
                return _look_at(path) == look and self._take_in(path, look)
        except (BlockingIOError, FileNotFoundError, Interrupted):
            return False
        except OSError as error:
            self._tell(path, look, f"It cannot be taken: {error.strerror}.")
            return False

    def _take_in(self, path: Path, look: Look) -> bool:
        try:
            if path.suffix.lower().lstrip(".") not in ENDINGS:
                refuse(
                    self.folder, path, "By its ending this is no film. Known: " + ", ".join(sorted(ENDINGS))
                )
                return False
            # The folder's name says more than that of an episode.
            filename = " ".join(path.relative_to(self.folder).parts)
            upload = taking.adopt(path, look.id, filename=filename, told=_go_on)
        except taking.Changed:
            # It has yet to settle.
            return False
        except room.NoRoom as full:
            # Its time comes when there is room.
            self._tell(path, look, full.detail)
            return False
        except DomainError as refusal:
            reasons = [one["detail"] for one in refusal.extra.get("errors", [])]
            refuse(self.folder, path, " ".join(reasons) or refusal.detail)
            return False
        assert upload.asset is not None  # noqa: S101 a constraint
        self.place(upload.asset, path.relative_to(self.folder))
        path.unlink()
        log.info("film taken from the watch folder", extra={"asset": str(upload.asset.public_id)})
        return True

    def _tell(self, path: Path, look: Look, why: str) -> None:
        """Once for each file as it is."""
        if self.told.get(path) != look:
            self.told[path] = look
            log.warning("film stays in the watch folder", extra={"why": why})


def refuse(folder: Path, path: Path, why: str) -> None:
    """Put it aside, with a text that says why."""
    target = folder / REFUSED / path.relative_to(folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    number = 1
    while target.exists():
        number += 1
        target = target.with_name(f"{path.stem} {number}{path.suffix}")
    target.with_name(f"{target.name}.txt").write_text(f"{why}\n")
    path.rename(target)


def _files(folder: Path) -> Iterator[tuple[Path, Look]]:
    """Files in it and one level below. No links: they would lead out of it."""
    with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
        for path in folder.iterdir():
            if path.name.startswith(".") or path.name == REFUSED or path.is_symlink():
                continue
            inner = path.iterdir() if path.is_dir() else [path]
            for one in inner:
                look = None if one.name.startswith(".") else _look_at(one)
                if look is not None and one.suffix.lower() not in UNFINISHED:
                    yield one, look


def _look_at(path: Path) -> Look | None:
    with suppress(FileNotFoundError):
        if path.is_file() and not path.is_symlink():
            stat = path.lstat()
            return Look(stat.st_size, stat.st_mtime_ns, stat.st_dev, stat.st_ino)
    return None


def _go_on(_: int) -> None:
    if stopping.is_set():
        raise Interrupted
