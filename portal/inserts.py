"""A row and the rows that hang on it, written by one statement where the database can do that.

PostgreSQL takes INSERTs into a WITH clause: the key that one of them returns is there for the others. Five
rows then cost one question to the server instead of five, and being one statement they are a transaction of
their own. Other databases get one INSERT after the other.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection, models, transaction
from django.db.backends.utils import CursorWrapper
from psycopg import Cursor

NEW_ROW = "new_row"
Statement = tuple[str, Sequence[Any]]
# Writes rows that are no model instances: takes the SQL of the key they hang on.
Statements = Callable[[str], Iterable[Statement]]


@dataclass(frozen=True)
class NewKey:
    """Stands in a column for the key of ``row`` until that is written."""

    row: models.Model
    as_text: bool = False

    @property
    def sql(self) -> str:
        """Where the key comes from in the statement that writes the row."""
        return f"(SELECT id::text FROM {NEW_ROW})" if self.as_text else f"(SELECT id FROM {NEW_ROW})"

    @property
    def value(self) -> int | str:
        """The key, once there is one."""
        return str(self.row.pk) if self.as_text else self.row.pk


def key_of(row: models.Model, *, as_text: bool = False) -> Any:
    """The key of ``row``, or what stands for it in a row that ``insert_with`` writes beside it."""
    key = NewKey(row, as_text)
    return key if row.pk is None else key.value


def is_one_statement() -> bool:
    """Whether ``insert_with`` is a transaction of its own here and now, so that it needs none around it."""
    return connection.vendor == "postgresql" and not connection.in_atomic_block


def insert_with(row: models.Model, others: Sequence[models.Model], *, also: Statements) -> None:
    """Write ``row``, whose key is then known, the ``others``, which name it by ``key_of``, and ``also``.

    Like ``bulk_create`` it calls no ``save`` and sends no signals.
    """
    if connection.vendor == "postgresql":
        _insert_at_once(row, others, also)
        for other in others:
            _fill_keys(other)
    else:
        _insert_in_turn(row, others, also)


def _insert_at_once(row: models.Model, others: Sequence[models.Model], also: Statements) -> None:
    first, params = _insert(row)
    inserts = [f"{NEW_ROW} AS ({first} RETURNING id)"]
    hanging = [*map(_insert, others), *also(NewKey(row).sql)]
    for number, (insert, values) in enumerate(hanging):
        inserts.append(f"row_{number} AS ({insert})")
        params += values
    with _preparing_cursor() as cursor:
        cursor.execute(f"WITH {', '.join(inserts)} SELECT id FROM {NEW_ROW}", params)
        (row.pk,) = cursor.fetchone()
    row._state.adding, row._state.db = False, connection.alias


class _PreparingCursor(Cursor):
    """Has the server parse a statement once for each connection, and sends only the values from then on.

    Django's own cursors write the values into the text: half a millisecond for a tip, every time.
    """

    def execute(self, query: str, params: Sequence[Any] | None = None) -> "_PreparingCursor":
        return super().execute(query, params, prepare=True)


@contextmanager
def _preparing_cursor() -> Iterator[CursorWrapper]:
    """Django's wrapper, with its errors, around a cursor that prepares."""
    # Opening one of Django's first looks whether a kept connection still lives.
    with connection.cursor() as checked:
        if connection.queries_logged:
            # Of a prepared statement the log would have no text.
            yield checked
            return
        with connection.make_cursor(_PreparingCursor(checked.connection)) as cursor:
            yield cursor


def _insert(row: models.Model) -> tuple[str, list[Any]]:
    """The INSERT of a row. What is None is left out: it is NULL, and few values are few to look after."""
    names, places, params = [], [], []
    for field in row._meta.concrete_fields:
        value = field.pre_save(row, add=True)
        if value is None:
            continue
        names.append(f'"{field.column}"')
        if isinstance(value, NewKey):
            places.append(value.sql)
        else:
            places.append("%s")
            params.append(field.get_db_prep_save(value, connection))
    return f'INSERT INTO "{row._meta.db_table}" ({", ".join(names)}) VALUES ({", ".join(places)})', params


def _insert_in_turn(row: models.Model, others: Sequence[models.Model], also: Statements) -> None:
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        row.save(force_insert=True)
        for other in others:
            _fill_keys(other)
            other.save(force_insert=True)
        for statement, params in also(str(row.pk)):
            cursor.execute(statement, params)


def _fill_keys(row: models.Model) -> None:
    for field in row._meta.concrete_fields:
        value = getattr(row, field.attname)
        if isinstance(value, NewKey):
            setattr(row, field.attname, value.value)
