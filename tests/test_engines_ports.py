"""The port of a server that somebody else takes between its choice and the start of the server."""

import asyncio
import json
import random
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ottsite import engines
from ottsite.engines.ports import HOST, free_port
from ottsite.engines.servers import CacheValkey, DurableValkey, Mongo, Postgres, Server
from ottsite.engines.state import State
from ottsite.engines.supervisor import Caretaker
from ottsite.engines.wheels import VARIABLES

from .engine_clients import client, query, urls_of, write_300

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="kills by /proc and pdeathsig"),
    # They mostly wait, for servers to start and to end, so others may work meanwhile. Not each other: they
    # count on ports that they gave up for a moment.
    pytest.mark.xdist_group("engines"),
]


class Robbed(Server):
    """Loses its port to a listener of the test's own, after the choice and before the first start."""

    thief: socket.socket

    async def prepare(self) -> None:
        await super().prepare()
        self.thief = socket.create_server((HOST, self.port))


class RobbedPostgres(Robbed, Postgres):
    pass


class RobbedDurableValkey(Robbed, DurableValkey):
    pass


class RobbedCacheValkey(Robbed, CacheValkey):
    pass


class RobbedMongo(Robbed, Mongo):
    pass


class RobbedForAMoment(RobbedCacheValkey):
    """Has its port back once its first process has died."""

    async def clear(self) -> None:
        await super().clear()
        if hasattr(self, "thief"):
            self.thief.close()


class RobbedLater(CacheValkey):
    """Loses its port when it starts for the second time, and has it back at the third."""

    starts = 0
    thief: socket.socket

    async def start(self) -> asyncio.subprocess.Process:
        self.starts += 1
        if self.starts == 2:
            self.thief = socket.create_server((HOST, self.port))
        elif self.starts == 3:
            self.thief.close()
        return await super().start()


class Overtaken(Server):
    """Loses its port to the server of another data root, which chose the same and was quicker."""

    rival: Path
    running: ExitStack

    async def prepare(self) -> None:
        await super().prepare()
        # As in a copy of the data root.
        remember(self.rival, {self.engine: self.port}, {self.engine: self.state.password(self.engine)})
        self.running.enter_context(engines.running(self.rival, [self.engine]))


class OvertakenPostgres(Overtaken, Postgres):
    pass


class OvertakenValkey(Overtaken, CacheValkey):
    pass


class OvertakenMongo(Overtaken, Mongo):
    pass


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "var" / "engines"
    root.mkdir(parents=True)
    return root


@pytest.fixture
def roots(tmp_path: Path) -> Iterator[list[Path]]:
    roots = [tmp_path / f"var-{n}" / "engines" for n in range(3)]
    yield roots
    for root in roots:
        engines.stop(root)


def remember(root: Path, ports: dict[str, int], passwords: dict[str, str]) -> None:
    """Have the data root start its servers on these ports, as if it had done so before."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "state.json").write_text(json.dumps({"ports": ports, "passwords": passwords}))


@asynccontextmanager
async def kept(server: Server) -> AsyncIterator[Caretaker]:
    """Keep the server up, as the supervisor does."""
    caretaker = Caretaker(server.engine, server.root, server.state)
    caretaker.server = server
    try:
        async with asyncio.timeout(60):
            assert await caretaker.until_up() is None
            yield caretaker
    finally:
        await caretaker.stop()


@pytest.mark.parametrize(
    ("engine", "kind"),
    [
        ("postgres", RobbedPostgres),
        ("valkey-durable", RobbedDurableValkey),
        ("valkey-cache", RobbedCacheValkey),
        ("mongo", RobbedMongo),
    ],
)
def test_a_server_robbed_of_its_port_before_its_first_start_takes_another(
    root: Path, engine: str, kind: type[Robbed]
) -> None:
    async def scenario() -> None:
        server = kind(engine, root, State(root))
        async with kept(server):
            assert server.port != server.thief.getsockname()[1]
            assert await asyncio.to_thread(query, {VARIABLES[engine]: server.url})
            assert State(root).port(engine) == server.port
        server.thief.close()

    asyncio.run(scenario())


def test_a_server_robbed_of_its_port_after_it_was_up_comes_back_there(root: Path) -> None:
    async def scenario() -> None:
        server = RobbedLater("valkey-cache", root, State(root))
        async with kept(server) as caretaker:
            url = server.url
            assert caretaker.process
            caretaker.process.kill()
            while not (server.starts == 3 and caretaker.up.is_set()):
                await asyncio.sleep(0.02)
            assert server.url == url
            assert await asyncio.to_thread(query, {"CACHE_URL": url})

    asyncio.run(scenario())


def test_a_port_known_from_before_is_kept_where_it_comes_free_again(root: Path) -> None:
    async def scenario() -> None:
        known = free_port()
        remember(root, {"valkey-cache": known}, {})
        server = RobbedForAMoment("valkey-cache", root, State(root))
        async with kept(server):
            assert server.port == known
            assert await asyncio.to_thread(query, {"CACHE_URL": server.url})

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("engine", "kind"),
    [("postgres", OvertakenPostgres), ("valkey-cache", OvertakenValkey), ("mongo", OvertakenMongo)],
)
def test_a_server_of_another_data_root_is_not_taken_for_our_own(
    root: Path, tmp_path: Path, engine: str, kind: type[Overtaken]
) -> None:
    async def scenario(running: ExitStack) -> None:
        server = kind(engine, root, State(root))
        server.rival, server.running = tmp_path / "rival", running
        async with kept(server):
            assert server.port != State(server.rival).port(engine)
            await asyncio.to_thread(write_300, engine, server.url)

    with ExitStack() as running:
        asyncio.run(scenario(running))


def test_data_roots_that_start_at_once_on_the_same_ports_all_come_up(roots: list[Path]) -> None:
    """Chance brings them together once in thousands of starts, so they remember the same ports."""
    seed = time.time_ns()
    print(f"seed {seed}")  # noqa: T201
    pauses = random.Random(seed)  # noqa: S311
    ports = {engine: free_port() for engine in VARIABLES}
    with ExitStack() as clients:
        processes = []
        for root in roots:
            remember(root, ports, {})
            processes.append(clients.enter_context(client(root)))
            time.sleep(pauses.uniform(0, 0.05))
        found = [urls_of(process) for process in processes]
        assert [set(query(urls)) for urls in found] == [set(VARIABLES.values())] * len(roots)
        taken = {urlsplit(url).port for urls in found for url in urls.values()}
        assert len(taken) == len(roots) * len(VARIABLES)
