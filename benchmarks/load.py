"""A closed-loop load generator over keep-alive connections; bounded in time and count, loopback only."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from statistics import quantiles
from time import perf_counter

Request = Callable[[int], bytes]


@dataclass
class Outcome:
    """What the clients saw: answers by status, and latencies in seconds."""

    statuses: dict[int, int] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def requests(self) -> int:
        return len(self.latencies)

    def percentile_ms(self, percent: int) -> float:
        if len(self.latencies) < 2:
            return 0.0
        return quantiles(self.latencies, n=100, method="inclusive")[percent - 1] * 1000


def request(method: str, path: str, *, token: str = "", body: bytes = b"") -> bytes:
    """An HTTP/1.1 request as bytes."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "User-Agent: benchmark"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def run(port: int, make: Request, *, connections: int, seconds: float, most: int) -> Outcome:
    """Send `make(n)` for n = 0, 1, … until the time or the count is used up."""
    return asyncio.run(_run(port, make, connections, seconds, most))


async def _run(port: int, make: Request, connections: int, seconds: float, most: int) -> Outcome:
    outcome, numbers, started = Outcome(), count(), perf_counter()
    clients = (_client(port, make, numbers, most, started + seconds, outcome) for _ in range(connections))
    await asyncio.gather(*clients)
    outcome.seconds = perf_counter() - started
    return outcome


async def _client(
    port: int, make: Request, numbers: "count[int]", most: int, ends_at: float, outcome: Outcome
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while perf_counter() < ends_at and (number := next(numbers)) < most:
        data = make(number)
        sent = perf_counter()
        writer.write(data)
        try:
            status = await _answer(reader)
        except (asyncio.IncompleteReadError, ValueError, IndexError):
            outcome.statuses[0] = outcome.statuses.get(0, 0) + 1
            break
        outcome.latencies.append(perf_counter() - sent)
        outcome.statuses[status] = outcome.statuses.get(status, 0) + 1
    writer.close()


async def _answer(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    status, *lines = head.split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines if ": " in line)
    if length := int(headers.get("content-length", "0")):
        await reader.readexactly(length)
    return int(status.split(" ")[1])
