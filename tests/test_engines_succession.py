"""A server, or a supervisor, that takes its time to die: whoever follows waits, and takes its place."""

import asyncio
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ottsite import engines
from ottsite.engines.servers import CacheValkey
from ottsite.engines.state import SUPERVISOR_LOCK, State, exclusive

from .engine_clients import is_alive, query

# A server as a busy disk leaves it after kill -9: its main thread is gone, another still has all files.
HALF_DEAD = """
import ctypes, threading, time
threading.Thread(target=time.sleep, args=(60,)).start()
ctypes.CDLL(None).pthread_exit(None)
"""

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="kills by /proc and pdeathsig"),
    # They mostly wait, for servers to start and to end, so others may work meanwhile. Not each other: they
    # count on ports that they gave up for a moment.
    pytest.mark.xdist_group("engines"),
]


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    root = tmp_path / "var" / "engines"
    yield root
    engines.stop(root)


class HalfDead(CacheValkey):
    def __init__(self, root: Path) -> None:
        super().__init__("valkey-cache", root, State(root))
        self.binary = Path(sys.executable).resolve()

    def command(self) -> list[str]:
        return [str(self.binary), "-c", HALF_DEAD]


def test_no_server_starts_before_the_last_thread_of_the_previous_has_ended(root: Path) -> None:
    async def scenario() -> None:
        previous, following = HalfDead(root), HalfDead(root)
        await previous.prepare()
        process = await previous.start()
        while is_alive(process.pid):
            await asyncio.sleep(0.02)
        clearing = asyncio.create_task(following.clear())
        too_early, _ = await asyncio.wait({clearing}, timeout=0.5)
        process.kill()
        await clearing
        assert not too_early
        successor = await following.start()
        successor.kill()
        await successor.wait()

    root.mkdir(parents=True)
    asyncio.run(asyncio.wait_for(scenario(), 60))


def test_a_port_that_is_busy_for_a_moment_is_kept(root: Path) -> None:
    with engines.running(root, ["valkey-cache"]) as before:
        pass
    other = socket.create_server(("127.0.0.1", urlsplit(before["CACHE_URL"]).port))
    moment = threading.Timer(3, other.close)
    moment.start()
    with engines.running(root, ["valkey-cache"]) as after:
        assert after == before
        assert query(after)
    moment.join()


def test_a_client_outwaits_a_supervisor_that_is_dying(root: Path) -> None:
    root.mkdir(parents=True)
    announced = threading.Event()
    dying = threading.Thread(target=hang_up, args=(root, announced, 0.3))
    dying.start()
    announced.wait()
    with engines.running(root, ["valkey-cache"]) as urls:
        assert query(urls)
    dying.join()


def hang_up(root: Path, announced: threading.Event, seconds: float) -> None:
    """Drop whoever connects, as the kernel does for a supervisor that it is clearing away."""
    with exclusive(root / SUPERVISOR_LOCK), socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.01)
        State(root).announce(listener.getsockname()[1], "token")
        announced.set()
        ends_at = time.monotonic() + seconds
        while time.monotonic() < ends_at:
            with suppress(TimeoutError):
                listener.accept()[0].close()
