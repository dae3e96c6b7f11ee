"""HTTP/1.1 as a patient client speaks it: kept connections to several servers, and requests that are
repeated until somebody answers them.
"""

import asyncio
import json
from collections import defaultdict
from dataclasses import dataclass, field
from random import Random
from typing import Any

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]
SILENT_S = 10.0
PAUSE_S = (0.05, 0.4)


class Unanswered(Exception):
    """There was no server, or (`sent`) the connection broke: nobody knows whether the request was done."""

    def __init__(self, *, sent: bool) -> None:
        super().__init__("unanswered")
        self.sent = sent


@dataclass(frozen=True, slots=True)
class Answer:
    """`sent` and `came`: when, by the client's monotonic clock; `in_doubt`: how many tries before this one
    ended without an answer that says that nothing was done."""

    status: int
    headers: dict[str, str]
    body: Any
    sent: float
    came: float
    in_doubt: int = 0


@dataclass
class Wire:
    """Servers on loopback by their `ports`, of which each request takes any; `silent_s` without an answer are
    a broken connection. `busy`: requests that are not decided yet, those between two tries too."""

    ports: list[int]
    random: Random
    silent_s: float = SILENT_S
    unanswered: int = 0
    unavailable: int = 0
    busy: int = 0
    _idle: dict[int, list[Stream]] = field(default_factory=lambda: defaultdict(list))

    async def call(
        self, method: str, path: str, body: Any = None, *, token: str = "", key: str = ""
    ) -> Answer:
        """One try. Raises `Unanswered`."""
        port = self.random.choice(self.ports)
        try:
            async with asyncio.timeout(self.silent_s):
                return await self._call(port, _packed(method, path, body, token, key))
        except ConnectionRefusedError as error:
            raise Unanswered(sent=False) from error
        except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError) as error:
            raise Unanswered(sent=True) from error

    async def _call(self, port: int, data: bytes) -> Answer:
        idle, clock = self._idle[port], asyncio.get_running_loop().time
        reader, writer = idle.pop() if idle else await asyncio.open_connection("127.0.0.1", port)
        try:
            sent = clock()
            writer.write(data)
            status, headers, body = await _read(reader)
        except BaseException:
            writer.close()
            raise
        idle.append((reader, writer))
        return Answer(status, headers, body, sent, clock())

    async def until_answered(self, method: str, path: str, body: Any = None, **more: str) -> Answer:
        """The first answer that decides; 503 and 429 are asked again, as players do."""
        self.busy += 1
        try:
            return await self._until_answered(method, path, body, **more)
        finally:
            self.busy -= 1

    async def _until_answered(self, method: str, path: str, body: Any, **more: str) -> Answer:
        in_doubt = 0
        while True:
            try:
                answer = await self.call(method, path, body, **more)
            except Unanswered as error:
                self.unanswered += error.sent
                in_doubt += error.sent
            else:
                if answer.status not in {429, 503}:
                    return Answer(
                        answer.status, answer.headers, answer.body, answer.sent, answer.came, in_doubt
                    )
                # A store broke in the middle: the deed may have been done.
                in_doubt += answer.status == 503
                self.unavailable += 1
            await asyncio.sleep(self.random.uniform(*PAUSE_S))

    def close(self) -> None:
        for streams in self._idle.values():
            for _, writer in streams:
                writer.close()
        self._idle.clear()


def _packed(method: str, path: str, body: Any, token: str, key: str) -> bytes:
    data = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(data)}"]
    lines += ["Content-Type: application/json"] if data else []
    lines += [f"Authorization: Bearer {token}"] if token else []
    lines += [f"Idempotency-Key: {key}"] if key else []
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


async def _read(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], Any]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    status, *lines = head.split("\r\n")
    headers = {
        name.lower(): value for name, colon, value in (line.partition(": ") for line in lines) if colon
    }
    text = await reader.readexactly(int(headers.get("content-length", "0")))
    return int(status.split(" ")[1]), headers, json.loads(text) if text else None
