"""Many new rows at once, by COPY.

`bulk_create` sends columns as arrays, whose every quote psycopg escapes in Python: a second or two for a
thousand JSON documents, of which COPY makes a tenth.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import AutoField, Model
from psycopg import sql


def copy_in(rows: Sequence[Model]) -> None:
    """Insert unsaved rows of one model and give each its key.

    Values are taken as they are: nothing fills in `auto_now` or stores files. Belongs into a transaction.
    Constraints and triggers hold; a violation is an IntegrityError.
    """
    if not rows:
        return
    meta = rows[0]._meta
    fields = meta.concrete_fields
    columns = [sql.Identifier(str(field.column)) for field in fields]
    command = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(meta.db_table), sql.SQL(", ").join(columns)
    )
    with connection.cursor() as cursor:
        _number(cursor, rows)
        with connection.wrap_database_errors, cursor.copy(command) as copy:
            for row in rows:
                copy.write_row([_value(field, row) for field in fields])
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def _value(field: Any, row: Model) -> Any:
    return field.get_db_prep_save(getattr(row, field.attname), connection)


def _number(cursor: Any, rows: Sequence[Model]) -> None:
    meta = rows[0]._meta
    unnumbered = [row for row in rows if row.pk is None]
    if not isinstance(meta.pk, AutoField) or not unnumbered:
        return
    series = "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)"
    cursor.execute(series, [meta.db_table, meta.pk.column, len(unnumbered)])
    for row, (key,) in zip(unnumbered, cursor.fetchall(), strict=True):
        row.pk = key
