"""Places in an ordered list, found by value instead of by counting: no page is slow, however deep.

An ``Order`` names the keys of a list, all ascending or all descending, the last of them unique. What lies
beyond a row is asked for by comparing rows of values, which one index over the same keys answers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, Expression, F, Func, QuerySet, Value
from django.db.models.lookups import GreaterThan, LessThan

from portal.text import whole_number


class Row(Func):
    """``(a, b, c)``, to be compared with another of its kind."""

    template = "(%(expressions)s)"
    output_field = BooleanField()


class Order:
    """Keys to order by: names of fields or expressions, none of them ever null."""

    def __init__(self, *keys: str | Expression, descending: bool = False):
        self.keys = tuple(F(key) if isinstance(key, str) else key for key in keys)
        self.descending = descending

    def sorted(self, rows: QuerySet, *, backwards: bool = False) -> QuerySet:
        """``rows`` in this order, or in the opposite."""
        down = self.descending != backwards
        return rows.order_by(*(key.desc() if down else key.asc() for key in self.keys))

    def values_at(self, rows: QuerySet, pk: int) -> tuple[Any, ...] | None:
        """The keys of one of ``rows``; None for a row that is not among them."""
        return rows.filter(pk=pk).order_by().values_list(*self.keys).first()

    def beyond(self, rows: QuerySet, values: Sequence[Any], *, backwards: bool = False) -> QuerySet:
        """Those of ``rows`` that come after a row with the keys ``values``; before it when ``backwards``."""
        compare = LessThan if self.descending != backwards else GreaterThan
        keys = [key.copy() if isinstance(key, Expression) else key for key in self.keys]
        if len(keys) == 1:
            return rows.filter(compare(keys[0], values[0]))
        at = (Value(value, output_field=_kind(rows, key)) for key, value in zip(keys, values, strict=True))
        return rows.filter(compare(Row(*keys), Row(*at)))


@dataclass(frozen=True)
class Slice:
    """Rows of one page, and the primary keys its neighbours start from; None where there is no neighbour."""

    rows: list[Any]
    before: int | None
    after: int | None


def cut(
    rows: QuerySet,
    order: Order,
    *,
    size: int,
    after: str = "",
    before: str = "",
    marks: Callable[[], QuerySet] | None = None,
) -> Slice:
    """``size`` rows after the row with the primary key ``after``, or before ``before``; else the first ones.

    Keys come from addresses: what is no key, or not among ``marks``, means the first page. They give all that
    the reader may see, so that a row that left the list still marks its place, and nothing can be learnt of
    any other; without them, ``rows``.
    """
    backwards = bool(before and not after)
    key = after or before
    place = whole_number(key)
    values = None if place is None else order.values_at(rows if marks is None else marks(), place)
    if values is None:
        backwards = False
    else:
        rows = order.beyond(rows, values, backwards=backwards)
    found = list(order.sorted(rows, backwards=backwards)[: size + 1])
    has_more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    has_before, has_after = (has_more, True) if backwards else (values is not None, has_more)
    return Slice(
        found,
        before=found[0].pk if found and has_before else None,
        after=found[-1].pk if found and has_after else None,
    )


def capped_count(rows: QuerySet, most: int) -> int:
    """How many rows there are, up to ``most``, which means: so many or more.

    Sorted rows are counted in their order, the way their pages are read: a database that may take any rows
    of a search would first gather all of them.
    """
    return rows[:most].values("pk").count()


def _kind(rows: QuerySet, key: Any) -> Any:
    return key.resolve_expression(rows.query).output_field
