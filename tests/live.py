"""A site of its own for whole-system tests: private engines, fault proxies before each, web and worker."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ottsite import engines

from .proxy import FaultProxy

BASE_DIR = Path(__file__).resolve().parents[1]
EMAIL, PASSWORD = "free@demo.example", "ottsite-demo"


@dataclass
class Answer:
    status: int
    body: Any
    headers: dict[str, str]
    seconds: float


@dataclass
class Site:
    """A running site and the means to hurt it."""

    url: str
    var: Path
    proxies: dict[str, FaultProxy]
    commands: dict[str, tuple[list[str], dict[str, str]]]
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    access: str = ""
    frozen: list[int] = field(default_factory=list)
    known: dict[str, list[int]] = field(default_factory=dict)

    def start(self, name: str) -> None:
        """Start web or worker, the first time or again after `end`."""
        command, env = self.commands[name]
        with (self.var / "site.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "manage.py", *command], cwd=BASE_DIR, env=env, stdout=log, stderr=log
            )
        self.known = self.alive()

    def end(self, name: str) -> None:
        """SIGKILL web or worker, in the middle of whatever it does."""
        self.processes[name].kill()
        self.processes[name].wait(timeout=10)

    def manage(self, *command: str) -> None:
        """A management command on the site's stores."""
        env = self.commands["worker"][1]
        subprocess.run([sys.executable, "manage.py", *command, "-v0"], cwd=BASE_DIR, env=env, check=True)

    def call(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, seconds: float = 3
    ) -> Answer:
        """One request; a `TimeoutError` after 3 s, the most that any request may wait for its stores."""
        headers = {"Content-Type": "application/json"}
        if token := self.access if token is None else token:
            headers["Authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)  # noqa: S310 loopback
        started = time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=seconds) as response:  # noqa: S310 loopback
                return self._answer(response, started)
        except urllib.error.HTTPError as error:
            with error:
                return self._answer(error, started)

    @staticmethod
    def _answer(response: Any, started: float) -> Answer:
        text = response.read()
        body = json.loads(text) if text else None
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, body, headers, time.monotonic() - started)

    def sign_in(self) -> Answer:
        return self.call("POST", "/api/v1/auth/login", {"email": EMAIL, "password": PASSWORD}, token="")

    def pids(self) -> dict[str, int]:
        return engines.pids(self.var / "engines")

    def alive(self) -> dict[str, list[int]]:
        """The process ids of web and worker with their children; none where it ended."""
        return {
            name: [] if process.poll() is not None else [process.pid, *_descendants(process.pid)]
            for name, process in self.processes.items()
        }

    def mailed(self, address: str) -> bool:
        """Whether the worker wrote a mail to the address."""
        return any(f"To: {address}" in path.read_text() for path in (self.var / "mail").glob("*.log"))

    def kill(self, engine: str) -> None:
        """SIGKILL the real server; returns when its supervisor has started another."""
        before = self.pids()[engine]
        os.kill(before, signal.SIGKILL)
        assert eventually(lambda: self.pids().get(engine, before) != before, 30)

    def freeze(self, engine: str) -> None:
        """SIGSTOP the real server, for PostgreSQL with all its backends."""
        pid = self.pids()[engine]
        self.frozen = [pid]
        os.kill(pid, signal.SIGSTOP)  # first, so that no backend starts unseen
        for one in _descendants(pid):
            self.frozen.append(one)
            os.kill(one, signal.SIGSTOP)

    def thaw(self) -> None:
        for one in self.frozen:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGCONT)
        self.frozen = []

    def heal(self) -> None:
        self.thaw()
        for proxy in self.proxies.values():
            proxy.heal()

    def recovered_within(self, seconds: float) -> bool:
        """Whether the site is ready and serves an account again in time."""
        paths = ("/readyz", "/api/v1/account")
        return eventually(lambda: [self.call("GET", path).status for path in paths] == [200, 200], seconds)


def _descendants(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(child): int(parent) for child, parent in map(str.split, listed.splitlines())}
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]


def eventually(holds: Callable[[], bool], seconds: float) -> bool:
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        if holds():
            return True
        time.sleep(0.05)
    return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def await_ready(site: Site) -> None:
    def is_ready() -> bool:
        assert all(site.alive().values()), "the web server or the worker did not start"
        with contextlib.suppress(OSError):
            return site.call("GET", "/readyz").status == 200
        return False

    assert eventually(is_ready, 120), "the site did not get ready"
    site.known = site.alive()
