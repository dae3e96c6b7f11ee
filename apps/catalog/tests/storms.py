"""Many hands at one instant, and a PostgreSQL that fails when it is told to."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from random import Random, randrange
from threading import Barrier
from typing import Any

from django.db import OperationalError, connection

from apps.catalog.models import Title
from apps.core.errors import DomainError


def dice() -> Random:
    """Chance with a seed that is shown when the test fails."""
    seed = randrange(10**9)  # noqa: S311 not for secrets
    print(f"seed {seed}")  # noqa: T201
    return Random(seed)  # noqa: S311 not for secrets


def together(deeds: list[Callable[[], Any]], chance: Random, spread_s: float = 0.02) -> list[Any]:
    """What each returns, or the refusal or the lost lock that it ends with, all begun at one instant."""
    barrier = Barrier(len(deeds))
    delays = [chance.uniform(0, spread_s) for _ in deeds]

    def run(deed: Callable[[], Any], delay: float) -> Any:
        try:
            # A thread's first query dials; the storm begins once all have dialled.
            connection.ensure_connection()
            barrier.wait(20)
            time.sleep(delay)
            return deed()
        except (DomainError, OperationalError) as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as threads:
        return list(threads.map(run, deeds, delays))


def await_(what: Callable[[], Any], seconds: float = 60) -> Any:
    """What it returns as soon as it is true."""
    ends_at = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < ends_at, "it did not happen in time"
        time.sleep(0.05)
    return found


@contextmanager
def trapped(title: Title, sql: str) -> Iterator[None]:
    """Within it PostgreSQL runs this whenever a version of the title is stored."""
    with connection.cursor() as cursor:
        cursor.execute(f"""
            CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF NEW.title_id = {title.pk} THEN {sql}; END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER trap BEFORE INSERT ON catalog_titleversion FOR EACH ROW EXECUTE FUNCTION trap();
        """)
    try:
        yield
    finally:
        # Whoever fell into it holds the table until the server has dropped the query.
        await_(lambda: not asleep())
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION trap CASCADE")


def asleep() -> bool:
    """Whether somebody is in the middle of a `pg_sleep`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
        row = cursor.fetchone()
    return bool(row and row[0])
