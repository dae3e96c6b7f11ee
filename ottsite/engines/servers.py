"""The four servers: how each is prepared, started, asked whether it is up, and stopped."""

import asyncio
import ctypes
import os
import shutil
import signal
import tempfile
from abc import ABC, abstractmethod
from asyncio.subprocess import Process
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from ottsite.engines.ports import HOST, comes_free, free_port, until_listening
from ottsite.engines.processes import (
    Identity,
    ServerFailed,
    clear_leftovers,
    spawn,
    tail,
    terminate,
    unprivileged,
)
from ottsite.engines.state import State
from ottsite.engines.wheels import binary, package_folders

PROBE_PAUSE = 0.02


class Server(ABC):
    """One server with its data directory ROOT/<engine> and log ROOT/<engine>.log."""

    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    def __init__(self, engine: str, root: Path, state: State) -> None:
        self.engine = engine
        self.root = root.resolve()  # as the servers and the kernel tell it
        self.state = state
        self.port = 0  # until `claim_port`
        self.directory = self.root / engine
        self.log = self.root / f"{engine}.log"
        self._lock: int | None = None
        self.binary = binary(engine).resolve()

    async def prepare(self) -> None:
        """Make the data directory and the port ready; called before the first start."""
        self.directory.mkdir(mode=0o700, exist_ok=True)
        await self.clear()
        await self.claim_port()

    async def claim_port(self) -> None:
        """Choose the port: the one that clients may know if it comes free soon, else any free one.

        Others may take it before the server does. Nothing can hold it for the server: none of the
        four takes over an open socket, and macOS lets no two sockets be bound to one port.
        """
        known = self.state.port(self.engine)
        self.port = known if known and await comes_free(known) else free_port()

    def keep_port(self) -> None:
        """Stay at this port from now on, for clients are going to know it."""
        self.state.keep_port(self.engine, self.port)

    async def clear(self) -> None:
        """Remove what a server killed with -9 may have left behind; called before every start."""
        self._let_go()
        self._lock = await clear_leftovers(self.binary, self.directory, self.root / f"{self.engine}.lock")

    async def start(self) -> Process:
        """Start the server process, which from now on is the one that holds the lock."""
        try:
            return await spawn(
                self.command(),
                cwd=self.directory,
                log=self.log,
                identity=self.identity(),
                env=self.env(),
                inherited=[] if self._lock is None else [self._lock],
            )
        finally:
            self._let_go()

    def _let_go(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
        self._lock = None

    def identity(self) -> Identity:
        """Return as whom the server runs."""
        return Identity()

    def env(self) -> Mapping[str, str]:
        """Return what the server needs in its environment."""
        return {}

    @property
    @abstractmethod
    def url(self) -> str:
        """The URL for the application."""

    @abstractmethod
    def command(self) -> list[str]:
        """Return the server's command line."""

    @abstractmethod
    async def until_up(self) -> None:
        """Return when the server takes the application's work.

        Where another data root's server was quicker to take the port, that one answers. The data directory
        tells them apart; passwords do not where one root is a copy of the other.
        """


class Postgres(Server):
    """PostgreSQL with the superuser and the database `ottsite`."""

    stop_signal = signal.SIGINT  # "fast": does not wait for the clients

    @property
    def url(self) -> str:
        """The URL for the application."""
        return self._url("ottsite")

    def _url(self, database: str) -> str:
        password = self.state.password(self.engine)
        return f"postgresql://ottsite:{password}@{HOST}:{self.port}/{database}"

    async def prepare(self) -> None:
        """Create the cluster on the first use; an initdb killed midway leaves no trace."""
        for half_done in self.root.glob("initdb-*"):
            shutil.rmtree(half_done, ignore_errors=True)
        if not self.directory.exists():
            await self._initdb()
        elif not self.state.has_password(self.engine):
            raise ServerFailed(f"state.json is lost: restore it or delete {self.directory}")
        await super().prepare()

    async def clear(self) -> None:
        """Remove the lock file too: its number may by now be some other program's."""
        await super().clear()
        if Path("/proc/self").exists():  # else nobody knows whether the old server is gone
            (self.directory / "postmaster.pid").unlink(missing_ok=True)

    async def _initdb(self) -> None:
        workshop = Path(tempfile.mkdtemp(prefix="initdb-", dir=self.root))
        data, pwfile = workshop / "data", workshop / "password"
        pwfile.write_text(self.state.password(self.engine))
        options = "--username=ottsite --encoding=UTF8 --auth=scram-sha-256 --locale=C"
        # The wheel has no ICU; the builtin provider sorts and folds the same on every machine.
        options += " --locale-provider=builtin --builtin-locale=C.UTF-8"
        command = [str(self.binary.with_name("initdb")), "--pgdata", str(data), *options.split()]
        process = await spawn(
            [*command, f"--pwfile={pwfile}"],
            cwd=workshop,
            log=self.log,
            identity=unprivileged(workshop),
            env={},
        )
        try:
            if await process.wait() != 0:
                raise ServerFailed(f"initdb failed:\n{tail(self.log)}")
        finally:
            await terminate(process, signal.SIGTERM, 5)
        data.rename(self.directory)
        shutil.rmtree(workshop)

    def identity(self) -> Identity:
        """Return an identity that is not uid 0, which PostgreSQL refuses."""
        return unprivileged(self.directory)

    def command(self) -> list[str]:
        """Return the server's command line."""
        settings = {
            "listen_addresses": HOST,
            "port": self.port,
            "unix_socket_directories": "",
            "max_connections": 200,
        }
        if os.environ.get("OTTSITE_ENV") == "test":
            # Tests kill servers, but none pulls the plug of the machine; tables are emptied all the time.
            settings |= {"fsync": "off", "full_page_writes": "off"}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        return [str(self.binary), "-D", str(self.directory), *options]

    async def until_up(self) -> None:
        """Return when the database `ottsite` exists and takes connections."""
        import psycopg

        await until_listening(self.port)
        while True:
            try:
                if await self._has_database():
                    return
            except psycopg.OperationalError:  # "the database system is starting up"
                pass
            await asyncio.sleep(PROBE_PAUSE)

    async def _has_database(self) -> bool:
        """Say whether this server answers, and create the database where it is missing."""
        import psycopg

        url = self._url("postgres")
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            place = await connection.execute("SHOW data_directory")
            if await place.fetchone() != (str(self.directory),):
                return False
            found = await connection.execute("SELECT 1 FROM pg_database WHERE datname = 'ottsite'")
            if await found.fetchone() is None:
                await connection.execute("CREATE DATABASE ottsite")
        return True


class Valkey(Server):
    """Valkey, as a durable store or as a cache; its settings live in a private file."""

    durable: ClassVar[bool]

    @property
    def url(self) -> str:
        """The URL for the application."""
        return f"redis://:{self.state.password(self.engine)}@{HOST}:{self.port}/0"

    def command(self) -> list[str]:
        """Write the settings (the password must not show in `ps`); return the command line."""
        lines = [
            f"bind {HOST}",
            f"port {self.port}",
            f"requirepass {self.state.password(self.engine)}",
            "databases 64",
            "dir .",
            'save ""',
        ]
        if self.durable:
            lines += ["appendonly yes", f"appendfsync {self._appendfsync()}", "maxmemory-policy noeviction"]
            # While the log is written anew, who waits for its sync waits some 60 ms; so, seldom.
            lines += ["auto-aof-rewrite-min-size 256mb"]
        else:
            lines += ["appendonly no", "maxmemory 128mb", "maxmemory-policy allkeys-lru"]
        self.settings.touch(mode=0o600)
        self.settings.write_text("\n".join(lines) + "\n")
        return [str(self.binary), str(self.settings)]

    @property
    def settings(self) -> Path:
        """The file that the server is started with."""
        return self.directory / "valkey.conf"

    @staticmethod
    def _appendfsync() -> str:
        """Return when the log is synced. Not each second: while that sync runs, answers go out before the
        log is written, and a server that is killed then loses them. Tests pull no plug."""
        return "no" if os.environ.get("OTTSITE_ENV") == "test" else "always"

    async def until_up(self) -> None:
        """Return when the server has loaded its data and answers."""
        await until_listening(self.port)
        while not await self._answers():
            await asyncio.sleep(PROBE_PAUSE)

    async def _answers(self) -> bool:
        password = self.state.password(self.engine)
        try:
            reader, writer = await asyncio.open_connection(HOST, self.port)
            writer.write(f"AUTH {password}\r\nPING\r\nINFO server\r\nQUIT\r\n".encode())
            answer = await reader.read()
            writer.close()
        except OSError:
            return False
        # While loading it says -LOADING.
        return b"+PONG" in answer and os.fsencode(f"config_file:{self.settings}\r\n") in answer


class DurableValkey(Valkey):
    """The Valkey whose acknowledged writes survive a crash, of the process and of the machine."""

    durable = True


class CacheValkey(Valkey):
    """The Valkey that forgets."""

    durable = False


class Mongo(Server):
    """MongoDB as a replica set of one, for transactions and change streams."""

    @property
    def url(self) -> str:
        """The URL for the application; direct, so that no discovery delays the first query."""
        return f"mongodb://{HOST}:{self.port}/ottsite?replicaSet=rs0&directConnection=true"

    def command(self) -> list[str]:
        """Return the server's command line."""
        options = f"--bind_ip {HOST} --port {self.port} --replSet rs0 --quiet --nounixsocket"
        # A small machine's share, and no 15 s wait for other members on the way out.
        options += " --oplogSize 256 --wiredTigerCacheSizeGB 0.25"
        options += " --setParameter diagnosticDataCollectionEnabled=false"
        options += " --setParameter shutdownTimeoutMillisForSignaledShutdown=0"
        return [str(self.binary), "--dbpath", str(self.directory), *options.split()]

    def env(self) -> Mapping[str, str]:
        """Return a library path to pycurl's libcurl where the system has none."""
        try:
            ctypes.CDLL("libcurl.so.4")
            return {}
        except OSError:
            return {"LD_LIBRARY_PATH": borrowed_libcurl(self.root / "lib")}

    async def until_up(self) -> None:
        """Return when this server is the primary, under its present address."""
        from pymongo import AsyncMongoClient
        from pymongo.errors import PyMongoError

        await until_listening(self.port)
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
            HOST, self.port, directConnection=True, serverSelectionTimeoutMS=5000
        )
        async with client:
            while True:
                try:
                    if await self._is_primary(client):
                        return
                except PyMongoError:  # still reading its configuration, or between two states
                    pass
                await asyncio.sleep(PROBE_PAUSE)

    async def _is_primary(self, client: Any) -> bool:
        options = await client.admin.command("getCmdLineOpts")
        if str(self.directory) not in options["argv"]:
            return False
        hello = await client.admin.command("hello")
        address = f"{HOST}:{self.port}"
        if hello.get("isWritablePrimary") and hello.get("me") == address:
            return True
        members = [{"_id": 0, "host": address}]
        # "ok: 0" instead of an exception, to tell a server that was never configured.
        answer = await client.admin.command("replSetGetConfig", check=False)
        if answer.get("codeName") == "NotYetInitialized":
            fresh = {"_id": "rs0", "members": members}
            await client.admin.command("replSetInitiate", fresh)
        elif answer["ok"] and answer["config"]["members"][0]["host"] != address:
            moved = {**answer["config"], "members": members}
            moved["version"] += 1
            await client.admin.command("replSetReconfig", moved, force=True)
        return False


def borrowed_libcurl(folder: Path) -> str:
    """Link pycurl's bundled libcurl under the system's name; return the library path."""
    site_packages = [place.parent for place in package_folders("curl")]
    bundled = [lib for site in site_packages for lib in site.glob("pycurl.libs/libcurl-*.so*")]
    if not bundled:
        return os.environ.get("LD_LIBRARY_PATH", "")  # mongod's own message says what is missing
    folder.mkdir(exist_ok=True)
    link = folder / "libcurl.so.4"
    link.unlink(missing_ok=True)
    link.symlink_to(bundled[0])
    return f"{folder}:{bundled[0].parent}"


KINDS: dict[str, type[Server]] = {
    "postgres": Postgres,
    "valkey-durable": DurableValkey,
    "valkey-cache": CacheValkey,
    "mongo": Mongo,
}
