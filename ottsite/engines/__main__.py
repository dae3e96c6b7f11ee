"""`python -m ottsite.engines status|stop|up`: the engines, for people."""

import argparse
import json
import os
import signal
import sys
from pathlib import Path

from ottsite.engines.client import data_root, grace, provide, status, stop
from ottsite.engines.wheels import VARIABLES, EngineUnavailable


def main() -> int:
    """Run one command; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m ottsite.engines", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("status", help="show what runs")
    commands.add_parser("stop", help="stop the engines, whoever uses them")
    commands.add_parser("up", help="keep the engines up until Ctrl-C")
    supervise = commands.add_parser("supervise", help="(internal) be the supervisor")
    supervise.add_argument("root", type=Path)
    supervise.add_argument("grace", type=float)
    arguments = parser.parse_args()
    if arguments.command == "supervise":
        return _supervise(arguments.root, arguments.grace)
    root = data_root(os.environ)
    if arguments.command == "up":
        return _up()
    if arguments.command == "stop":
        stop(root)
    sys.stdout.write(json.dumps({"root": str(root), **status(root)}, indent=2) + "\n")
    return 0


def _supervise(root: Path, grace_seconds: float) -> int:
    from ottsite.engines.supervisor import supervise

    supervise(root, grace_seconds)
    return 0


def _up() -> int:
    try:
        provide(os.environ)
    except EngineUnavailable as reason:
        sys.stderr.write(f"{reason}\n")
        return 1
    for variable in VARIABLES.values():
        sys.stdout.write(f"{variable}={os.environ.get(variable, '')}\n")
    sys.stdout.write("Ctrl-C ends it.\n")
    sys.stdout.flush()
    try:
        signal.pause()
    except KeyboardInterrupt:
        seconds = grace(os.environ)
        sys.stderr.write(f"\nThe engines stop in {seconds:.0f} s unless something uses them.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
