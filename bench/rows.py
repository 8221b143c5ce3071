"""Writing very many rows: COPY on PostgreSQL, ``executemany`` on SQLite, one way to call both.

Values pass through their model fields, so what is encrypted or converted in the portal is here too; columns
that are not named get the model's defaults.
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
    defaults = [
        field
        for field in model._meta.concrete_fields
        if field not in fields and not field.primary_key and not field.generated
    ]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column) for field in (*fields, *defaults))
    insert = _copy if connection.vendor == "postgresql" else _insert
    source, count = iter(rows), 0
    while batch := [_prepared(fields, defaults, row) for row in islice(source, BATCH)]:
        with transaction.atomic():
            insert(quote(model._meta.db_table), columns, batch)
        count += len(batch)
    return count


def next_id(model: type[models.Model]) -> int:
    """The first id that is free: rows that name each other get theirs before they are written."""
    last = model._default_manager.order_by("-pk").values_list("pk", flat=True).first()
    return (last or 0) + 1


def reset_sequences(*written: type[models.Model]) -> None:
    """Let the database count on from the ids that were given out here."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), written):
            cursor.execute(statement)


def _prepared(
    fields: Sequence[models.Field], defaults: Sequence[models.Field], row: Sequence[Any]
) -> list[Any]:
    values = [field.get_db_prep_save(value, connection) for field, value in zip(fields, row, strict=True)]
    return values + [field.get_db_prep_save(field.get_default(), connection) for field in defaults]


def _copy(table: str, columns: str, batch: list[list[Any]]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        for row in batch:
            copy.write_row(row)


def _insert(table: str, columns: str, batch: list[list[Any]]) -> None:
    marks = ", ".join(["%s"] * len(batch[0]))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", batch)
