"""The process that owns the servers of one data root."""

import asyncio
import hmac
import json
import logging
import os
import secrets
import signal
import time
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import Process
from contextlib import suppress
from pathlib import Path
from typing import Any

from ottsite.engines.ports import HOST
from ottsite.engines.processes import ServerFailed, tail, terminate
from ottsite.engines.servers import KINDS, Server
from ottsite.engines.state import SUPERVISOR_LOCK, State, exclusive
from ottsite.engines.wheels import LABELS, EngineUnavailable, advice

READY_SECONDS = 60
STOP_SECONDS = 10
QUICK_SECONDS = 1
MAX_QUICK_DEATHS = 5
FIRST_CLIENT_SECONDS = 5

log = logging.getLogger(__name__)


class Caretaker:
    """Keeps one server up until told to stop, or until it has died too often at once."""

    def __init__(self, engine: str, root: Path, state: State) -> None:
        self.engine = engine
        self.root = root
        self.state = state
        self.server: Server | None = None
        self.process: Process | None = None
        self.up = asyncio.Event()
        self.failure: str | None = None
        self._task: asyncio.Task[None] | None = None

    async def until_up(self) -> str | None:
        """Start the server where it is not kept yet; return None once it is up, else why not."""
        if self._task is None or self._task.done():
            self.failure = None
            self._task = asyncio.create_task(self._keep())
        up = asyncio.create_task(self.up.wait())
        await asyncio.wait({up, self._task}, return_when=asyncio.FIRST_COMPLETED)
        up.cancel()
        return None if self.up.is_set() else (self.failure or "stopped while starting")

    async def stop(self) -> None:
        """End the server and stop caring for it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _keep(self) -> None:
        try:
            self.server = self.server or KINDS[self.engine](self.engine, self.root, self.state)
            await self.server.prepare()
            await self._restart_for_ever(self.server)
        except (ServerFailed, EngineUnavailable, OSError) as reason:
            log.error("%s: %s", self.engine, reason)
            self.failure = f"{LABELS[self.engine]} does not start: {reason}"
            self.failure += f"\nFix it or {advice([self.engine])}."

    async def _restart_for_ever(self, server: Server) -> None:
        deaths, known = 0, False
        while deaths < MAX_QUICK_DEATHS:
            lived = await self._live(server)
            known = known or lived > 0
            deaths = 1 if lived > QUICK_SECONDS else deaths + 1
            log.warning("%s died after %.1f s of service", self.engine, lived)
            await asyncio.sleep(0.1 * (deaths - 1))
            await server.clear()
            if not known:  # to any client, so it may move, should another have taken its port
                await server.claim_port()
        raise ServerFailed(f"it died {deaths} times in a row; its log ends:\n{tail(server.log)}")

    async def _live(self, server: Server) -> float:
        """Run the server until it ends; return for how long it was up."""
        self.process = process = await server.start()
        log.info("%s: pid %d, port %d", self.engine, process.pid, server.port)
        try:
            if not await self._came_up(server, process):
                return 0
            server.keep_port()
            born = time.monotonic()
            self.up.set()
            await process.wait()
            return time.monotonic() - born
        finally:
            self.up.clear()
            await terminate(process, server.stop_signal, STOP_SECONDS)

    async def _came_up(self, server: Server, process: Process) -> bool:
        ready = asyncio.create_task(server.until_up())
        ended = asyncio.create_task(process.wait())
        try:
            await asyncio.wait({ready, ended}, timeout=READY_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if ready.done() and ready.exception():
                log.warning("%s: %r", self.engine, ready.exception())
            return ready.done() and not ready.exception() and not ended.done()
        finally:
            ready.cancel()
            ended.cancel()

    def describe(self) -> dict[str, Any]:
        """Return what a person wants to know about the server."""
        if not (self.up.is_set() and self.server and self.process):
            return {"state": "failed" if self.failure else "down"}
        return {"state": "up", "pid": self.process.pid, "port": self.server.port}


class Supervisor:
    """Answers the clients of a data root and stops when the last has been gone for the grace."""

    def __init__(self, root: Path, grace: float) -> None:
        self.root = root
        self.grace = grace
        self.state = State(root)
        self.token = secrets.token_urlsafe(24)
        self.clients: set[StreamWriter] = set()
        self.caretakers = {engine: Caretaker(engine, root, self.state) for engine in KINDS}
        self.stopping = asyncio.Event()
        self._idle: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Serve until idle for the grace or told to stop; then stop the servers."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stopping.set)
        listener = await asyncio.start_server(self._serve, HOST, 0)
        self.state.announce(listener.sockets[0].getsockname()[1], self.token)
        _say_ready()
        self._wait_for_clients(max(self.grace, FIRST_CLIENT_SECONDS))
        await self.stopping.wait()
        listener.close()
        for client in self.clients:  # tells their keepers not to start everything anew
            client.write(b'{"bye": true}\n')
        await asyncio.gather(*(caretaker.stop() for caretaker in self.caretakers.values()))
        log.info("stopped")

    def _wait_for_clients(self, seconds: float) -> None:
        self._idle = asyncio.get_running_loop().call_later(seconds, self.stopping.set)

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Answer one connection; a broken one is only worth a line in the log."""
        try:
            request = json.loads(await asyncio.wait_for(reader.readline(), 5))
            if not hmac.compare_digest(str(request["token"]), self.token):
                raise ValueError("wrong token")
            await self._answer(request, reader, writer)
        except (ValueError, TypeError, KeyError, OSError, TimeoutError) as error:
            log.warning("dropped a connection: %r", error)
        finally:
            writer.close()

    async def _answer(self, request: dict[str, Any], reader: StreamReader, writer: StreamWriter) -> None:
        if request["command"] == "stop":
            self.stopping.set()
            await reader.read()  # closed, for the client to see, by the end of this process
        elif request["command"] == "status":
            await _send(writer, self._status())
        elif not self.stopping.is_set():
            await self._hold(request["engines"], reader, writer)

    async def _hold(self, engines: list[str], reader: StreamReader, writer: StreamWriter) -> None:
        """Bring the engines up and count the client until its connection ends."""
        self.clients.add(writer)
        if self._idle:
            self._idle.cancel()
        try:
            wanted = [self.caretakers[engine] for engine in engines]
            failures = await asyncio.gather(*(caretaker.until_up() for caretaker in wanted))
            if any(failures):
                await _send(writer, {"error": "\n".join(filter(None, failures))})
                return
            urls = {care.engine: care.server.url for care in wanted if care.server}
            await _send(writer, {"urls": urls})
            await reader.read()
        finally:
            self.clients.discard(writer)
            if not self.clients:
                self._wait_for_clients(self.grace)

    def _status(self) -> dict[str, Any]:
        return {
            "running": True,
            "supervisor": os.getpid(),
            "clients": len(self.clients),
            "servers": {name: care.describe() for name, care in self.caretakers.items()},
        }


async def _send(writer: StreamWriter, message: dict[str, Any]) -> None:
    writer.write(json.dumps(message).encode() + b"\n")
    await writer.drain()


def _say_ready() -> None:
    """Tell the client that started this process, then let go of its pipe."""
    with suppress(BrokenPipeError):  # it is gone; others may come
        os.write(1, b"ready\n")
    os.dup2(2, 1)


def supervise(root: Path, grace: float) -> None:
    """Be the supervisor of the data root, after the previous one (if any) has gone."""
    if os.fork():  # so that the client has no dead child to collect
        os._exit(0)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    with exclusive(root / SUPERVISOR_LOCK):
        asyncio.run(Supervisor(root, grace).run())
