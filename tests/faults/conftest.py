"""A site of its own for fault tests: private engines, fault proxies before each, one granian process."""

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
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from ottsite import engines
from ottsite.engines.wheels import VARIABLES

from .proxy import FaultProxy

BASE_DIR = Path(__file__).resolve().parents[2]
EMAIL, PASSWORD = "free@demo.example", "ottsite-demo"  # noqa: S105 demo account


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
    root: Path
    proxies: dict[str, FaultProxy]
    access: str = ""
    frozen: list[int] = field(default_factory=list)

    def call(self, method: str, path: str, body: Any = None, *, token: str | None = None) -> Answer:
        """One request; a `TimeoutError` after 3 s, the most that any request may take."""
        headers = {"Content-Type": "application/json"}
        if token := self.access if token is None else token:
            headers["Authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)  # noqa: S310 loopback
        started = time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=3) as response:  # noqa: S310 loopback
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
        return engines.pids(self.root)

    def freeze(self, engine: str) -> None:
        """SIGSTOP the real server, for PostgreSQL with all its backends."""
        pid = self.pids()[engine]
        self.frozen = [pid, *_descendants(pid)]
        for one in self.frozen:
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
        ends_at = time.monotonic() + seconds
        while time.monotonic() < ends_at:
            if self.call("GET", "/readyz").status == 200 and self.call("GET", "/api/v1/account").status == 200:
                return True
            time.sleep(0.05)
        return False


def _descendants(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = dict(map(int, line.split()) for line in listed.splitlines())
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def site_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    var = tmp_path_factory.mktemp("site")
    with engines.running(var / "engines", grace=5) as urls:
        proxies = {}
        for engine, variable in VARIABLES.items():
            parts = urlsplit(urls[variable])
            proxies[engine] = FaultProxy((parts.hostname or "", parts.port or 0))
        port = free_port()
        direct = os.environ | urls | {"OTTSITE_VAR": str(var), "SITE_URL": f"http://127.0.0.1:{port}"}
        for command in (["migrate", "-v0"], ["demo_accounts", "-v0"]):
            subprocess.run([sys.executable, "manage.py", *command], cwd=BASE_DIR, env=direct, check=True)
        through = {VARIABLES[name]: proxy.url(urls[VARIABLES[name]]) for name, proxy in proxies.items()}
        limits = {"RATE_LIMIT_DEFAULT": "100000/m", "RATE_LIMIT_LOGIN_ACCOUNT": "1000/m",
                  "RATE_LIMIT_LOGIN_CLIENT": "1000/m", "RATE_LIMIT_SIGNUP": "1000/h"}  # fmt: skip
        command = [sys.executable, "manage.py", "web", "--port", str(port)]
        with open(var / "web.log", "wb") as log:
            web = subprocess.Popen(command, cwd=BASE_DIR, env=direct | through | limits, stdout=log, stderr=log)
        site = Site(f"http://127.0.0.1:{port}", var / "engines", proxies)
        try:
            _await(site, web)
            yield site
        finally:
            site.heal()
            web.terminate()
            web.wait(timeout=15)


def _await(site: Site, web: "subprocess.Popen[bytes]") -> None:
    for _ in range(200):
        with contextlib.suppress(OSError):
            if site.call("GET", "/readyz").status == 200:
                return
        assert web.poll() is None, "the web server did not start"
        time.sleep(0.1)
    raise AssertionError("the site did not get ready")


@pytest.fixture
def site(site_process: Site) -> Iterator[Site]:
    """The site, healthy and signed in; healed again after the test."""
    assert site_process.recovered_within(15) or site_process.access == ""
    site_process.access = site_process.sign_in().body["access"]
    yield site_process
    site_process.heal()
