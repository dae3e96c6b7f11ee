"""Becomes another program, with less than it was given: the kernel's side of `sandbox`.

Run by its path under `python -I -S`, which starts in some 15 ms. The standard library only, for nothing of
ours may be imported where an untrusted file is about to be read.
"""

import ctypes
import json
import os
import resource
import signal
import sys
from contextlib import suppress

PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000


def main() -> None:
    """`launcher.py '{"cpu_s", "memory_bytes", "file_bytes", "parent"}' PROGRAM ARGUMENT…`"""
    limits, command = json.loads(sys.argv[1]), sys.argv[2:]
    libc = ctypes.CDLL(None, use_errno=True)
    # Dies with the worker; the check is for a worker that died before this was said.
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != limits["parent"]:
        os._exit(1)
    # A network without interfaces. Some containers forbid it; then allow-lists of protocols have to do.
    if libc.unshare(CLONE_NEWNET) != 0:
        libc.unshare(CLONE_NEWUSER | CLONE_NEWNET)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    for kind, most, hard in (
        # At the soft limit comes SIGXCPU, which says why; at the hard one SIGKILL, which does not.
        (resource.RLIMIT_CPU, limits["cpu_s"], limits["cpu_s"] + 2),
        (resource.RLIMIT_AS, limits["memory_bytes"], limits["memory_bytes"]),
        (resource.RLIMIT_FSIZE, limits["file_bytes"], limits["file_bytes"]),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        with suppress(ValueError):  # the machine allows even less
            resource.setrlimit(kind, (most, hard))
    with suppress(OSError):
        os.nice(5)
    os.execv(command[0], command)  # noqa: S606 an argv of ours


if __name__ == "__main__":
    main()
