"""A server that speaks S3, for tests, and one before it that does everything wrong that networks do."""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from threading import Event, Lock, Thread
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

FAULTS = ("error", "busy", "cut", "damage")
ERROR = b"<Error><Code>%s</Code><Message>Please try again.</Message></Error>"


def bucket_at(server: str, **options: Any) -> dict[str, Any]:
    return {
        "BACKEND": "ottsite.object_storage.BucketStorage",
        "OPTIONS": {
            "bucket_name": f"bucket-{uuid4()}", "endpoint_url": server, "region_name": "us-east-1",
            "access_key": "key", "secret_key": "secret", **options,
        },
    }  # fmt: skip


@dataclass(slots=True)
class Front:
    """Passes requests on to `target`, and a part of them not, or not as they came: `rate`, from 0 to 1.
    An object is damaged once on its way in, and once on its way out.

    `seen`: method and key of each request that came. A GET of the object `stall_at` is answered by half,
    sets `stalled`, and goes on after `go_on`. `instead`: what every request of a method is answered.
    """

    target: str
    random: Random
    rate: float = 0.0
    faults: tuple[str, ...] = FAULTS
    stall_at: str = ""
    instead: tuple[str, bytes] | None = None
    url: str = ""
    seen: list[tuple[str, str]] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    damaged: set[tuple[str, str]] = field(default_factory=set)
    stalled: Event = field(default_factory=Event)
    go_on: Event = field(default_factory=Event)
    lock: Lock = field(default_factory=Lock)

    def fault(self, method: str, key: str) -> str:
        with self.lock:
            self.seen.append((method, key))
            if self.random.random() >= self.rate:
                return ""
            fault = self.random.choice(self.faults)
            if fault == "damage" and (method, key) in self.damaged:
                return ""
            if fault == "damage":
                self.damaged.add((method, key))
            self.done.append(fault)
            return fault

    def count(self, method: str, key: str) -> int:
        return self.seen.count((method, key))


@contextmanager
def front(target: str, seed: int = 0) -> Iterator[Front]:
    made = Front(target, Random(seed))  # noqa: S311 no secret

    class Bound(_Handler):
        front = made

    with ThreadingHTTPServer(("127.0.0.1", 0), Bound) as server:
        server.daemon_threads = True
        made.url = f"http://127.0.0.1:{server.server_address[1]}"
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield made
        finally:
            made.go_on.set()
            server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    front: Front

    def log_message(self, *args: Any) -> None: ...

    def answer(self) -> None:
        key = unquote(urlsplit(self.path).path.lstrip("/").partition("/")[2])
        length = int(self.headers.get("Content-Length") or 0)
        fault = self.front.fault(self.command, key)
        if fault == "cut" and length:
            self.rfile.read(length // 2)
            self.close_connection = True
            return
        body = self.rfile.read(length)
        if fault in ("error", "busy"):
            code, name = (500, b"InternalError") if fault == "error" else (503, b"SlowDown")
            self.send_response(code)
            self.send(ERROR % name)
            return
        if self.front.instead and self.front.instead[0] == self.command:
            self.send_response(200)
            self.send(self.front.instead[1])
            return
        # Of objects only: a damaged answer that is XML is no answer.
        is_object = bool(key) and "?" not in self.path
        if fault == "damage" and is_object and self.command == "PUT":
            body = damaged(body, 1)
        self.pass_on(body, fault, key, is_object=is_object)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer  # noqa: N815 the library's names

    def pass_on(self, body: bytes, fault: str, key: str, *, is_object: bool) -> None:
        server = http.client.HTTPConnection(urlsplit(self.front.target).netloc)
        server.request(self.command, self.path, body, dict(self.headers))
        answer = server.getresponse()
        data = answer.read()
        server.close()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "server", "date"):
                self.send_header(name, value)
        if self.command == "HEAD":
            self.send(b"", length=answer.headers["Content-Length"] or "0")
            return
        if fault == "damage" and is_object and self.command == "GET":
            data = damaged(data, 2)
        self.send(
            data,
            cut=fault == "cut",
            stalls=self.command == "GET" and is_object and key == self.front.stall_at,
        )

    def send(self, data: bytes, *, length: str = "", cut: bool = False, stalls: bool = False) -> None:
        self.send_header("Content-Length", length or str(len(data)))
        self.end_headers()
        if self.command == "HEAD":
            return
        half = len(data) // 2
        self.wfile.write(data[:half])
        if stalls and not self.front.stalled.is_set():
            self.wfile.flush()
            self.front.stalled.set()
            self.front.go_on.wait()
        if cut:
            self.close_connection = True
        else:
            self.wfile.write(data[half:])


def damaged(data: bytes, bit: int) -> bytes:
    """As long as it was, with a bit in the middle turned; another one each way, or both would be none."""
    if not data:
        return data
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ bit]) + data[middle + 1 :]
