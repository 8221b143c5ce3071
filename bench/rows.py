"""Writing very many rows: COPY on PostgreSQL, ``executemany`` on SQLite, one way to call both.

Values pass through their model fields, so what is encrypted or converted in the portal is here too.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from django.core.management.color import no_style
from django.db import connection, models, transaction

BATCH = 5000


def write(model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Insert ``rows`` of the fields ``names``, in transactions of ``BATCH``; returns how many."""
    fields = [model._meta.get_field(name) for name in names]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column) for field in fields)
    insert = _copy if connection.vendor == "postgresql" else _insert
    source, count = iter(rows), 0
    while batch := [_prepared(fields, row) for row in islice(source, BATCH)]:
        with transaction.atomic():
            insert(quote(model._meta.db_table), columns, batch)
        count += len(batch)
    return count


def next_id(model: type[models.Model]) -> int:
    """The first id that is free: rows that name each other get theirs before they are written."""
    last = model._default_manager.order_by("-pk").values_list("pk", flat=True).first()
    return (last or 0) + 1


def reset_sequences(*models_written: type[models.Model]) -> None:
    """Let the database count on from the ids that were given out here."""
    statements = connection.ops.sequence_reset_sql(no_style(), models_written)
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _prepared(fields: Sequence[models.Field], row: Sequence[Any]) -> list[Any]:
    return [field.get_db_prep_save(value, connection) for field, value in zip(fields, row, strict=True)]


def _copy(table: str, columns: str, batch: list[list[Any]]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        for row in batch:
            copy.write_row(row)


def _insert(table: str, columns: str, batch: list[list[Any]]) -> None:
    marks = ", ".join(["%s"] * len(batch[0]))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", batch)
