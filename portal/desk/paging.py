"""Numbered pages for short lists in an order of their own (by name, by deadline).

Lists that grow for years page by keys (``portal.site.paging``); these are bounded by what is open, or by the
groups of one unit, and nothing here counts rows.
"""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

NUMBER = "trang"
LAST_PAGE = 200


@dataclass(frozen=True)
class NumberedPage:
    """Rows of one page; the addresses of its neighbours are empty where there are none."""

    rows: list[Any]
    previous_url: str
    next_url: str


def numbered(queryset: QuerySet, request: HttpRequest, *, size: int) -> NumberedPage:
    """The page ``?trang=N`` of an ordered queryset; anything that is no page number means the first."""
    asked = request.GET.get(NUMBER, "")
    number = min(int(asked), LAST_PAGE) if asked.isascii() and asked.isdecimal() and len(asked) < 5 else 1
    number = max(number, 1)
    start = (number - 1) * size
    rows = list(queryset[start : start + size + 1])
    has_next = len(rows) > size and number < LAST_PAGE
    return NumberedPage(
        rows[:size],
        previous_url=_url(request, number - 1) if number > 1 else "",
        next_url=_url(request, number + 1) if has_next else "",
    )


def _url(request: HttpRequest, number: int) -> str:
    query = request.GET.copy()
    query[NUMBER] = str(number)
    return f"?{query.urlencode()}"
