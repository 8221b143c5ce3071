"""A lookup that writes states into the statement instead of passing them.

SQLite uses a partial index only when the statement repeats the index's own condition, word for word; a
parameter hides that. PostgreSQL does not mind either way.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import CharField, Lookup, TextChoices


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
        states = [f"'{state.value}'" for state in self.rhs]
        condition = f"= {states[0]}" if len(states) == 1 else f"IN ({', '.join(states)})"
        return f"{lhs} {condition}", list(params)
