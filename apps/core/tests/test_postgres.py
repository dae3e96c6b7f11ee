"""Connections are checked without asking the server, and hot statements are planned once."""

import time

import psycopg
import pytest
from django.conf import settings as live
from django.db import DataError, IntegrityError, close_old_connections, connection

from apps.core.models import IdempotentAnswer
from apps.core.postgres.base import prepared_cursor
from apps.core.postgres.inserting import insert

pytestmark = pytest.mark.django_db(transaction=True)


def backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        found: tuple[int] = cursor.fetchone()
        return found[0]


def terminate(pid: int) -> None:
    """Somebody else ends the connection; returns once it is gone."""
    parameters = {
        name: live.DATABASES["default"][name.upper()] for name in ("user", "password", "host", "port")
    }
    with psycopg.connect(dbname="postgres", autocommit=True, **parameters) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [pid])
        for _ in range(100):
            gone = other.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone() is None
            if gone:
                return
            time.sleep(0.05)
    pytest.fail("the connection did not end")


@pytest.mark.parametrize("prepared", [False, True])
def test_a_connection_that_the_server_closed_is_replaced_before_it_is_used(prepared: bool) -> None:
    first = backend()
    terminate(first)
    close_old_connections()  # as before the next request

    with prepared_cursor() if prepared else connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)

    assert backend() != first


def test_a_live_connection_is_kept_and_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    first = backend()
    asked = []
    monkeypatch.setattr(psycopg.Connection, "execute", lambda *args, **options: asked.append(args))

    close_old_connections()  # as before the next request

    assert backend() == first
    assert asked == []


def test_a_prepared_statement_uses_one_plan_for_all_values() -> None:
    for number in range(3):
        with prepared_cursor() as cursor:
            cursor.execute("SELECT %s::int AS planned_once", [number])
            assert cursor.fetchall() == [(number,)]

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE %s",
            ["%planned_once%"],
        )
        assert cursor.fetchall() == [(3, 0)]


def test_a_refused_prepared_statement_is_an_error_of_django_and_leaves_the_connection_good() -> None:
    with pytest.raises(DataError), prepared_cursor() as cursor:
        cursor.execute("SELECT %s::text::int", ["x"])

    with prepared_cursor() as cursor:
        cursor.execute("SELECT %s::text::int", ["7"])
        assert cursor.fetchone() == (7,)


def test_a_row_is_inserted_or_another_is_in_its_place() -> None:
    first, second = (IdempotentAnswer(scope="a", route="b", key="c", body_sha256="d") for _ in range(2))

    assert insert(first)
    assert not insert(second)

    assert IdempotentAnswer.objects.get() == first
    assert second.pk is None
    first.status = 201
    first.save()
    assert IdempotentAnswer.objects.get().status == 201


def test_a_row_against_a_rule_is_an_error_of_django() -> None:
    with pytest.raises(IntegrityError):
        insert(IdempotentAnswer(scope="a", route="b", key="c", body_sha256=None))
