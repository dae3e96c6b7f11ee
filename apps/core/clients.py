"""The one door to Redis and MongoDB: lazy clients with deadlines. Only `*/store.py` calls them.

Redis has two roles that must never share a server: `durable()` (AOF, noeviction: what was acknowledged
stays) and the cache role behind `django.core.cache` (LRU: may forget anything at any time).
"""

import threading
from functools import cache
from typing import Any

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
from redis.exceptions import ResponseError
from redis.retry import Retry

from .deadline import Breaker

# What stores need of the drivers' vocabulary.
__all__ = [
    "DRIVER_ERRORS", "BSONError", "BulkWriteError", "Collection", "Document", "DocumentTooLarge",
    "GuardedPool", "InsertOne", "ResponseError", "ReturnDocument", "UpdateOne", "WriteConcern", "cache_role",
    "count", "durable", "mongo", "mongo_within",
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
    connection = _own_connection(get_redis_connection("default").connection_pool)

    def exchange() -> int:
        connection.send_packed_command([commands], check_health=False)
        counted = connection.read_response()
        connection.read_response()
        return int(counted)

    try:
        return int(connection.retry.call_with_retry(exchange, lambda _: connection.disconnect()))
    except redis.RedisError:
        # Half an exchange may be left on it.
        connection.disconnect()
        raise


_own = threading.local()


def _own_connection(pool: redis.ConnectionPool) -> Any:
    if getattr(_own, "pool", None) is not pool:
        _own.pool, _own.connection = pool, pool.make_connection()
    return _own.connection


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
