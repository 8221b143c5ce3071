"""A lookup that writes states into the statement instead of passing them.

SQLite uses a partial index only when the statement repeats the index's own condition, word for word; a
parameter hides that. PostgreSQL does not mind either way. Where the model has a ``lane``, that is what its
indexes are made of, so the lookup asks for the lanes too.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import CharField, Lookup, TextChoices
from django.db.models.expressions import Col

from broadcasts.enums import IN_LINE, LINE


@CharField.register_lookup
class Among(Lookup):
    """``state__among=CLAIMABLE``: like ``in``, for members of a ``TextChoices`` only."""

    lookup_name = "among"
    prepare_rhs = False

    def __init__(self, lhs: Any, rhs: Iterable[TextChoices]):
        states = tuple(rhs)
        if not states or not all(isinstance(state, TextChoices) for state in states):
            raise TypeError("among takes members of an enumeration, never values from outside")
        super().__init__(lhs, states)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        lhs, params = self.process_lhs(compiler, connection)
        condition = _is_one_of(lhs, self.rhs)
        lane = _lane_of(self.lhs)
        if lane is None:
            return condition, list(params)
        # What the indexes are made of; a state outside the line is its own lane, and needs no second word.
        column, _params = compiler.compile(lane)
        lanes = _is_one_of(column, dict.fromkeys(LINE if s in IN_LINE else s for s in self.rhs))
        return (f"({lanes} AND {condition})" if set(self.rhs) & set(IN_LINE) else lanes), list(params)


def _is_one_of(column: str, values: Iterable[str]) -> str:
    quoted = [f"'{getattr(value, 'value', value)}'" for value in values]
    return f"{column} = {quoted[0]}" if len(quoted) == 1 else f"{column} IN ({', '.join(quoted)})"


def _lane_of(state: Any) -> Col | None:
    """The column ``lane`` beside ``state``, where the model has one."""
    if not isinstance(state, Col):
        return None
    lane = next((field for field in state.target.model._meta.fields if field.name == "lane"), None)
    return Col(state.alias, lane) if lane is not None else None
