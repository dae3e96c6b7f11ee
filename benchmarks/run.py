"""`python -m benchmarks.run [NAME …]`: what an endpoint costs, beside a bare Django view and a bare "hello".

Requests per CPU-second of the server's processes, p50 and p99 as a client sees them, and what PostgreSQL
worked for each. Server and load have a core each, for the same seconds in the same run, so fractions
compare across machines where requests per second do not. Engines of its own; nothing else should run
meanwhile.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import cases
from benchmarks.cases import Case, Catalogue, Site
from benchmarks.measuring import manage, measure, server
from ottsite import engines

LIMITS = ("DEFAULT", "SIGNUP", "LOGIN_CLIENT", "LOGIN_ACCOUNT")
UNLIMITED = {f"RATE_LIMIT_{name}": "10000000/m" for name in LIMITS}
GRANIAN = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--log-level", "error"]
# The bare view has the server that `manage.py web` makes, and hello the one that suits it best.
BARE = [*GRANIAN, "--blocking-threads", "16", "--backpressure", "128", "benchmarks.bare:application"]
HELLO = [*GRANIAN, "--blocking-threads", "4", "benchmarks.hello:application"]


def main() -> None:
    options = arguments()
    chosen = [case for case in cases.CASES if not options.names or case.name in options.names]
    needs_titles = any(case.of_catalogue for case in chosen)
    with place(options.var) as var, engines.running(var / "engines", grace=5) as urls:
        environ = urls | UNLIMITED | {"OTTSITE_VAR": str(var), "LOG_LEVEL": "WARNING", "DEBUG": "off"}
        for command in (["migrate", "-v0"], ["demo_accounts", "-v0"]):
            manage(command, environ)
        catalogue = fill(environ, options.titles) if needs_titles else Catalogue([], [])
        postgres = engines.pids(var / "engines")["postgres"]
        rows = []
        for name, command in (("hello", HELLO), ("bare view", BARE)):
            with server(command, {}) as (pid, port):
                case = Case(name, lambda _: cases.constant("GET", "/"))
                rows.append(measure(pid, postgres, case, Site(port, catalogue), options.seconds))
        with server([sys.executable, "manage.py", "web"], environ) as (pid, port):
            site = Site(port, catalogue)
            rows += [measure(pid, postgres, case, site, options.seconds) for case in chosen]
    report(rows, as_json=options.json)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("names", nargs="*", help="which cases; all when left out")
    parser.add_argument("--seconds", type=float, default=4.0, help="of load for each case (default 4)")
    parser.add_argument("--titles", type=int, default=100_000, help="in the catalogue (default 100000)")
    parser.add_argument("--var", type=Path, help="a folder to keep the catalogue in, for the next run")
    parser.add_argument("--json", action="store_true", help="print JSON lines instead of a table")
    return parser.parse_args()


@contextmanager
def place(var: Path | None) -> Iterator[Path]:
    """The folder of the engines: the given one, or one for this run alone."""
    if var:
        var.mkdir(parents=True, exist_ok=True)
        yield var.resolve()
    else:
        with tempfile.TemporaryDirectory(prefix="ottsite-bench-") as temporary:
            yield Path(temporary)


def fill(environ: dict[str, str], titles: int) -> Catalogue:
    """Invent what is missing of so many titles, and look at what is there."""
    missing = titles - cases.count_titles(environ["DATABASE_URL"])
    if missing > 0:
        manage(["generate_catalogue", "--titles", str(missing)], environ)
    return cases.look_at(environ["DATABASE_URL"])


def report(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    write = sys.stdout.write
    hello, bare = (row["per_cpu_s"] or 1.0 for row in rows[:2])
    if not as_json:
        titles = ("endpoint", "req/CPU-s", "of hello", "of bare", "req/s", "p50 ms", "p99 ms", "pg ms")
        write("{:<26}{:>11}{:>10}{:>9}{:>8}{:>8}{:>8}{:>8}\n".format(*titles))
    for row in rows:
        row |= {"of_hello": row["per_cpu_s"] / hello, "of_bare": row["per_cpu_s"] / bare}
        if as_json:
            write(json.dumps(row) + "\n")
            continue
        write(
            f"{row['name']:<26}{row['per_cpu_s']:>11.0f}{row['of_hello']:>10.1%}{row['of_bare']:>9.1%}"
            f"{row['per_s']:>8.0f}{row['p50_ms']:>8.1f}{row['p99_ms']:>8.1f}{row['pg_ms']:>8.2f}"
            f"{'' if set(row['statuses']) <= {200} else '  ' + str(row['statuses'])}\n"
        )


if __name__ == "__main__":
    main()
