"""What must outlive a supervisor: ports, passwords and where the supervisor answers."""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# Held by the supervisor for its whole life, so the kernel drops it by whatever way it dies.
SUPERVISOR_LOCK = "supervisor.lock"
# Held by a client while it starts a supervisor.
START_LOCK = "start.lock"


class State:
    """ROOT/state.json (mode 0600); only the supervisor writes it, always as a whole."""

    def __init__(self, root: Path) -> None:
        self.path = root / "state.json"
        self.data = read(root)

    def port(self, engine: str) -> int | None:
        """Return the port where the engine was up last, so that clients may know it; None before."""
        known = self._section("ports").get(engine)
        return int(known) if known else None

    def keep_port(self, engine: str, port: int) -> None:
        """Record the port where the engine is up."""
        if port != self.port(engine):
            self._section("ports")[engine] = port
            self._write()

    def has_password(self, engine: str) -> bool:
        """Say whether a password was ever made for the engine."""
        return engine in self._section("passwords")

    def password(self, engine: str) -> str:
        """Return the engine's password, a random one the first time."""
        passwords = self._section("passwords")
        if engine not in passwords:
            passwords[engine] = secrets.token_urlsafe(24)
            self._write()
        return str(passwords[engine])

    def announce(self, port: int, token: str) -> None:
        """Record where this process, the supervisor, answers."""
        self.data["supervisor"] = {"pid": os.getpid(), "port": port, "token": token}
        self._write()

    def _section(self, name: str) -> dict[str, Any]:
        section: dict[str, Any] = self.data.setdefault(name, {})
        return section

    def _write(self) -> None:
        draft = self.path.with_suffix(".new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(self.data, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)


def read(root: Path) -> dict[str, Any]:
    """Return the content of ROOT/state.json, empty when there is none."""
    try:
        data: dict[str, Any] = json.loads((root / "state.json").read_text())
    except FileNotFoundError:
        return {}
    return data


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock file alone, waiting for it as long as it takes."""
    import fcntl  # not on Windows, where this package must still import

    with _lock_file(path) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


def is_held(path: Path) -> bool:
    """Say whether another process holds the lock file."""
    import fcntl

    with _lock_file(path) as descriptor:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def take(path: Path) -> int | None:
    """Take the lock file; return the descriptor that holds it, None where another has it.

    It is held until every process that has the descriptor, by inheritance too, has closed it.
    """
    import fcntl

    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


@contextmanager
def _lock_file(path: Path) -> Iterator[int]:
    descriptor = _open(path)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    # Read-only is enough for flock and works on a file which another user (root) created.
    return os.open(path, os.O_RDONLY | os.O_CREAT, 0o644)
