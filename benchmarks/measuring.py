"""Servers on one core, load from another, and the CPU time that both the server and PostgreSQL used."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import load
from benchmarks.cases import Case, Site

BASE_DIR = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def server(command: list[str], environ: dict[str, str]) -> Iterator[tuple[int, int]]:
    """A server on the first core; its pid and port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    cores = sorted(os.sched_getaffinity(0))
    process = subprocess.Popen(
        [*command, "--port", str(port)],
        cwd=BASE_DIR,
        env=os.environ | environ,
        preexec_fn=lambda: os.sched_setaffinity(0, cores[:1]),  # noqa: PLW1509 no threads yet
    )
    os.sched_setaffinity(0, cores[-1:])
    try:
        await_port(process, port)
        yield process.pid, port
    finally:
        os.sched_setaffinity(0, cores)
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def await_port(process: "subprocess.Popen[bytes]", port: int) -> None:
    for _ in range(300):
        if process.poll() is not None:
            sys.exit("The server ended before it listened.")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    sys.exit("The server did not listen in time.")


def measure(
    pid: int, postgres: int, case: Case, site: Site, seconds: float, *, warm_s: float = 0.5
) -> dict[str, Any]:
    """The case's load, after `warm_s` of it that do not count."""
    make = case.prepare(site)
    load.run(site.port, make, connections=case.connections, seconds=warm_s, most=case.most)
    before = cpu_seconds(pid), cpu_seconds(postgres)
    outcome = load.run(site.port, make, connections=case.connections, seconds=seconds, most=case.most)
    cpu, database = cpu_seconds(pid) - before[0], cpu_seconds(postgres) - before[1]
    return {
        "name": case.name,
        "requests": outcome.requests,
        "statuses": outcome.statuses,
        "per_cpu_s": outcome.requests / cpu if cpu else 0.0,
        "per_s": outcome.requests / outcome.seconds,
        "p50_ms": outcome.percentile_ms(50),
        "p99_ms": outcome.percentile_ms(99),
        "pg_ms": database * 1000 / max(1, outcome.requests),
    }


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its descendants."""
    stats = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        stats[int(path.parent.name)] = (int(fields[1]), int(fields[11]) + int(fields[12]))
    family, total = [pid], 0
    for one in family:
        total += stats.get(one, (0, 0))[1]
        family += [child for child, (parent, _) in stats.items() if parent == one]
    return total / TICKS


def manage(command: list[str], environ: dict[str, str]) -> None:
    argv = [sys.executable, "manage.py", *command]
    subprocess.run(argv, cwd=BASE_DIR, env=os.environ | environ, check=True)
