"""The one door to Redis and MongoDB: lazy clients with deadlines. Only `*/store.py` calls them.

Redis has two roles that must never share a server: `durable()` (AOF, noeviction: what was acknowledged
stays) and the cache role behind `django.core.cache` (LRU: may forget anything at any time).
"""

import socket
import struct
import threading
from collections.abc import Sequence
from functools import cache
from hashlib import sha1
from typing import Any

import hiredis
import redis
from bson.errors import BSONError
from django.conf import settings
from django_redis import get_redis_connection
from pymongo import InsertOne, MongoClient, ReturnDocument, UpdateOne, WriteConcern
from pymongo import timeout as mongo_within
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import BulkWriteError, DocumentTooLarge, PyMongoError
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, ResponseError
from redis.retry import Retry

from .deadline import Breaker

# What stores need of the drivers' vocabulary.
__all__ = [
    "DRIVER_ERRORS", "BSONError", "BulkWriteError", "Call", "Collection", "Document",
    "DocumentTooLarge", "GuardedPool", "InsertOne", "ResponseError", "ReturnDocument", "Script", "UpdateOne",
    "WriteConcern", "cache_role", "count", "durable", "mongo", "mongo_within", "run",
]  # fmt: skip

Document = dict[str, Any]
PIECE = 65_536
INCOMPLETE = object()
DRIVER_ERRORS = (redis.RedisError, PyMongoError)


class GuardedConnection(redis.Connection):
    """A connection that reports to its pool's breaker and asks it before it dials."""

    def __init__(self, *, breaker: Breaker, **options: Any) -> None:
        self.breaker = breaker
        super().__init__(**options)

    def connect(self) -> None:
        if self._sock is None and not self.breaker.allows():
            raise redis.ConnectionError("The store did not answer a moment ago")
        try:
            super().connect()
        except (redis.ConnectionError, redis.TimeoutError):
            self.breaker.trip()
            raise

    def read_response(self, *args: Any, **options: Any) -> Any:
        try:
            response = super().read_response(*args, **options)
        except redis.TimeoutError:
            self.breaker.trip()
            raise
        self.breaker.reset()
        return response


class LeanConnection(GuardedConnection):
    """A guarded connection past redis-py's protocol code, which costs more than the server's answer does.

    Only `ask` may be called on it, by one thread. The kernel keeps its time (SO_RCVTIMEO, socket(7)):
    Python's own timeouts cost a system call before each one that reads or writes.
    """

    _sock: Any
    _replies: hiredis.Reader

    def ask(self, packed: bytes, answers: int = 1) -> list[Any]:
        """Send packed commands and read so many answers; an answer that is an error is raised.

        After any other failure the connection is closed, for half an exchange may be left on it.
        """
        try:
            if self._sock is None:
                self._dial()
            self._sock.sendall(packed)
            told = [self._answer() for _ in range(answers)]
        except BlockingIOError as error:
            self.breaker.trip()
            self.disconnect()
            raise redis.TimeoutError("The store did not answer in time") from error
        except OSError as error:
            self.disconnect()
            raise redis.ConnectionError(str(error)) from error
        except redis.ConnectionError:
            self.disconnect()
            raise
        self.breaker.reset()
        for one in told:
            if isinstance(one, redis.RedisError):
                raise one
        return told

    def _dial(self) -> None:
        self.connect()
        wait = struct.pack("ll", *divmod(round(settings.REDIS_TIMEOUT_S * 1_000_000), 1_000_000))
        self._sock.settimeout(None)
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, wait)
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, wait)
        encoding = "utf-8" if self.encoder.decode_responses else None
        self._replies = hiredis.Reader(
            replyError=self._parser.parse_error, encoding=encoding, notEnoughData=INCOMPLETE
        )

    def _answer(self) -> Any:
        while (answer := self._replies.gets()) is INCOMPLETE:
            piece = self._sock.recv(PIECE)
            if not piece:
                raise redis.ConnectionError("The store closed the connection")
            self._replies.feed(piece)
        return answer


class GuardedPool(redis.ConnectionPool):
    """Connections that answer within `REDIS_TIMEOUT_S` or fail, and fail at once while the server is away."""

    def __init__(self, **options: Any) -> None:
        options |= {
            "connection_class": GuardedConnection,
            "breaker": Breaker(),
            "socket_timeout": settings.REDIS_TIMEOUT_S,
            "socket_connect_timeout": settings.REDIS_TIMEOUT_S,
            # A connection that a restarted server closed is dialled again; a silent server is not.
            "retry": Retry(NoBackoff(), 1, (redis.ConnectionError,)),
        }
        super().__init__(**options)


@cache
def durable() -> redis.Redis:
    """The durable role: what it acknowledged survives its own restart."""
    pool = GuardedPool.from_url(settings.REDIS_URL, decode_responses=True)
    return redis.Redis(connection_pool=pool)


@cache
def cache_role() -> redis.Redis:
    """The cache role, for health checks; everything else uses `django.core.cache`."""
    return redis.Redis(connection_pool=GuardedPool.from_url(settings.CACHE_URL))


def count(key: str, *, lives_s: int) -> int:
    """Count one more under an ASCII key of the cache role, which forgets it so long after the first.

    One exchange of two commands on a connection of the thread's own, past redis-py's pool and wrapping:
    every request asks this.
    """
    name = key.encode("ascii")
    commands = COUNT % (len(name), name, len(name), name, len(str(lives_s)), lives_s)
    connection = _own_connection("cache", get_redis_connection("default").connection_pool)
    return int(_asked(connection, commands, answers=2)[0])


class Script:
    """Lua for the durable role, which knows it by its digest after the first time."""

    def __init__(self, lua: str) -> None:
        self.lua = lua
        self.digest = sha1(lua.encode(), usedforsecurity=False).hexdigest()
        self.by_digest = _packed("EVALSHA", self.digest)
        self.whole = _packed("EVAL", lua)


class Call:
    """A script with its keys and the first of its arguments, which are packed once for all times it runs.

    `run` returns what the script returns, in one exchange on a connection of the thread's own. A connection
    that broke is dialled again and the script sent once more: it must bear running twice.
    """

    __slots__ = ("count", "packed", "script")

    def __init__(self, script: Script, keys: Sequence[str], args: Sequence[str | int | bytes] = ()) -> None:
        self.script, self.count = script, 3 + len(keys) + len(args)
        self.packed = _packed(len(keys), *keys, *args)

    def run(self, *args: str | int | bytes) -> Any:
        connection = _own_connection("durable", durable().connection_pool)
        try:
            return connection.ask(self.command(self.script.by_digest, args))[0]
        except (NoScriptError, redis.ConnectionError):
            # It may have been restarted, and know no script any more.
            return _asked(connection, self.command(self.script.whole, args))[0]

    def command(self, script: bytes, args: Sequence[str | int | bytes]) -> bytes:
        """All of it, packed; `script`: how it is named, `Script.by_digest` or `whole`."""
        return b"*%d\r\n%b%b%b" % (self.count + len(args), script, self.packed, _packed(*args))


def run(script: Script, keys: Sequence[str], args: Sequence[str | int]) -> Any:
    """What the script returns; see `Call`."""
    return Call(script, keys).run(*args)


def _packed(*words: str | int | bytes) -> bytes:
    """Words as a command has them, without its head, which counts them (RESP, "arrays").

    Past redis-py's own packing, which looks at each word several times.
    """
    packed: bytes = hiredis.pack_command(words)  # type: ignore[arg-type] # its stub forgot the dots
    return packed[packed.index(b"\n") + 1 :]


def _asked(connection: LeanConnection, packed: bytes, answers: int = 1) -> list[Any]:
    """Once more where the connection broke: a server that was restarted has closed it."""
    try:
        return connection.ask(packed, answers)
    except redis.ConnectionError:
        return connection.ask(packed, answers)


_own = threading.local()


def _own_connection(role: str, pool: redis.ConnectionPool) -> LeanConnection:
    """The thread's own of that role, made anew where the role has another pool by now.

    It is not one of the pool's, which would count those of threads that are gone, too.
    """
    known = getattr(_own, role, None)
    if known is None or known[0] is not pool:
        known = pool, LeanConnection(**pool.connection_kwargs)
        setattr(_own, role, known)
    connection: LeanConnection = known[1]
    return connection


COUNT = b"*2\r\n$4\r\nINCR\r\n$%d\r\n%s\r\n*4\r\n$6\r\nEXPIRE\r\n$%d\r\n%s\r\n$%d\r\n%d\r\n$2\r\nNX\r\n"


@cache
def mongo() -> Database[Document]:
    """The document store. Each operation ends within `MONGO_TIMEOUT_S`."""
    client: MongoClient[Document] = MongoClient(
        settings.MONGO_URL,
        connect=False,
        tz_aware=True,
        uuidRepresentation="standard",
        timeoutMS=int(settings.MONGO_TIMEOUT_S * 1000),
        serverSelectionTimeoutMS=int(settings.MONGO_TIMEOUT_S * 1000),
    )
    return client.get_default_database("ottsite")
