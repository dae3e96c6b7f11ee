"""`manage.py test` runs pytest; this file is the runner and the plugin that gives tests their servers.

With `--parallel` there are two runs: the tests marked `alone` follow the others, one after the other, for
they hold the site to its time limits or take its servers' ports, and want the machine for themselves.

Tests use engines of their own (`var/test`), and within them each xdist worker a database, Redis numbers
and a MongoDB database of its own.
"""

import os
import re
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.test.runner import DiscoverRunner

BASE_DIR = Path(__file__).resolve().parent.parent
ALONE = "alone"
GOES_ON = {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED}


def prepare() -> None:
    """Point this process at the test servers. Must come before Django reads its settings; safe to repeat."""
    from ottsite import engines

    os.environ["OTTSITE_ENV"] = "test"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ottsite.settings")
    os.environ.setdefault("OTTSITE_VAR", str(BASE_DIR / "var" / "test"))
    os.environ.setdefault("OTTSITE_ENGINES_GRACE", "60")
    # Sixty clients at once on a busy machine are slow, not lost; what is about deadlines sets its own.
    os.environ.setdefault("REQUEST_DEADLINE_S", "30")
    os.environ.setdefault("REDIS_TIMEOUT_S", "3")
    engines.provide(os.environ)
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    number = 2 + int(re.sub(r"\D", "", worker)) if worker else 1
    for name in ("REDIS_URL", "CACHE_URL"):
        os.environ[name] = _with_path(os.environ[name], f"/{number}")
    os.environ["MONGO_URL"] = _with_path(os.environ["MONGO_URL"], f"/test_ottsite_{number}")


def _with_path(url: str, path: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=path))


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    prepare()


class PytestRunner(DiscoverRunner):
    """Django's test command, its flags and its labels, in front of pytest."""

    def run_tests(self, test_labels: list[str], **_: Any) -> int:
        arguments = [_path_of(label) for label in test_labels]
        arguments += ["--reuse-db"] if self.keepdb else ["--create-db"]
        arguments += ["-x"] if self.failfast else []
        arguments += ["-q"] if self.verbosity == 0 else ["-v"] * (self.verbosity - 1)
        # Django hands unittest patterns over ("*name*"), pytest wants the words.
        if patterns := self.test_name_patterns:
            arguments += ["-k", " or ".join(pattern.strip("*") for pattern in patterns)]
        if self.parallel <= 1:
            return int(pytest.main(arguments))
        many = ["-m", f"not {ALONE}", "-n", str(self.parallel), "--dist", "loadgroup"]
        return self._worst(arguments + run for run in (many, ["-m", ALONE]))

    def _worst(self, runs: Iterable[list[str]]) -> int:
        """The exit status of all runs, of which all but one may find nothing to do."""
        codes = []
        for arguments in runs:
            code = int(pytest.main(arguments))
            if code != pytest.ExitCode.NO_TESTS_COLLECTED:
                codes.append(code)
            if code not in GOES_ON or (self.failfast and code == pytest.ExitCode.TESTS_FAILED):
                break
        return max(codes, default=int(pytest.ExitCode.NO_TESTS_COLLECTED))


def cpu_seconds(call: Callable[[], Any]) -> float:
    """What the call costs this thread at best; a busy machine makes it later, not dearer."""
    costs = []
    for _ in range(3):
        began = time.thread_time()
        call()
        costs.append(time.thread_time() - began)
    return min(costs)


def _path_of(label: str) -> str:
    """`apps.accounts.tests.test_api.TestLogin.test_it` or a path, as pytest's node id."""
    if "/" in label or "::" in label or label.endswith(".py"):
        return label
    parts = label.split(".")
    for taken in range(len(parts), 0, -1):
        path = BASE_DIR.joinpath(*parts[:taken])
        found = path if path.is_dir() else path.with_suffix(".py")
        if found.exists():
            return "::".join([str(found), *parts[taken:]])
    sys.exit(f"No test is called {label}")
