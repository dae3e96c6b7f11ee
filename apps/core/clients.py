"""The one door to Redis and MongoDB: lazy clients with deadlines. Only `*/store.py` calls them.

Redis has two roles that must never share a server: `durable()` (AOF, noeviction: what was acknowledged
stays) and the cache role behind `django.core.cache` (LRU: may forget anything at any time).
"""

import threading
from collections.abc import Callable, Sequence
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
    "DRIVER_ERRORS", "BSONError", "BulkWriteError", "Collection", "Document", "DocumentTooLarge",
    "GuardedPool", "InsertOne", "ResponseError", "ReturnDocument", "Script", "UpdateOne", "WriteConcern",
    "cache_role", "count", "durable", "mongo", "mongo_within", "run",
]  # fmt: skip

Document = dict[str, Any]
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

    def exchange() -> int:
        connection.send_packed_command([commands], check_health=False)
        counted = connection.read_response()
        connection.read_response()
        return int(counted)

    return int(_exchanged(connection, exchange))


class Script:
    """Lua for the durable role, which knows it by its digest after the first time."""

    def __init__(self, lua: str) -> None:
        self.lua = lua
        self.digest = sha1(lua.encode(), usedforsecurity=False).hexdigest()


def run(script: Script, keys: Sequence[str], args: Sequence[str | int]) -> Any:
    """What the script returns, in one exchange on a connection of the thread's own, as `count` does it.

    A connection that broke is dialled again and the script sent once more: it must bear running twice.
    """
    connection = _own_connection("durable", durable().connection_pool)
    packed = _packed("EVALSHA", script.digest, len(keys), *keys, *args)
    try:
        return _sent(connection, packed)
    except (NoScriptError, redis.ConnectionError):
        # It may have been restarted, and know no script any more.
        whole = _packed("EVAL", script.lua, len(keys), *keys, *args)
        return _exchanged(connection, lambda: _sent(connection, whole))


def _packed(*words: str | int) -> bytes:
    """Past redis-py's own packing, which looks at each word several times."""
    packed: bytes = hiredis.pack_command(words)  # type: ignore[arg-type] # its stub forgot the dots
    return packed


def _sent(connection: Any, packed: bytes) -> Any:
    """One exchange; a connection on which it failed is closed, for half of it may be left there."""
    try:
        connection.send_packed_command([packed], check_health=False)
        return connection.read_response()
    except redis.ResponseError:
        raise
    except redis.RedisError:
        connection.disconnect()
        raise


def _exchanged(connection: Any, exchange: Callable[[], Any]) -> Any:
    try:
        return connection.retry.call_with_retry(exchange, lambda _: connection.disconnect())
    except redis.RedisError:
        # Half an exchange may be left on it.
        connection.disconnect()
        raise


_own = threading.local()


def _own_connection(role: str, pool: redis.ConnectionPool) -> Any:
    """The thread's own of that role, made anew where the role has another pool by now.

    It is not one of the pool's, which would count those of threads that are gone, too.
    """
    known = getattr(_own, role, None)
    if known is None or known[0] is not pool:
        known = pool, pool.connection_class(**pool.connection_kwargs)
        setattr(_own, role, known)
    return known[1]


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
