"""Starting and clearing away server processes."""

import asyncio
import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from asyncio.subprocess import Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ottsite.engines.state import take

LOG_LIMIT = 8 * 2**20
# The kernel cannot end a thread that waits for a busy disk before the disk has answered.
DYING_SECONDS = 30
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class ServerFailed(RuntimeError):
    """A server (or its preparation) did not come up; the message says why."""


@dataclass(frozen=True)
class Identity:
    """As whom to run a program: behind a prefix, or as another user."""

    prefix: tuple[str, ...] = ()
    uid: int | None = None
    gid: int | None = None


async def spawn(
    argv: list[str],
    *,
    cwd: Path,
    log: Path,
    identity: Identity,
    env: Mapping[str, str],
    inherited: Sequence[int] = (),
) -> Process:
    """Start a program that dies with this process, its output appended to the log.

    It inherits these descriptors, and no others.
    """
    supervisor = os.getpid()
    with _log_file(log) as output:
        return await asyncio.create_subprocess_exec(
            *identity.prefix,
            *argv,
            cwd=cwd,
            env={**os.environ, **env},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            user=identity.uid,
            group=identity.gid,
            extra_groups=None if identity.uid is None else [],
            pass_fds=inherited,
            preexec_fn=lambda: die_with(supervisor),
        )


def _log_file(path: Path) -> BinaryIO:
    too_long = path.exists() and path.stat().st_size > LOG_LIMIT
    return path.open("wb" if too_long else "ab")


def die_with(parent: int, how: signal.Signals = signal.SIGKILL) -> None:
    """Ask the kernel to end this (new) process when its parent dies.

    The signal is tied to the thread that forked, so this is only right for children of the
    parent's main thread. macOS has no such request: there the servers outlive a supervisor
    that was killed with -9 and hold their ports until they are killed by hand.
    """
    if sys.platform == "linux":
        _libc.prctl(_PR_SET_PDEATHSIG, how)
        if os.getppid() != parent:  # it died before the request
            os._exit(1)


async def terminate(process: Process, how: signal.Signals, patience: float) -> None:
    """End the process: politely, then by force."""
    if process.returncode is not None:
        return
    process.send_signal(how)
    try:
        await asyncio.wait_for(process.wait(), patience)
    except TimeoutError:
        process.kill()
        await process.wait()


async def clear_leftovers(binary: Path, directory: Path, lock: Path) -> int:
    """Kill what still runs this binary inside this data directory; return the lock after its end.

    After kill -9 of a postmaster its busy backends live on and block the next start. Only the
    supervisor calls this, under its lock, so no process found here is in use.

    The lock is for the next server to inherit: the kernel gives it back when the last process
    of a server closes its files, its port among them. /proc cannot tell that. It shows nothing
    of a program whose main thread has ended, though others may keep its port for seconds.
    """
    ends_at = time.monotonic() + DYING_SECONDS
    while time.monotonic() < ends_at:
        leftovers = [pid for pid in _process_ids() if _runs(pid, binary, directory)]
        for pid in leftovers:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if not leftovers and (descriptor := take(lock)) is not None:
            return descriptor
        await asyncio.sleep(0.01)
    raise ServerFailed(f"the previous server in {directory} does not end (processes {leftovers})")


def _process_ids() -> list[int]:
    proc = Path("/proc")
    return [int(p.name) for p in proc.iterdir() if p.name.isdigit()] if proc.is_dir() else []


def _runs(pid: int, binary: Path, directory: Path) -> bool:
    process = Path(f"/proc/{pid}")
    try:
        return (process / "cwd").readlink() == directory and (process / "exe").readlink() == binary
    except OSError:  # gone meanwhile, a zombie, or somebody else's
        return False


def unprivileged(directory: Path) -> Identity:
    """Return how to run a program that refuses uid 0 on this directory.

    Root takes another number inside a user namespace: no account, no chown, and it works under
    a 0700 home. Where namespaces are denied, root becomes `nobody`, who then owns the directory.
    """
    if os.geteuid() != 0:
        return Identity()
    owner = directory.stat().st_uid
    if owner == 0 and _can_unshare():
        return Identity(prefix=_UNSHARE)
    account = pwd.getpwnam("nobody") if owner == 0 else pwd.getpwuid(owner)
    directory.parent.chmod(0o711)
    for path in [directory, *directory.rglob("*")]:
        os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)
    return Identity(uid=account.pw_uid, gid=account.pw_gid)


_UNSHARE = ("unshare", "--user", "--map-user=1000", "--map-group=1000")


def _can_unshare() -> bool:
    if not shutil.which("unshare"):
        return False
    trial = subprocess.run([*_UNSHARE, "true"], check=False, capture_output=True)
    return trial.returncode == 0


def tail(log: Path, lines: int = 15) -> str:
    """Return the last lines of a log file."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text(errors="replace")[-8000:].splitlines()[-lines:])
