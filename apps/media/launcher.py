"""Becomes another program, with less than it was given: the kernel's side of `sandbox`.

Run by its path under `python -I -S`, which starts in some 15 ms. The standard library only, for nothing of
ours may be imported where an untrusted file is about to be read. What a kernel or a container does not
offer is gone without: each fence stands alone, and behind them all are the lists of `formats`.
"""

import ctypes
import json
import os
import resource
import signal
import struct
import sys
from contextlib import suppress
from typing import Any

# prctl(2)
PDEATHSIG, SECCOMP, CAPBSET_DROP, NO_NEW_PRIVS = 1, 22, 24, 38
DAC_OVERRIDE, CAPABILITIES = 1, 64
CLONE_NEWUSER, CLONE_NEWNET, CLONE_THREAD = 0x10000000, 0x40000000, 0x10000

# landlock(7): the rights that each version of it knows, by their bits.
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, TRUNCATE, IOCTL = 1, 1 << 1, 1 << 2, 1 << 3, 1 << 14, 1 << 15
READING = EXECUTE | READ_FILE | READ_DIR
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL
RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
TCP = 0b11  # bind, connect
SCOPES = 0b11  # abstract sockets, signals: none of those outside

# Of AUDIT_ARCH: its number, then system calls by theirs (unistd.h).
MACHINES: dict[str, tuple[int, dict[str, int]]] = {
    "x86_64": (0xC000003E, {
        "clone": 56, "fork": 57, "vfork": 58, "socket": 41, "setsid": 112, "setpgid": 109, "ptrace": 101,
        "process_vm_readv": 310, "process_vm_writev": 311, "bpf": 321, "perf_event_open": 298,
        "userfaultfd": 323, "add_key": 248, "request_key": 249, "keyctl": 250, "mount": 165, "umount2": 166,
        "pivot_root": 155, "chroot": 161, "unshare": 272, "setns": 308, "open_by_handle_at": 304,
        "init_module": 175, "finit_module": 313, "kexec_load": 246,
    }),
    "aarch64": (0xC00000B7, {
        "clone": 220, "socket": 198, "setsid": 157, "setpgid": 154, "ptrace": 117,
        "process_vm_readv": 270, "process_vm_writev": 271, "bpf": 280, "perf_event_open": 241,
        "userfaultfd": 282, "add_key": 217, "request_key": 218, "keyctl": 219, "mount": 40, "umount2": 39,
        "pivot_root": 41, "chroot": 51, "unshare": 97, "setns": 268, "open_by_handle_at": 265,
        "init_module": 105, "finit_module": 273, "kexec_load": 104,
    }),
}  # fmt: skip
# Newer ones have the same number everywhere: io_uring_setup, the new mount calls, pidfd_getfd.
EVERYWHERE = (425, 428, 429, 430, 431, 432, 433, 438)
CLONE3, X32 = 435, 0x40000000
EPERM, ENOSYS = 1, 38


def main() -> None:
    """`launcher.py '{"cpu_s", "memory_bytes", "file_bytes", "parent", "reads", "writes"}' PROGRAM …`"""
    order, command = json.loads(sys.argv[1]), sys.argv[2:]
    libc = ctypes.CDLL(None, use_errno=True)
    # A network without interfaces; the fence of system calls below serves where containers forbid this.
    if libc.unshare(CLONE_NEWNET) != 0:
        libc.unshare(CLONE_NEWUSER | CLONE_NEWNET)
    for capability in range(CAPABILITIES):
        if capability != DAC_OVERRIDE:
            libc.prctl(CAPBSET_DROP, capability, 0, 0, 0)
    libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0)
    _limit(order)
    _fence_files(libc, order["reads"], order["writes"])
    _fence_calls(libc)
    # Python ignores these, and what is ignored stays so in the program.
    for one in (signal.SIGXFSZ, signal.SIGPIPE):
        signal.signal(one, signal.SIG_DFL)
    # Dies with the worker; the check is for a worker that died before this was said.
    libc.prctl(PDEATHSIG, signal.SIGKILL)
    if os.getppid() != order["parent"]:
        os._exit(1)
    os.execv(command[0], command)  # noqa: S606 an argv of ours


def _limit(order: dict[str, Any]) -> None:
    """At its limit of CPU it is told so (SIGXCPU), which tells us; a little later it is killed."""
    for kind, soft, hard in (
        (resource.RLIMIT_CPU, order["cpu_s"], order["cpu_s"] + 5),
        (resource.RLIMIT_AS, order["memory_bytes"], order["memory_bytes"]),
        (resource.RLIMIT_FSIZE, order["file_bytes"], order["file_bytes"]),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        with suppress(ValueError):  # the machine allows even less
            resource.setrlimit(kind, (soft, hard))
    with suppress(OSError):
        os.nice(5)


# --- Files -------------------------------------------------------------------------------------------


def _fence_files(libc: ctypes.CDLL, reads: list[str] | None, writes: list[str]) -> None:
    """Nothing can be written but below `writes`; nothing read but below these and `reads`, unless null."""
    version = libc.syscall(CREATE_RULESET, None, 0, 1)
    if version < 1:
        return
    every = RIGHTS[min(version, 5)]
    handled = every if reads is not None else every & ~READING
    attributes = struct.pack("=QQQ", handled, TCP if version >= 4 else 0, SCOPES if version >= 6 else 0)
    length = 24 if version >= 6 else 16 if version >= 4 else 8
    rules = libc.syscall(CREATE_RULESET, attributes, length, 0)
    if rules < 0:
        return
    for path in reads or []:
        _allow(libc, rules, path, READING & handled)
    for path in writes:
        _allow(libc, rules, path, handled)
    libc.syscall(RESTRICT_SELF, rules, 0)
    os.close(rules)


def _allow(libc: ctypes.CDLL, rules: int, path: str, rights: int) -> None:
    """What is not there needs no rule."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    if not os.path.isdir(path):  # noqa: PTH112 pathlib takes longer to import than all this to run
        rights &= OF_FILES
    if rights:
        libc.syscall(ADD_RULE, rules, 1, struct.pack("=Qi", rights, place), 0)
    os.close(place)


# --- System calls ------------------------------------------------------------------------------------


def _fence_calls(libc: ctypes.CDLL) -> None:
    """No sockets, no other processes, no leaving of the session, nothing that only an attacker calls."""
    machine = MACHINES.get(os.uname().machine)
    if machine is None:
        return
    program = _filter(*machine)
    code = ctypes.create_string_buffer(program, len(program))
    pointer = struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
    libc.prctl(SECCOMP, 2, pointer, 0, 0)


def _filter(architecture: int, calls: dict[str, int]) -> bytes:
    """A program of seccomp(2): each refused call is compared and answered with EPERM.

    Threads are clones that stay in the process; clone3 hides its flags, and libraries do without it.
    """
    load, equal, at_least, has, answer = 0x20, 0x15, 0x35, 0x45, 0x06
    allow, error, kill = 0x7FFF0000, 0x00050000, 0x80000000
    lines = [(load, 0, 0, 4), (equal, 1, 0, architecture), (answer, 0, 0, kill), (load, 0, 0, 0)]
    if architecture == MACHINES["x86_64"][0]:
        lines += [(at_least, 0, 1, X32), (answer, 0, 0, error | EPERM)]
    lines += [(equal, 0, 1, CLONE3), (answer, 0, 0, error | ENOSYS)]
    for number in (*(calls[name] for name in calls if name != "clone"), *EVERYWHERE):
        lines += [(equal, 0, 1, number), (answer, 0, 0, error | EPERM)]
    lines += [
        (equal, 0, 3, calls["clone"]), (load, 0, 0, 16), (has, 1, 0, CLONE_THREAD),
        (answer, 0, 0, error | EPERM), (answer, 0, 0, allow),
    ]  # fmt: skip
    return b"".join(struct.pack("=HBBI", *line) for line in lines)


if __name__ == "__main__":
    main()
