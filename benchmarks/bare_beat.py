"""A bare WSGI callable that makes the very call of Valkey that a heartbeat makes, and nothing else of it.

`BEATS_FILE` holds the commands, packed, each after its length in 4 bytes.
"""

import itertools
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import hiredis

HEADERS = [("Content-Type", "application/json"), ("Content-Length", "23")]
ANSWER = b'{"next_interval_s": 10}'


def _commands() -> list[bytes]:
    data, found = Path(os.environ["BEATS_FILE"]).read_bytes(), []
    while data:
        (size,) = struct.unpack(">I", data[:4])
        found.append(data[4 : 4 + size])
        data = data[4 + size :]
    return found


_own = threading.local()
_next = itertools.cycle(_commands())


def _connection() -> tuple[socket.socket, Any]:
    if not hasattr(_own, "pair"):
        url = urlsplit(os.environ["REDIS_URL"])
        connection, reader = socket.create_connection((url.hostname, url.port)), hiredis.Reader()
        if url.password:
            _ask(connection, reader, f"AUTH {url.password}\r\n".encode())
        _ask(connection, reader, f"SELECT {url.path.strip('/') or 0}\r\n".encode())
        _own.pair = connection, reader
    return _own.pair  # type: ignore[no-any-return]


def _ask(connection: socket.socket, reader: Any, command: bytes) -> Any:
    connection.sendall(command)
    answer = False
    while answer is False:
        reader.feed(connection.recv(4096))
        answer = reader.gets()
    return answer


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    answer = _ask(*_connection(), next(_next))
    if isinstance(answer, hiredis.ReplyError) or answer[0] != b"kept":
        raise RuntimeError(answer)
    start_response("200 OK", HEADERS)
    return [ANSWER]


def silent(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The same without the call: what any beat costs that granian takes."""
    environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    start_response("200 OK", HEADERS)
    return [ANSWER]
