"""Tasks for tests; each leaves its traces in a file."""

import os
import time
from pathlib import Path

from apps.core.jobs import task


class Broken(Exception):
    """What a failing chore raises."""


def note(path: str, text: str) -> None:
    with Path(path).open("a") as file:
        file.write(f"{text}\n")


@task()
def write(path: str, text: str) -> None:
    note(path, text)


@task()
def take_long(path: str, seconds: float) -> None:
    """Slow at the first try, so that there is time to kill its worker."""
    first = not Path(path).exists()
    note(path, f"started {os.getpid()}")
    if first:
        time.sleep(seconds)
    note(path, f"done {os.getpid()}")


@task(attempts=3)
def fail(path: str) -> None:
    note(path, "tried")
    raise Broken("password=hunter2")


@task(attempts=1)
def fail_once(path: str) -> None:
    raise Broken
