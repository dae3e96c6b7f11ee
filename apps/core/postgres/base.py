"""Django's PostgreSQL backend with a client-side deadline.

`statement_timeout` and TCP keepalives do not help against a server that is frozen: the kernel still
acknowledges, nobody answers. So the wait itself is bounded by what is left of the request
(`apps.core.deadline`); a connection that overran is closed, for its state is unknown.
"""

from select import POLLIN, poll
from typing import Any, Self, cast

import psycopg
from django.db import connection
from django.db.backends.postgresql import base
from django.db.backends.utils import CursorWrapper
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
        # What `prepared_cursor` asks is prepared at its first use; Django's own cursors prepare nothing.
        options = f"{conn_params.get('options', '')} -c plan_cache_mode=force_generic_plan"
        return BoundedConnection.connect(**conn_params | {"options": options, "prepare_threshold": 0})

    def is_usable(self) -> bool:
        """Spares the question whether the server is there, which each request would begin with.

        A server that goes closes the socket. One that is silent is found out by the deadline in any case.
        """
        if self.connection is None or _has_news(self.connection):
            return super().is_usable()
        return True

    def prepared_cursor(self) -> CursorWrapper:
        """See `prepared_cursor` below."""
        self.close_if_health_check_failed()
        self.ensure_connection()
        cursor = base.ServerBindingCursor(self.connection)  # type: ignore[call-arg]
        return cast(CursorWrapper, self._prepare_cursor(cursor))  # type: ignore[attr-defined]


def prepared_cursor() -> CursorWrapper:
    """A cursor whose statements PostgreSQL parses and plans once for each connection.

    For statements that are asked very often, few in number, and whose best plan does not depend on the
    values; Django's own cursors have every statement planned anew, for its values.
    """
    return cast(DatabaseWrapper, connection).prepared_cursor()


def _has_news(connection: Any) -> bool:
    """Whether there is something to read on a connection that is not waiting for anything."""
    if connection.closed:
        return True
    waiting = poll()
    waiting.register(connection.fileno(), POLLIN)
    return bool(waiting.poll(0))
