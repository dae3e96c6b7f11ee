"""The side of the processes that use the servers."""

import json
import logging
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, cast

from ottsite.engines.state import START_LOCK, SUPERVISOR_LOCK, exclusive, is_held, read
from ottsite.engines.wheels import VARIABLES, EngineUnavailable, advice, binary, labels

GRACE_SECONDS = 20.0
START_SECONDS = 120.0
SILENT_SECONDS = 0.5
ATTEMPTS = 10
ATTEMPT_PAUSE = 0.1
# What `provide` set, for child processes: they inherit the URLs but not the connection.
PROVIDED = "OTTSITE_ENGINES_PROVIDED"

log = logging.getLogger(__name__)
_holds: list["Hold"] = []


def provide(environ: MutableMapping[str, str]) -> None:
    """Set DATABASE_URL, REDIS_URL, CACHE_URL and MONGO_URL where unset, starting the engines.

    The engines stay up as long as this process lives. Does nothing in production
    (OTTSITE_ENV) and where all four are set by somebody else than this function.
    Raises EngineUnavailable, which names the variable to set, where an engine cannot start.
    """
    if environ.get("OTTSITE_ENV") == "production":
        return
    ours = json.loads(environ.get(PROVIDED, "{}"))
    engines = [
        engine
        for engine, variable in VARIABLES.items()
        if not environ.get(variable) or environ[variable] == ours.get(variable)
    ]
    if not engines:
        return
    hold = _held(data_root(environ), engines, grace(environ))
    provided = {VARIABLES[engine]: hold.urls[engine] for engine in engines}
    environ.update(provided)
    environ[PROVIDED] = json.dumps(provided)


def data_root(environ: Mapping[str, str]) -> Path:
    """Return where the engines keep their data: $OTTSITE_VAR/engines, or the project's var."""
    var = environ.get("OTTSITE_VAR") or Path(__file__).resolve().parents[2] / "var"
    return Path(var).resolve() / "engines"


def grace(environ: Mapping[str, str]) -> float:
    """Return how many seconds the engines outlive their last client."""
    return float(environ.get("OTTSITE_ENGINES_GRACE") or GRACE_SECONDS)


@contextmanager
def running(
    root: Path, engines: Sequence[str] = tuple(VARIABLES), grace: float = GRACE_SECONDS
) -> Iterator[dict[str, str]]:
    """Run a private set of engines in `root`: yields their URLs by variable, stops them after."""
    hold = Hold(root, engines, grace)
    try:
        yield {VARIABLES[engine]: url for engine, url in hold.urls.items()}
    finally:
        hold.release()
        stop(root)


def status(root: Path) -> dict[str, Any]:
    """Return what runs in the data root: supervisor, number of clients, servers with pids."""
    connection = _connect(root) if root.exists() else None
    if connection is None:
        return {"running": False, "servers": {}}
    with connection:
        connection.settimeout(5)
        _send(connection, root, {"command": "status"})
        return _receive(connection) or {"running": False, "servers": {}}


def pids(root: Path) -> dict[str, int]:
    """Return the process ids of the servers that are up, by engine."""
    servers = status(root)["servers"].items()
    return {engine: server["pid"] for engine, server in servers if "pid" in server}


def stop(root: Path) -> None:
    """Stop the engines of the data root, whoever uses them; return when they are gone."""
    connection = _connect(root) if root.exists() else None
    if connection is None:
        return
    with connection:
        _send(connection, root, {"command": "stop"})
        _receive(connection)
    with exclusive(root / SUPERVISOR_LOCK):
        return


class Hold:
    """A claim on engines: they are up and stay up until `release` or the end of the process.

    A thread notices the loss of the supervisor and starts another, so that a long-lived
    process finds its servers again where they were.
    """

    def __init__(self, root: Path, engines: Sequence[str], grace: float) -> None:
        for engine in engines:
            binary(engine)
        self.root = root
        self.engines = tuple(engines)
        self.grace = grace
        self.pid = os.getpid()
        self.released = False
        self._attach()
        threading.Thread(target=self._watch, name="ottsite-engines", daemon=True).start()

    def release(self) -> None:
        """Give up the claim."""
        self.released = True
        with suppress(OSError):  # lost already
            self._connection.shutdown(socket.SHUT_RDWR)

    def covers(self, root: Path, engines: Sequence[str]) -> bool:
        """Say whether this hold, of this very process, already keeps these engines up."""
        ours = self.pid == os.getpid() and not self.released
        return ours and self.root == root and set(engines) <= set(self.engines)

    def _attach(self) -> None:
        self._connection, self.urls = attach(self.root, self.engines, self.grace)
        self._attached = time.monotonic()

    def _watch(self) -> None:
        while not self._told_to_end():
            if time.monotonic() - self._attached < 1:
                time.sleep(1)  # a supervisor that dies at once must not be restarted in a spin
            before = self.urls
            try:
                self._attach()
            except EngineUnavailable as reason:
                log.error("the engines are gone: %s", reason)
                break
            if self.urls != before:
                log.error("the engines came back under other addresses: restart this process")
        self.released = True

    def _told_to_end(self) -> bool:
        with self._connection as connection:
            return self.released or _receive(connection) is not None or self.released


def _held(root: Path, engines: Sequence[str], grace: float) -> Hold:
    for hold in _holds:
        if hold.covers(root, engines):
            return hold
    hold = Hold(root, engines, grace)
    _holds.append(hold)
    return hold


def attach(root: Path, engines: Sequence[str], grace: float) -> tuple[socket.socket, dict[str, str]]:
    """Return a connection that keeps the engines up, and their URLs by engine."""
    patience = Patience(root, engines)
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for _ in range(ATTEMPTS):
            connection = _connect(root) or _start(root, grace, patience)
            _send(connection, root, {"command": "hold", "engines": list(engines)})
            patience.wait(connection)
            reply = _receive(connection)
            if reply and "urls" in reply:
                return connection, reply["urls"]
            connection.close()
            if reply:
                raise EngineUnavailable(reply.get("error", "The engines were stopped."))
            time.sleep(ATTEMPT_PAUSE)  # this supervisor was just leaving, or dying
    except OSError as error:
        raise EngineUnavailable(
            f"Cannot use {root} for {labels(engines)} ({error}): {advice(engines)}, "
            "or OTTSITE_VAR to a directory of yours."
        ) from error
    raise EngineUnavailable(f"The engines' supervisor does not stay up: see {root}/supervisor.log")


class Patience:
    """The waits of one start: says once what takes so long, and has an end."""

    def __init__(self, root: Path, engines: Sequence[str]) -> None:
        self.root = root
        self.engines = engines
        self.began = time.monotonic()
        self.said = False

    def wait(self, source: IO[bytes] | socket.socket) -> None:
        """Return when the source can be read."""
        if not self._readable(source, SILENT_SECONDS):
            self._say()
            if not self._readable(source, START_SECONDS):
                raise TimeoutError(f"not up after {START_SECONDS:.0f} s, see the logs there")

    def _readable(self, source: IO[bytes] | socket.socket, seconds: float) -> bool:
        left = max(0.0, self.began + seconds - time.monotonic())
        return bool(select.select([source], [], [], left)[0])

    def _say(self) -> None:
        if not self.said:
            self.said = True
            near = os.path.relpath(self.root)
            place = self.root if near.startswith("..") else near
            sys.stderr.write(f"Starting {labels(self.engines)} under {place} ...\n")


def _connect(root: Path) -> socket.socket | None:
    """Return a connection to the data root's supervisor, None where there is none.

    The lock tells the living from the dead: the port in an old state.json may by now belong
    to any other program.
    """
    address = read(root).get("supervisor")
    if address is None or not is_held(root / SUPERVISOR_LOCK):
        return None
    try:
        connection = socket.create_connection(("127.0.0.1", address["port"]), timeout=5)
    except OSError:
        return None
    connection.settimeout(None)
    return connection


def _start(root: Path, grace: float, patience: Patience) -> socket.socket:
    """Start a supervisor, unless another process just did; return a connection to it."""
    with exclusive(root / START_LOCK):
        connection = _connect(root)
        if connection is None:
            _spawn(root, grace, patience)
            connection = _connect(root)
    if connection is None:
        raise ConnectionError("no supervisor answers")
    return connection


def _spawn(root: Path, grace: float, patience: Patience) -> None:
    """Start a detached supervisor and return when it listens."""
    package_home = str(Path(__file__).resolve().parents[2])
    # Without libpq's own variables, which would redirect the supervisor's connections.
    env = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [package_home, env.get("PYTHONPATH")]))
    owner = root.stat()
    # The engines belong to the owner of the directory, even where root starts them.
    other = os.geteuid() == 0 != owner.st_uid
    path = root / "supervisor.log"
    with path.open("ab") as output:
        if other:
            os.fchown(output.fileno(), owner.st_uid, owner.st_gid)
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "ottsite.engines", "supervise", str(root), str(grace)],
            cwd=root,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=output,
            start_new_session=True,
            user=owner.st_uid if other else None,
            group=owner.st_gid if other else None,
            extra_groups=[] if other else None,
        )
    with process:
        answer = cast(IO[bytes], process.stdout)
        patience.wait(answer)
        if answer.readline() != b"ready\n":
            raise ConnectionError(f"the supervisor did not start, see {path}")


def _send(connection: socket.socket, root: Path, request: dict[str, Any]) -> None:
    token = read(root)["supervisor"]["token"]
    with suppress(ConnectionError):  # then there is no answer either, see `_receive`
        connection.sendall(json.dumps({"token": token, **request}).encode() + b"\n")


def _receive(connection: socket.socket) -> dict[str, Any] | None:
    """Return the next message, None where the connection ends first."""
    line = b""
    while not line.endswith(b"\n"):
        try:
            part = connection.recv(65536)
        except OSError:
            part = b""
        if not part:
            return None
        line += part
    message: dict[str, Any] = json.loads(line)
    return message
