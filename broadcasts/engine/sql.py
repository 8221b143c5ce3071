"""The few statements for which the ORM has no words, on both databases.

``bulk_update`` builds a CASE per row and is no faster than single saves; an UPDATE joined to a list of values
writes five hundred outcomes at once. A claim takes the first rows of many accounts in one statement.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, models

from broadcasts.enums import CLAIMABLE, BroadcastState, DeliveryState
from broadcasts.models import Broadcast, Delivery

# SQLite joins at most 500 SELECTs into one.
ACCOUNTS_AT_ONCE = 200
_CLAIMABLE = ", ".join(f"'{state.value}'" for state in CLAIMABLE)
# States are written into the text, not passed, so that SQLite too recognises its partial index.
_READY = f"""
    SELECT d.id FROM {Delivery._meta.db_table} d
    WHERE d.account_id = {{account}} AND d.state IN ({_CLAIMABLE}) AND d.next_attempt_at <= %s
      AND EXISTS (
        SELECT 1 FROM {Broadcast._meta.db_table} b
        WHERE b.id = d.broadcast_id AND b.state = '{BroadcastState.SENDING.value}'
          AND (b.expires_at IS NULL OR b.expires_at > %s)
      )
    ORDER BY d.priority, d.next_attempt_at, d.id LIMIT {{limit}}
"""
_CLAIM = f"""
    UPDATE {Delivery._meta.db_table}
    SET state = '{DeliveryState.SENDING.value}', claim = %s, claimed_at = %s, updated_at = %s,
        attempts = attempts + 1
    WHERE state IN ({_CLAIMABLE}) AND id IN ({{ids}})
"""


def claim(budgets: Sequence[tuple[int, int]], *, claim: str, now: datetime) -> int:
    """Move the first rows of each account to SENDING: at most ``n`` for each ``(account_id, n)``.

    Urgent first, then the longest due. Returns how many were claimed; the caller reads them back by claim
    and time. The state is asked for again at the row itself, so two claims never share one.
    """
    build = _postgresql if connection.vendor == "postgresql" else _any_database
    moment = Delivery._meta.get_field("claimed_at").get_db_prep_value(now, connection)
    claimed = 0
    with connection.cursor() as cursor:
        for offset in range(0, len(budgets), ACCOUNTS_AT_ONCE):
            ids, params = build(budgets[offset : offset + ACCOUNTS_AT_ONCE], moment)
            cursor.execute(_CLAIM.format(ids=ids), [claim, moment, moment, *params])
            claimed += cursor.rowcount
    return claimed


def _postgresql(budgets: Sequence[tuple[int, int]], moment: Any) -> tuple[str, list[Any]]:
    """One index walk for each account, past rows that somebody else holds at this moment."""
    values = ", ".join(["(%s, %s)"] * len(budgets))
    ready = _READY.format(account="m.account_id", limit="m.n")
    ids = (
        f"SELECT r.id FROM (VALUES {values}) AS m(account_id, n)"
        f" CROSS JOIN LATERAL ({ready} FOR UPDATE OF d SKIP LOCKED) r"
    )
    return ids, [*(number for budget in budgets for number in budget), moment, moment]


def _any_database(budgets: Sequence[tuple[int, int]], moment: Any) -> tuple[str, list[Any]]:
    ready = _READY.format(account="%s", limit="%s")
    ids = " UNION ALL ".join([f"SELECT id FROM ({ready})"] * len(budgets))
    return ids, [value for account, n in budgets for value in (account, moment, moment, n)]


def update_from_values(
    model: type[models.Model],
    names: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    where: str,
    params: list,
) -> int:
    """``UPDATE model SET`` each row's values, the first of ``names`` being the key; returns the count.

    ``where`` is further SQL over the table and ``v``, the list of values, with its ``params``.
    """
    fields = [model._meta.get_field(name) for name in names]
    rows = list(rows)
    if not rows:
        return 0
    prepared = [
        field.get_db_prep_value(value, connection)
        for row in rows
        for field, value in zip(fields, row, strict=True)
    ]
    table, quote = model._meta.db_table, connection.ops.quote_name
    # Both databases call the columns of VALUES column1, column2, ...
    changes = [f"{quote(field.column)} = v.column{n}" for n, field in enumerate(fields[1:], start=2)]
    sql = (
        f"UPDATE {table} SET {', '.join(changes)}"
        f" FROM (VALUES {_placeholders(fields, len(rows))}) AS v"
        f" WHERE {table}.{quote(fields[0].column)} = v.column1 AND {where}"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [*prepared, *params])
        return cursor.rowcount


def insert_values(model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Plain multi-row INSERT; several times cheaper than building model objects."""
    fields = [model._meta.get_field(name) for name in names]
    rows = list(rows)
    if not rows:
        return
    prepared = [
        field.get_db_prep_value(value, connection)
        for row in rows
        for field, value in zip(fields, row, strict=True)
    ]
    columns = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    values = _placeholders(fields, len(rows), cast=False)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {model._meta.db_table} ({columns}) VALUES {values}", prepared)


def _placeholders(fields: Sequence[models.Field], count: int, *, cast: bool = True) -> str:
    """``(%s, ...), ...``; PostgreSQL learns the types from casts in the first row."""
    plain = f"({', '.join(['%s'] * len(fields))})"
    if not cast or connection.vendor != "postgresql":
        return ", ".join([plain] * count)
    typed = ", ".join(f"CAST(%s AS {field.cast_db_type(connection)})" for field in fields)
    return ", ".join([f"({typed})", *[plain] * (count - 1)])
