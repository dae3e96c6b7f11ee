"""The prober on many files in one process, which costs a tenth: a fork for each, fenced like the real one.

Run by its path: `batch.py LAUNCHER PROBER`, with a line of JSON for each file on standard input:
`{"path", "order": of the launcher, "wanted": of the prober}`. Answers a line for each, `[code, document]`,
the code as in `subprocess`; "hung" after `WALL_S`.
"""

import ctypes
import importlib.util
import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

WALL_S = 60


def main() -> None:
    launcher, prober = (_module(path) for path in sys.argv[1:])
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_one(json.loads(line), launcher, prober)) + "\n")
        sys.stdout.flush()


def _module(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(Path(path).stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _one(job: dict[str, Any], launcher: ModuleType, prober: ModuleType) -> list[Any]:
    answer = Path(job["path"] + ".answer")
    pid = os.fork()
    if not pid:
        _look(job, launcher, prober, answer)
    deadline = time.monotonic() + WALL_S
    while not (ended := os.waitpid(pid, os.WNOHANG))[0]:
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return ["hung", ""]
        time.sleep(0.001)
    return [os.waitstatus_to_exitcode(ended[1]), answer.read_text()]


def _look(job: dict[str, Any], launcher: ModuleType, prober: ModuleType, answer: Path) -> None:
    """In the fork, of which this is the end."""
    code = 1
    try:
        output = os.open(answer, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(launcher.NO_NEW_PRIVS, 1, 0, 0, 0)
        launcher._limit(job["order"])
        launcher._fence_files(libc, job["order"]["reads"], [])
        launcher._fence_calls(libc)
        sys.argv = ["prober.py", json.dumps(job["wanted"])]
        prober.main()
        sys.stdout.flush()
        code = 0
    except BaseException:  # noqa: BLE001 it is told, as Python would
        traceback.print_exc()
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
