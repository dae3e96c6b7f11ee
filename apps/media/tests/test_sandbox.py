"""What a program that reads untrusted files can do, and how it ends."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from threading import Event, Timer
from typing import Any

import pytest
from django.conf import settings

from apps.media import launcher, sandbox
from apps.media.sandbox import GIB, MIB, Ending, Limits, Outcome

LANDLOCK = ctypes.CDLL(None).syscall(launcher.CREATE_RULESET, None, 0, 1)
fenced = pytest.mark.skipif(LANDLOCK < 1, reason="this kernel has no Landlock")
PLENTY = Limits(wall_s=60, cpu_s=30, memory_bytes=GIB)


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.fixture
def do(scratch: Path) -> Callable[..., Outcome]:
    """Run some Python in the sandbox."""

    def done(code: str, limits: Limits = PLENTY, **more: Any) -> Outcome:
        return sandbox.run([sys.executable, "-I", "-c", dedent(code)], limits=limits, cwd=scratch, **more)

    return done


@pytest.fixture
def said(do: Callable[..., Outcome]) -> Callable[..., list[str]]:
    """Run some Python that ends well, for what it says."""

    def done(code: str, **more: Any) -> list[str]:
        lines: list[str] = []
        outcome = do(code, heed=lines.append, **more)
        assert outcome.is_well, outcome
        return lines

    return done


TRY = """
    def tried(deed):
        try:
            deed()
            print("done", flush=True)
        except OSError as error:
            print(error.strerror, flush=True)
"""
REFUSED = "Operation not permitted"
DENIED = "Permission denied"


def test_its_lines_are_heard_and_the_end_of_its_errors_kept(do: Callable[..., Outcome]) -> None:
    lines: list[str] = []

    outcome = do(
        "import sys; print('one\\n\\ntwo'); sys.stderr.write('x' * 9000 + 'the end'); sys.exit(3)",
        heed=lines.append,
    )

    assert lines == ["one", "", "two"]
    assert (outcome.ending, outcome.code) == (Ending.FAILED, 3)
    assert outcome.tail.endswith("the end")
    assert len(outcome.tail) == sandbox.TAIL


def test_it_works_in_its_folder_and_knows_nothing_of_the_worker(
    said: Callable[..., list[str]], scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "canary")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")

    lines = said(
        "import os; print(os.getcwd()); print(sorted(os.environ)); print(os.listdir('/proc/self/fd'))"
    )

    assert lines[0] == str(scratch)
    assert set(eval(lines[1])) <= {"HOME", "LANG", "LC_CTYPE"}  # noqa: S307 a list of names
    assert len(eval(lines[2])) == 4  # noqa: S307 its three streams, and the one that lists


ENDINGS = {
    Ending.TOO_SLOW: ("import time; time.sleep(60)", Limits(wall_s=0.3, cpu_s=30)),
    Ending.SILENT: (
        "import time\nwhile True: print(1, flush=True); time.sleep(9)",
        Limits(wall_s=60, cpu_s=30, quiet_s=0.5),
    ),
    Ending.TOO_MUCH_CPU: ("while True: pass", Limits(wall_s=60, cpu_s=1)),
    Ending.TOO_MUCH_MEMORY: ("bytearray(2**30)", Limits(wall_s=60, cpu_s=30, memory_bytes=GIB // 2)),
    Ending.TOO_MUCH_OUTPUT: (
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_DFL); open('big', 'wb').write(bytes(2**20))",
        Limits(wall_s=60, cpu_s=30, file_bytes=2**19),
    ),
    Ending.CRASHED: ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", PLENTY),
    Ending.FAILED: ("1 / 0", PLENTY),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_each_limit_ends_it_and_is_told(do: Callable[..., Outcome], ending: Ending, scratch: Path) -> None:
    code, limits = ENDINGS[ending]

    assert do(code, limits).ending == ending

    assert all(one.stat().st_size <= limits.file_bytes for one in scratch.iterdir())


def test_ffmpeg_that_writes_too_much_is_ended_by_the_limit_too(scratch: Path) -> None:
    """Python starts it, which ignores the signal that this limit sends."""
    command = ["/bin/dd", "if=/dev/zero", "of=big", "bs=1M", "count=4"]

    outcome = sandbox.run(command, limits=Limits(wall_s=60, cpu_s=30, file_bytes=MIB), cwd=scratch)

    assert (outcome.ending, outcome.code) == (Ending.TOO_MUCH_OUTPUT, -signal.SIGXFSZ)
    assert (scratch / "big").stat().st_size == MIB


def test_who_ignores_the_limit_of_cpu_is_killed_soon_after(said: Callable[..., list[str]]) -> None:
    assert said("import resource; print(*resource.getrlimit(resource.RLIMIT_CPU))") == ["30 35"]


def test_it_can_be_stopped(do: Callable[..., Outcome]) -> None:
    stop = Event()
    Timer(0.2, stop.set).start()

    assert do("import time; time.sleep(60)", stop=stop).ending == Ending.STOPPED


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_flood_ends_it_and_is_not_kept(do: Callable[..., Outcome], stream: str) -> None:
    """Without a single end of a line."""
    longest = 0

    def heed(line: str) -> None:
        nonlocal longest
        longest = max(longest, len(line))

    limits = Limits(wall_s=60, cpu_s=30, output_bytes=8 * MIB)
    code = f"import sys\nwhile True: sys.{stream}.write('x' * 65536)"

    outcome = do(code, limits, heed=heed)

    assert outcome.ending == Ending.TOO_MUCH_OUTPUT
    assert longest <= sandbox.LINE
    assert len(outcome.tail) <= sandbox.TAIL


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_who_listens_may_fail_and_it_ends_all_the_same(do: Callable[..., Outcome]) -> None:
    def heed(line: str) -> None:
        raise ZeroDivisionError

    assert do("for _ in range(200_000): print('a line')", heed=heed).is_well


# --- Other processes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "deed", ["os.fork", "os.setsid", "lambda: os.posix_spawn('/bin/true', ['true'], {})"]
)
def test_it_starts_no_other_process_and_does_not_leave(said: Callable[..., list[str]], deed: str) -> None:
    assert said(f"import os\n{dedent(TRY)}\ntried({deed})") == [REFUSED]


def test_it_may_have_threads(said: Callable[..., list[str]]) -> None:
    code = "from threading import Thread; t = Thread(target=print, args=['hello']); t.start(); t.join()"

    assert said(code) == ["hello"]


def test_what_it_started_dies_with_it_where_it_could_start_something(tmp_path: Path) -> None:
    """Should the kernel not filter calls: whoever is in the session is killed."""
    leader = subprocess.Popen(
        ["/bin/sh", "-c", "sleep 60 & echo $!; wait"], stdout=subprocess.PIPE, start_new_session=True
    )
    child = int(leader.stdout.readline())

    sandbox._kill(leader)

    assert gone(child)
    leader.stdout.close()


@pytest.mark.skipif(LANDLOCK < 6, reason="this kernel does not scope signals")
def test_it_sends_no_signals_to_the_worker(said: Callable[..., list[str]]) -> None:
    code = "import os\nfor pid in os.getppid(), os.getpid(): tried(lambda: os.kill(pid, 0))"

    assert said(dedent(TRY) + code) == [REFUSED, "done"]


def test_it_dies_with_a_worker_that_is_killed(scratch: Path) -> None:
    child = """
import os, time
open("pid.new", "w").write(str(os.getpid()))
os.rename("pid.new", "pid")
time.sleep(60)
"""
    code = f"""
import sys
from pathlib import Path
from apps.media import sandbox
limits = sandbox.Limits(wall_s=60, cpu_s=30)
sandbox.run([sys.executable, "-I", "-c", {child!r}], limits=limits, cwd=Path({str(scratch)!r}))
"""
    worker = subprocess.Popen([sys.executable, "-c", code], cwd=settings.BASE_DIR)
    pid = scratch / "pid"
    until(pid.exists)

    worker.kill()
    worker.wait()

    assert gone(int(pid.read_text()))


def gone(pid: int) -> bool:
    """It is not there any more, or nobody but its parent has not noticed."""

    def dead() -> bool:
        try:
            return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return True

    return until(dead)


def until(so: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 30
    while not so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


# --- The network -------------------------------------------------------------------------------------


@pytest.fixture
def canary() -> Iterator[socket.socket]:
    """A port that nobody may come to."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def test_it_has_no_network(said: Callable[..., list[str]], canary: socket.socket) -> None:
    port = canary.getsockname()[1]
    code = f"import socket\n{dedent(TRY)}\ntried(lambda: socket.create_connection(('127.0.0.1', {port}), 5))"

    assert said(code) == [REFUSED]

    with pytest.raises(BlockingIOError):
        canary.accept()


def own_networks() -> bool:
    """Whether this machine lets us have one."""
    code = "import ctypes, sys; libc = ctypes.CDLL(None); sys.exit(libc.unshare(0x50000000) != 0)"
    return not subprocess.run([sys.executable, "-I", "-c", code], check=False).returncode


def test_it_lives_in_a_network_of_its_own_and_has_no_privileges(said: Callable[..., list[str]]) -> None:
    asked = "os.readlink('/proc/self/ns/net'), open('/proc/self/status').read()"

    network, *status = said(f"import os; print({asked}, sep=chr(10))")

    facts = dict(line.split(":\t", 1) for line in status if ":\t" in line)
    assert int(facts["CapEff"], 16) in (0, 1 << launcher.DAC_OVERRIDE)
    assert (facts["NoNewPrivs"], facts["Seccomp"]) == ("1", "2")
    assert network != str(Path("/proc/self/ns/net").readlink()) or not own_networks()


def alone(fence: str) -> str:
    """Python that puts up one fence of the launcher's, and no other."""
    return f"""
    import ctypes, importlib.util, os, socket
    spec = importlib.util.spec_from_file_location("launcher", {str(sandbox.LAUNCHER)!r})
    launcher = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(launcher)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(launcher.NO_NEW_PRIVS, 1, 0, 0, 0)
    {fence}
    """


@pytest.mark.parametrize(
    ("fence", "answers"),
    [
        pytest.param("launcher._fence_files(libc, None, ['.'])", [DENIED], marks=fenced),
        ("launcher._fence_calls(libc)", [REFUSED]),
        ("libc.unshare(launcher.CLONE_NEWUSER | launcher.CLONE_NEWNET)", ["Network is unreachable", ""]),
    ],
)
def test_each_fence_alone_keeps_it_from_the_network(
    canary: socket.socket, scratch: Path, fence: str, answers: list[str]
) -> None:
    port = canary.getsockname()[1]
    deed = f"tried(lambda: socket.create_connection(('127.0.0.1', {port}), 5))"
    code = dedent(alone(fence)) + dedent(TRY) + deed

    done = subprocess.run(
        [sys.executable, "-I", "-c", code], cwd=scratch, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() in answers
    with pytest.raises(BlockingIOError):
        canary.accept()


# --- Files -------------------------------------------------------------------------------------------


@fenced
def test_it_reads_what_it_is_given_and_nothing_else(
    said: Callable[..., list[str]], tmp_path: Path, scratch: Path
) -> None:
    given, secret = tmp_path / "given.mp4", tmp_path / "secret"
    given.write_text("film")
    secret.write_text("canary")
    (scratch / "own").write_text("mine")
    (scratch / "way").symlink_to(secret)
    files = [
        given,
        scratch / "own",
        secret,
        scratch / "way",
        "/etc/passwd",
        f"/proc/{os.getpid()}/environ",
        "/proc/self/maps",
    ]
    code = dedent(TRY) + "".join(f"tried(lambda: print(open({str(one)!r}).read()))\n" for one in files)
    code += f"import os\ntried(lambda: os.listdir({str(tmp_path)!r}))"

    lines = said(code, reads=[given])

    assert lines == ["film", "done", "mine", "done", *[DENIED] * 6]


@fenced
def test_who_may_not_write_makes_nothing_and_deletes_nothing(
    said: Callable[..., list[str]], scratch: Path
) -> None:
    (scratch / "kept").write_text("kept")
    code = dedent(TRY) + dedent("""
        import os
        for deed in (lambda: open("new", "w"), lambda: os.remove("kept"), lambda: os.mkdir("new")):
            tried(deed)
    """)

    assert said(code, limits=replace(PLENTY, file_bytes=0)) == [DENIED] * 3
    assert [one.name for one in scratch.iterdir()] == ["kept"]


@fenced
@pytest.mark.parametrize("reads", [(), (Path("/dev/null"),)])
def test_it_writes_in_its_folder_and_nowhere_else(
    said: Callable[..., list[str]], tmp_path: Path, scratch: Path, reads: tuple[Path, ...]
) -> None:
    kept = tmp_path / "kept"
    kept.write_text("kept")
    code = dedent(TRY) + dedent(f"""
        import os
        for path in ("own", {str(tmp_path / "other")!r}, {str(kept)!r}, "/dev/shm/other"):
            tried(lambda: open(path, "w").write("x"))
        tried(lambda: os.remove({str(kept)!r}))
        tried(lambda: os.truncate({str(kept)!r}, 0))
        tried(lambda: os.rename("own", {str(tmp_path / "moved")!r}))
        tried(lambda: os.rename("own", "renamed"))
    """)

    assert said(code, reads=reads) == ["done", *[DENIED] * 6, "done"]
    assert kept.read_text() == "kept"
    assert [one.name for one in scratch.iterdir()] == ["renamed"]
