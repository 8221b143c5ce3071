"""Paging by keys: a page is found by the row it starts after, so no page is slow and none is counted."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from portal.text import whole_number

OLDER, NEWER = "cu-hon", "moi-hon"


@dataclass(frozen=True)
class Page:
    """Rows of one page; the addresses of its neighbours are empty where there are none."""

    rows: list[Any]
    older_url: str
    newer_url: str


def page(queryset: QuerySet, request: HttpRequest, *, by: str, size: int) -> Page:
    """The page that the address asks for, newest first by the field ``by`` and the primary key.

    ``?cu-hon=ID`` continues below a row, ``?moi-hon=ID`` above it; a row that is gone means the first page.
    """
    older, newer = request.GET.get(OLDER, ""), request.GET.get(NEWER, "")
    anchor = _anchor(queryset.model, older or newer, by)
    backwards = bool(newer and not older and anchor)
    if anchor:
        queryset = queryset.filter(_beyond(anchor, by, forwards=not backwards))
    order = (by, "pk") if backwards else (f"-{by}", "-pk")
    rows = list(queryset.order_by(*order)[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows.reverse()
    has_older, has_newer = (bool(anchor), more) if backwards else (more, bool(anchor))
    return Page(
        rows,
        older_url=_url(request, OLDER, rows[-1].pk) if rows and has_older else "",
        newer_url=_url(request, NEWER, rows[0].pk) if rows and has_newer else "",
    )


def _anchor(model: type[Model], key: str, by: str) -> tuple[Any, int] | None:
    place = whole_number(key)
    return None if place is None else model._default_manager.filter(pk=place).values_list(by, "pk").first()


def _beyond(anchor: tuple[Any, int], by: str, *, forwards: bool) -> Q:
    value, key = anchor
    side = "lt" if forwards else "gt"
    if by == "pk":
        return Q(**{f"pk__{side}": key})
    # The first half lets an index find the place; without it every page would be read from the top.
    rest = Q(**{f"{by}__{side}": value}) | Q(**{by: value, f"pk__{side}": key})
    return Q(**{f"{by}__{side}e": value}) & rest


def _url(request: HttpRequest, name: str, key: int) -> str:
    query = request.GET.copy()
    query.pop(OLDER, None)
    query.pop(NEWER, None)
    query[name] = str(key)
    return f"?{query.urlencode()}"
