"""Rows that are written for a caller who waits: one prepared statement each."""

from functools import cache
from typing import Any

from django.db import connection, models

from .base import prepared_cursor


def insert(row: models.Model) -> bool:
    """Insert the row and set its key. False: one that is unique like it is there, and nothing has happened;
    where that one is being inserted, its transaction is waited for.

    Past `Model.save`: no signals are sent, and defaults of the database are not read back.
    """
    sql, fields = _statement(type(row))
    values = [one.get_db_prep_save(one.pre_save(row, True), connection) for one in fields]
    with prepared_cursor() as cursor:
        cursor.execute(sql, values)
        made = cursor.fetchone()
    if made is None:
        return False
    row.pk, row._state.adding, row._state.db = made[0], False, connection.alias
    return True


@cache
def _statement(model: type[models.Model]) -> tuple[str, list[Any]]:
    fields = [one for one in model._meta.local_concrete_fields if not one.primary_key]
    columns = ", ".join(f'"{one.column}"' for one in fields)
    places = ", ".join(["%s"] * len(fields))
    key = model._meta.pk.column  # type: ignore[union-attr] # every model has one
    sql = (
        f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES ({places})'  # noqa: S608 names of models
        f' ON CONFLICT DO NOTHING RETURNING "{key}"'
    )
    return sql, fields
