"""`python -m benchmarks.run [NAME …]`: what an endpoint costs, as a fraction of a bare granian "hello".

Requests per CPU-second of the server's processes, and p50 / p99 as a client sees them. The server runs on
one core and the load on another, both for the same seconds in the same run, so fractions compare across
machines where requests per second do not. Engines of its own; nothing else should run meanwhile.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import load
from ottsite import engines

BASE_DIR = Path(__file__).resolve().parent.parent
EMAIL, PASSWORD = "free@demo.example", "ottsite-demo"
TICKS = os.sysconf("SC_CLK_TCK")
LIMITS = ("DEFAULT", "SIGNUP", "LOGIN_CLIENT", "LOGIN_ACCOUNT")
UNLIMITED = {f"RATE_LIMIT_{name}": "10000000/m" for name in LIMITS}


@dataclass(frozen=True)
class Case:
    """A named endpoint: how to make its nth request, and how many at once."""

    name: str
    prepare: Callable[[int], load.Request]
    connections: int = 16
    most: int = 200_000


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("names", nargs="*", help="which cases; all when left out")
    parser.add_argument("--seconds", type=float, default=4.0, help="of load for each case (default 4)")
    parser.add_argument("--json", action="store_true", help="print JSON lines instead of a table")
    options = parser.parse_args()
    chosen = [case for case in CASES if not options.names or case.name in options.names]
    with tempfile.TemporaryDirectory(prefix="ottsite-bench-") as var:
        bare = [sys.executable, "-m", "granian", *GRANIAN, "benchmarks.hello:application"]
        with server(bare, {}) as (pid, port):
            floor = measure(pid, port, Case("hello", lambda _: constant("GET", "/")), options.seconds)
        rows = [floor]
        with engines.running(Path(var) / "engines", grace=5) as urls:
            environ = urls | UNLIMITED | {"OTTSITE_VAR": var, "LOG_LEVEL": "WARNING", "DEBUG": "off"}
            for command in (["migrate", "-v0"], ["demo_accounts", "-v0"]):
                manage(command, environ)
            with server([sys.executable, "manage.py", "web"], environ) as (pid, port):
                rows += [measure(pid, port, case, options.seconds) for case in chosen]
    report(rows, as_json=options.json)


# --- Cases -------------------------------------------------------------------------------------------


def constant(method: str, path: str, **parts: Any) -> load.Request:
    data = load.request(method, path, **parts)
    return lambda _: data


def signed_in(path: str) -> Callable[[int], load.Request]:
    return lambda port: constant("GET", path, token=sign_in(port)["access"])


def wrong_password(port: int) -> load.Request:
    body = json.dumps({"email": EMAIL, "password": "not the password"}).encode()
    return constant("POST", "/api/v1/auth/login", body=body)


CASES = [
    Case("healthz", lambda _: constant("GET", "/healthz")),
    Case("no such route", lambda _: constant("GET", "/api/v1/nowhere")),
    Case("refused (401)", lambda _: constant("GET", "/api/v1/account")),
    Case("profiles", signed_in("/api/v1/profiles")),
    Case("account", signed_in("/api/v1/account")),
    Case("login (bcrypt)", wrong_password, connections=2),
]


# --- Measuring ---------------------------------------------------------------------------------------

GRANIAN = ["--interface", "wsgi", "--blocking-threads", "4", "--no-ws", "--log-level", "warning"]


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


def measure(pid: int, port: int, case: Case, seconds: float) -> dict[str, Any]:
    make = case.prepare(port)
    load.run(port, make, connections=case.connections, seconds=0.5, most=case.most)
    before = cpu_seconds(pid)
    outcome = load.run(port, make, connections=case.connections, seconds=seconds, most=case.most)
    cpu = cpu_seconds(pid) - before
    return {
        "name": case.name,
        "requests": outcome.requests,
        "statuses": outcome.statuses,
        "per_cpu_s": outcome.requests / cpu if cpu else 0.0,
        "per_s": outcome.requests / outcome.seconds,
        "p50_ms": outcome.percentile_ms(50),
        "p99_ms": outcome.percentile_ms(99),
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


def sign_in(port: int) -> dict[str, str]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1/auth/login",
        json.dumps({"email": EMAIL, "password": PASSWORD}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 loopback
        found: dict[str, str] = json.load(response)
    return found


def manage(command: list[str], environ: dict[str, str]) -> None:
    argv = [sys.executable, "manage.py", *command]
    subprocess.run(argv, cwd=BASE_DIR, env=os.environ | environ, check=True)


def report(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    floor = rows[0]["per_cpu_s"] or 1.0
    write = sys.stdout.write
    if not as_json:
        write(f"{'endpoint':<18}{'req/CPU-s':>11}{'of hello':>10}{'req/s':>9}{'p50 ms':>9}{'p99 ms':>9}\n")
    for row in rows:
        row["of_hello"] = row["per_cpu_s"] / floor
        if as_json:
            write(json.dumps(row) + "\n")
            continue
        write(
            f"{row['name']:<18}{row['per_cpu_s']:>11.0f}{row['of_hello']:>9.1%}{row['per_s']:>9.0f}"
            f"{row['p50_ms']:>9.1f}{row['p99_ms']:>9.1f}\n"
        )


if __name__ == "__main__":
    main()
