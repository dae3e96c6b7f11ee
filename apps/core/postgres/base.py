"""Django's PostgreSQL backend with a client-side deadline.

`statement_timeout` and TCP keepalives do not help against a server that is frozen: the kernel still
acknowledges, nobody answers. So the wait itself is bounded by what is left of the request
(`apps.core.deadline`); a connection that overran is closed, for its state is unknown.
"""

from typing import Any, Self

import psycopg
from django.db.backends.postgresql import base
from psycopg.abc import RV, PQGen
from psycopg.errors import _WaitTimeout

from apps.core.deadline import Breaker, remaining

breaker = Breaker()
# A wait shorter than this, at the end of a budget that something else used up, is no sign of a lost server.
FAIR_WAIT_S = 0.5


class BoundedConnection(psycopg.Connection[Any]):
    """A connection whose every wait ends with the request's budget (psycopg `OperationalError`)."""

    @classmethod
    def connect(cls, *args: Any, **options: Any) -> Self:
        if remaining() is None:
            return super().connect(*args, **options)
        if not breaker.allows():
            raise psycopg.OperationalError("PostgreSQL did not answer a moment ago")
        try:
            connection = super().connect(*args, **options)
        except psycopg.OperationalError:
            breaker.trip()
            raise
        breaker.reset()
        return connection

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        left = remaining()
        if left is None or timeout is not None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, left)
        except _WaitTimeout as error:
            if left >= FAIR_WAIT_S:
                breaker.trip()
            self.pgconn.finish()
            raise psycopg.OperationalError("PostgreSQL did not answer in time") from error


class DatabaseWrapper(base.DatabaseWrapper):
    """`django.db.backends.postgresql`, dialling `BoundedConnection`."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> psycopg.Connection[Any]:
        self.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        return BoundedConnection.connect(**conn_params)
