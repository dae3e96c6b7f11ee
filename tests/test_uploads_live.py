"""Uploads through the real server: connections that break, a server that is killed in the middle."""

import http.client
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

import pytest

from .live import PASSWORD, Site, await_ready, eventually

UPLOADS = "/api/v1/cms/uploads/"
MB = 1_000_000
SEED = int(os.environ.get("UPLOADS_SEED", "20261126"))


class Sender:
    """An editor with a token and a file."""

    def __init__(self, site: Site, data: bytes) -> None:
        self.site, self.data = site, data
        grant = site.call(
            "POST", "/api/v1/auth/login", {"email": "editor@demo.example", "password": PASSWORD}
        )
        self.headers = {"Authorization": f"Bearer {grant.body['access']}", "Tus-Resumable": "1.0.0"}
        answer = self.ask("POST", UPLOADS, **{"Upload-Length": str(len(data))})
        self.path = urlsplit(answer.headers["Location"]).path

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        connection = http.client.HTTPConnection(urlsplit(self.site.url).netloc, timeout=60)
        try:
            connection.request(
                method, path, body, self.headers | headers, encode_chunked=isinstance(body, Iterator)
            )
            answer = connection.getresponse()
            answer.read()
            assert answer.status < 300, (method, answer.status)
            return answer
        finally:
            connection.close()

    def offset(self) -> int:
        return int(self.ask("HEAD", self.path).headers["Upload-Offset"])

    def send(self, at: int, body: Any) -> int:
        told = {"Upload-Offset": str(at), "Content-Type": "application/offset+octet-stream"}
        if isinstance(body, Iterator):
            told["Transfer-Encoding"] = "chunked"
        return int(self.ask("PATCH", self.path, body, **told).headers["Upload-Offset"])

    def breaks_off(self, at: int, count: int, *, reset: bool = False) -> socket.socket:
        """Announces the rest of the file and sends so much of it; the connection is left open."""
        address = urlsplit(self.site.url)
        told = self.headers | {
            "Host": address.netloc,
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(len(self.data) - at),
            "Upload-Offset": str(at),
        }
        lines = [f"PATCH {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items())]
        connection = socket.create_connection((address.hostname or "", address.port or 0), timeout=30)
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + self.data[at : at + count])
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01" + b"\0" * 7)
        return connection

    @property
    def file(self) -> Path:
        return self.site.var / "uploads" / f"{self.path.rpartition('/')[2]}.part"

    def rests(self, at: int) -> bool:
        """Whether nothing more is about to be written by a connection that broke."""
        return eventually(lambda: self.offset() == at, 20)


@pytest.fixture
def sender(site: Site) -> Sender:
    print(f"seed {SEED}")  # noqa: T201
    site.manage("loaddata", "groups")
    return Sender(site, Random(SEED).randbytes(12 * MB))  # noqa: S311 it has to repeat itself


@pytest.mark.parametrize("reset", [False, True])
def test_a_connection_that_breaks_in_the_middle_keeps_what_arrived(sender: Sender, reset: bool) -> None:
    sender.breaks_off(0, 5 * MB, reset=False).close()
    assert sender.rests(5 * MB)
    # What a reset connection had still in its buffers may be lost, but what is told is there.
    sender.breaks_off(5 * MB, 3 * MB, reset=reset).close()
    assert eventually(lambda: sender.offset() > 5 * MB, 20)
    time.sleep(0.5)
    at = sender.offset()
    assert at <= 8 * MB

    assert sender.send(at, sender.data[at:]) == 12 * MB
    assert sender.file.read_bytes() == sender.data


def test_a_body_without_a_length_is_streamed_too(sender: Sender) -> None:
    pieces = (sender.data[at : at + 300_000] for at in range(0, 10 * MB, 300_000))
    sent = sender.send(0, iter(pieces))

    assert sent == 10_200_000
    assert sender.send(sent, iter([sender.data[sent:]])) == 12 * MB
    assert sender.file.read_bytes() == sender.data


def test_a_server_that_is_killed_in_the_middle_tells_the_truth_afterwards(sender: Sender, site: Site) -> None:
    assert sender.send(0, sender.data[: 2 * MB]) == 2 * MB
    connection = sender.breaks_off(2 * MB, 7 * MB)
    assert eventually(lambda: sender.file.stat().st_size > 5 * MB, 20)
    for pid in reversed(site.alive()["web"]):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    site.processes["web"].wait(timeout=10)
    connection.close()
    site.start("web")
    await_ready(site)

    at = sender.offset()
    assert 2 * MB <= at <= sender.file.stat().st_size
    assert sender.send(at, sender.data[at : at + MB]) == at + MB
    assert sender.file.stat().st_size == at + MB
    assert sender.file.read_bytes() == sender.data[: at + MB]
    assert sender.send(at + MB, sender.data[at + MB :]) == 12 * MB
    assert sender.file.read_bytes() == sender.data
