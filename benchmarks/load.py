"""A load generator over keep-alive connections; bounded in time and count, loopback only.

`run` is a closed loop: a client sends when it was answered. `paced` is an open one: requests come when they
come.
"""

import asyncio
import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from random import Random
from statistics import quantiles
from time import perf_counter

Request = Callable[[int], bytes]
Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


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


def request(
    method: str, path: str, *, token: str = "", body: bytes = b"", headers: Mapping[str, str] | None = None
) -> bytes:
    """An HTTP/1.1 request as bytes."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "User-Agent: benchmark"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
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


def paced(port: int, make: Request, *, per_s: float, seconds: float, connections: int = 64) -> Outcome:
    """Send `make(n)` so many times a second on average, at random moments (a Poisson process).

    A latency counts from the moment when the request was due, so that one which had to wait for a connection,
    because others were answered late, has waited ("coordinated omission").
    """
    return asyncio.run(_paced(port, make, per_s, seconds, connections))


async def _paced(port: int, make: Request, per_s: float, seconds: float, connections: int) -> Outcome:
    # Looking for garbage among all that a benchmark has loaded takes a tenth of a second, in which nobody
    # sends or reads: every answer would seem that late.
    gc.collect()
    gc.freeze()
    outcome, dice, due = Outcome(), Random(7), 0.0  # noqa: S311 it has to repeat itself
    free: asyncio.Queue[Pair] = asyncio.Queue()
    for _ in range(connections):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", port))
    started, under_way = perf_counter(), set()
    for number in count():
        due += dice.expovariate(per_s)
        if due > seconds:
            break
        await asyncio.sleep(max(0.0, started + due - perf_counter()))
        task = asyncio.create_task(_exchange(free, make(number), started + due, outcome))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    await asyncio.gather(*under_way)
    outcome.seconds = perf_counter() - started
    while not free.empty():
        free.get_nowait()[1].close()
    return outcome


async def _exchange(free: "asyncio.Queue[Pair]", data: bytes, due: float, outcome: Outcome) -> None:
    reader, writer = await free.get()
    writer.write(data)
    status = await _answer(reader)
    outcome.latencies.append(perf_counter() - due)
    outcome.statuses[status] = outcome.statuses.get(status, 0) + 1
    free.put_nowait((reader, writer))


async def _answer(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    status, *lines = head.split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines if ": " in line)
    if length := int(headers.get("content-length", "0")):
        await reader.readexactly(length)
    return int(status.split(" ")[1])
