"""Empties the database after each test that commits, in place of Django's `flush`.

`flush` truncates every table, a hundred of them with all their indexes, and then makes content types and
permissions anew: a third of a second, after every third test. Here only the rows that are there are deleted,
in one transaction past triggers and foreign keys, and content types and permissions stay, as long as they are
what they were. If they are not, or the role may not do this, `flush` does it.
"""

from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.test import TransactionTestCase
from psycopg.errors import InsufficientPrivilege

# What migrating puts there by itself.
GIVEN = ("django_content_type", "auth_permission")
_begin = TransactionTestCase._fixture_setup.__func__  # type: ignore[attr-defined]
_flush = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]
_given_at_first: list[str] = []


def install() -> None:
    """For all test cases from now on; once."""

    def remember_and_begin(cls: type[TransactionTestCase]) -> None:
        if not _given_at_first:
            _given_at_first.append(_given())
        _begin(cls)

    TransactionTestCase._fixture_setup = classmethod(remember_and_begin)  # type: ignore[attr-defined]
    TransactionTestCase._fixture_teardown = empty_or_flush  # type: ignore[attr-defined]


def empty_or_flush(case: Any) -> None:
    """After a test case that commits."""
    try:
        with transaction.atomic():
            empty()
            is_as_ever = _given_at_first == [_given()]
    except ProgrammingError as error:
        # Only a superuser may go past triggers.
        if not isinstance(error.__cause__, InsufficientPrivilege):
            raise
        is_as_ever = False
    if not is_as_ever:
        _flush(case)
        _given_at_first[:] = [_given()]


def empty() -> None:
    """Delete all rows of all models but those of `GIVEN`; within a transaction."""
    names = [connection.ops.quote_name(table) for table in _tables()]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        looks = (f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in names)  # noqa: S608
        cursor.execute(" UNION ALL ".join(looks))
        if filled := [name for (name,) in cursor.fetchall()]:
            cursor.execute("; ".join(f"DELETE FROM {name}" for name in filled))  # noqa: S608


def _tables() -> list[str]:
    """As `flush` takes them, and the queue's, whose jobs would be found by who comes next."""
    models = [model._meta for model in apps.get_models(include_auto_created=True)]
    ours = {meta.db_table for meta in models if meta.managed or meta.app_label == "procrastinate"}
    return sorted(ours - set(GIVEN))


def _given() -> str:
    """A digest of the rows of `GIVEN`."""
    digests = (
        f"SELECT md5(coalesce(string_agg(one::text, '|' ORDER BY id), '')) FROM {table} one"  # noqa: S608
        for table in GIVEN
    )
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(digests))
        return " ".join(digest for (digest,) in cursor.fetchall())
