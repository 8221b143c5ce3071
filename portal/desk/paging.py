"""Pages of the desk's lists; nothing here counts rows.

Lists that grow for years page by keys, here in any order, newest first in ``portal.site.paging``. Numbered
pages are for short lists in an order of their own: those of the groups of one unit.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from portal.keyset import Order, cut
from portal.text import whole_number

NUMBER = "trang"
AFTER, BEFORE = "sau", "truoc"
LAST_PAGE = 200


@dataclass(frozen=True)
class Page:
    """Rows of one page; the addresses of its neighbours are empty where there are none."""

    rows: list[Any]
    previous_url: str
    next_url: str


def numbered(queryset: QuerySet, request: HttpRequest, *, size: int) -> Page:
    """The page ``?trang=N`` of an ordered queryset; anything that is no page number means the first."""
    number = min(max(whole_number(request.GET.get(NUMBER, ""), digits=4) or 1, 1), LAST_PAGE)
    start = (number - 1) * size
    rows = list(queryset[start : start + size + 1])
    has_next = len(rows) > size and number < LAST_PAGE
    return Page(
        rows[:size],
        previous_url=_url(request, number - 1) if number > 1 else "",
        next_url=_url(request, number + 1) if has_next else "",
    )


def keyed(
    queryset: QuerySet,
    request: HttpRequest,
    *,
    order: Order,
    size: int,
    marks: Callable[[], QuerySet] | None = None,
) -> Page:
    """The page ``?sau=ID`` or ``?truoc=ID`` of a queryset, sorted by ``order``; as fast at any depth.

    ``marks`` gives all rows that the reader may see, where some are not in the queryset.
    """
    asked = {"after": request.GET.get(AFTER, ""), "before": request.GET.get(BEFORE, "")}
    found = cut(queryset, order, size=size, marks=marks, **asked)
    return Page(
        found.rows,
        previous_url=_url(request, found.before, BEFORE) if found.before else "",
        next_url=_url(request, found.after, AFTER) if found.after else "",
    )


def _url(request: HttpRequest, place: int, name: str = NUMBER) -> str:
    query = request.GET.copy()
    for other in (NUMBER, AFTER, BEFORE):
        query.pop(other, None)
    query[name] = str(place)
    return f"?{query.urlencode()}"
