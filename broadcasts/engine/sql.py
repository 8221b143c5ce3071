"""The few statements for which the ORM has no words, on both databases.

``bulk_update`` builds a CASE per row and is no faster than single saves; an UPDATE joined to a list of values
writes five hundred outcomes at once. A claim takes the first rows of many accounts in one statement.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, models

from broadcasts.enums import CLAIMABLE, LINE, BroadcastState
from broadcasts.models import Broadcast, Delivery
from groups.models import Group

# SQLite joins at most 500 SELECTs into one.
ACCOUNTS_AT_ONCE = 200
_CLAIMABLE = ", ".join(f"'{state.value}'" for state in CLAIMABLE)
IS_CLAIMABLE = f"{Delivery._meta.db_table}.state IN ({_CLAIMABLE})"
# Lane and states are written into the text, not passed, so that SQLite too recognises its partial index.
_READY = f"""
    SELECT d.id, d.account_id, d.group_id, d.broadcast_id, g.zalo_group_id, d.attempts + 1, d.priority,
      d.crashes
    FROM {Delivery._meta.db_table} d JOIN {Group._meta.db_table} g ON g.id = d.group_id
    WHERE d.account_id = {{account}} AND d.lane = '{LINE}' AND d.state IN ({_CLAIMABLE})
      AND d.next_attempt_at <= %s
      AND EXISTS (
        SELECT 1 FROM {Broadcast._meta.db_table} b
        WHERE b.id = d.broadcast_id AND b.state = '{BroadcastState.SENDING.value}'
          AND (b.expires_at IS NULL OR b.expires_at > %s)
          AND (b.useful_until IS NULL OR b.useful_until > %s)
      )
    ORDER BY d.priority, d.next_attempt_at, d.id LIMIT {{limit}}
"""


def first_rows(budgets: Sequence[tuple[int, int]], *, now: datetime) -> list[tuple]:
    """The first claimable rows of each account, at most ``n`` for each ``(account_id, n)``, in claim order.

    Urgent first, then the longest due. PostgreSQL locks them until the transaction ends, and passes over
    those that somebody else holds; on SQLite the transaction itself is the lock.
    """
    build = _postgresql if connection.vendor == "postgresql" else _any_database
    moment = Delivery._meta.get_field("next_attempt_at").get_db_prep_value(now, connection)
    rows: list[tuple] = []
    with connection.cursor() as cursor:
        for offset in range(0, len(budgets), ACCOUNTS_AT_ONCE):
            cursor.execute(*build(budgets[offset : offset + ACCOUNTS_AT_ONCE], moment))
            rows += cursor.fetchall()
    return rows


def _postgresql(budgets: Sequence[tuple[int, int]], moment: Any) -> tuple[str, list[Any]]:
    """One walk of the claim index for each account."""
    values = ", ".join(["(%s, %s)"] * len(budgets))
    ready = _READY.format(account="m.account_id", limit="m.n")
    select = (
        f"SELECT r.* FROM (VALUES {values}) AS m(account_id, n)"
        f" CROSS JOIN LATERAL ({ready} FOR UPDATE OF d SKIP LOCKED) r"
    )
    return select, [*(number for budget in budgets for number in budget), moment, moment, moment]


def _any_database(budgets: Sequence[tuple[int, int]], moment: Any) -> tuple[str, list[Any]]:
    ready = _READY.format(account="%s", limit="%s")
    select = " UNION ALL ".join([f"SELECT * FROM ({ready})"] * len(budgets))
    return select, [value for account, n in budgets for value in (account, moment, moment, moment, n)]


def update_from_values(
    model: type[models.Model],
    names: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    where: str,
    params: list[Any],
    constants: dict[str, Any] | None = None,
) -> int:
    """``UPDATE model SET`` each row's values, the first of ``names`` being the key; returns the count.

    ``constants`` are set alike in every row. ``where`` is further SQL over the table, with its ``params``.
    """
    if not rows:
        return 0
    fields = [model._meta.get_field(name) for name in names]
    fixed = [(model._meta.get_field(name), value) for name, value in (constants or {}).items()]
    table, quote = model._meta.db_table, connection.ops.quote_name
    changes = [f"{quote(field.column)} = v.column{n}" for n, field in enumerate(fields[1:], start=2)]
    changes += [f"{quote(field.column)} = %s" for field, _value in fixed]
    source, values = _table_of(fields, rows)
    sql = (
        f"UPDATE {table} SET {', '.join(changes)} FROM {source}"
        f" WHERE {table}.{quote(fields[0].column)} = v.column1 AND {where}"
    )
    alike = [field.get_db_prep_value(value, connection) for field, value in fixed]
    with connection.cursor() as cursor:
        cursor.execute(sql, [*alike, *values, *params])
        return cursor.rowcount


def insert_values(model: type[models.Model], names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Plain multi-row INSERT; several times cheaper than building model objects."""
    if not rows:
        return
    fields = [model._meta.get_field(name) for name in names]
    columns = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    source, values = _table_of(fields, rows)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {model._meta.db_table} ({columns}) SELECT * FROM {source}", values)


def _table_of(fields: Sequence[models.Field], rows: Sequence[Sequence[Any]]) -> tuple[str, list[Any]]:
    """``rows`` as a table ``v`` with the columns column1, column2, ..., and its parameters."""
    if connection.vendor == "postgresql":
        return _recordset(fields, rows)
    # SQLite calls the columns of VALUES column1, column2, ... by itself.
    prepare = [field.get_db_prep_value for field in fields]
    values = [
        None if value is None else prepared(value, connection)
        for row in rows
        for prepared, value in zip(prepare, row, strict=True)
    ]
    plain = f"({', '.join(['%s'] * len(fields))})"
    return f"(VALUES {', '.join([plain] * len(rows))}) AS v", values


def _recordset(fields: Sequence[models.Field], rows: Sequence[Sequence[Any]]) -> tuple[str, list[Any]]:
    """One JSON text for all rows: a third of the work in Python that an array for each column is."""
    names = [f"column{number}" for number in range(1, len(fields) + 1)]
    # Moments as text; the type of the column reads them back.
    text = json.dumps([dict(zip(names, row, strict=True)) for row in rows], default=str)
    columns = ", ".join(f"{name} {_type(field)}" for name, field in zip(names, fields, strict=True))
    return f"json_to_recordset(%s) AS v({columns})", [text]


def _type(field: models.Field) -> str:
    """The type of the column, without its length: what is too long is refused, not cut."""
    return field.cast_db_type(connection).partition("(")[0]
