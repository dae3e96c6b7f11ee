"""The processes of a site that can be killed: several web servers, several workers, engines of their own."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

from ottsite import engines
from tests.live import BASE_DIR, _descendants, eventually, free_port
from tests.proxy import FaultProxy

LIMITS = ("DEFAULT", "SIGNUP", "LOGIN_CLIENT", "LOGIN_ACCOUNT")
SETTINGS = {f"RATE_LIMIT_{name}": "10000000/m" for name in LIMITS} | {
    "LOG_LEVEL": "ERROR",
    "MONGO_TIMEOUT_S": "2",
    "REDIS_TIMEOUT_S": "1",
    "REQUEST_DEADLINE_S": "4",
    "PLAYBACK_TOKEN_KEYS": "chaos-only-" + "0123456789abcdef" * 2,
}
# By then a worker carries events.
SETTLED_S = 6.0
Process = subprocess.Popen[bytes]


@dataclass
class House:
    var: Path
    urls: dict[str, str]
    webs: int = 3
    workers: int = 2
    settings: dict[str, str] = field(default_factory=dict)
    mongo: FaultProxy = field(init=False)
    ports: dict[str, int] = field(default_factory=dict)
    running: dict[str, tuple[Process, float]] = field(default_factory=dict)
    killed: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        parts = urlsplit(self.urls["MONGO_URL"])
        self.mongo = FaultProxy((parts.hostname or "", parts.port or 0))
        self.direct = os.environ | self.urls | SETTINGS | self.settings | {"OTTSITE_VAR": str(self.var)}
        self.environ = self.direct | {"MONGO_URL": self.mongo.url(self.urls["MONGO_URL"])}

    def run(self, *command: str) -> str:
        """What a Python program prints that is run in the site's environment."""
        argv = [sys.executable, *command]
        done = subprocess.run(argv, cwd=BASE_DIR, env=self.direct, check=True, stdout=subprocess.PIPE)
        return done.stdout.decode()

    def open(self) -> None:
        for number in range(self.webs):
            self.ports[f"web {number}"] = free_port()
        for name in [*self.ports, *(f"worker {n}" for n in range(self.workers))]:
            self._start(name)
        assert eventually(lambda: all(self._listens(name) for name in self.ports), 120)

    def _start(self, name: str) -> None:
        command = ["web", "--port", str(self.ports[name])] if name in self.ports else ["worker"]
        with (self.var / "house.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "manage.py", *command], cwd=BASE_DIR, env=self.environ, stdout=log,
                stderr=log, start_new_session=True,
            )  # fmt: skip
        self.running[name] = process, time.monotonic()

    def _listens(self, name: str) -> bool:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.ports[name]), timeout=1).close()
            return True
        return False

    def is_up(self, name: str) -> bool:
        process, since = self.running[name]
        if process.poll() is not None:
            return False
        return self._listens(name) if name in self.ports else time.monotonic() > since + SETTLED_S

    def kill(self, random: Random) -> str:
        """SIGKILL one that is up, whatever it does, and start it again; of a web server now and then only
        the process that serves, which its parent replaces. What was killed, "" if none is up."""
        up = [name for name in sorted(self.running) if self.is_up(name)]
        if not up:
            return ""
        name = random.choice(up)
        process, _ = self.running[name]
        serving = _descendants(process.pid)
        self.killed[name.split()[0]] += 1
        if name in self.ports and serving and random.random() < 0.4:
            os.kill(random.choice(serving), signal.SIGKILL)
            return f"{name}, its child"
        self._end(process)
        self._start(name)
        return name

    def kill_engine(self, engine: str) -> None:
        """SIGKILL the real server; returns when its supervisor has started another."""
        root = self.var / "engines"
        before = engines.pids(root)[engine]
        os.kill(before, signal.SIGKILL)
        self.killed[engine] += 1
        assert eventually(lambda: engines.pids(root).get(engine, before) != before, 30)

    @staticmethod
    def _end(process: Process) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=10)

    def close(self) -> None:
        for process, _ in self.running.values():
            self._end(process)
        self.mongo.refuse()


@contextmanager
def house(var: Path, *, webs: int, workers: int, settings: dict[str, str] | None = None) -> Iterator[House]:
    """A site in the folder, migrated, with plans; not open yet."""
    with engines.running(var / "engines", grace=5) as urls:
        it = House(var, urls, webs, workers, settings or {})
        try:
            it.run("manage.py", "migrate", "-v0")
            it.run("manage.py", "loaddata", "plans", "-v0")
            yield it
        finally:
            it.close()
