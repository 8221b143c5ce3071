"""Pages of the API's list of tips."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from portal.keyset import capped_count
from portal.text import whole_number
from tips.querysets import NEWEST_FIRST

PAGE_PARAM = "page"
# Nobody reads further by numbers; and no list of a million is counted to its end.
COUNTED_MOST = 1000
# Common words that seldom stand together: the database would read a list far down to find a thousand.
COUNTED_IN_SEARCH = 100
SEARCH_PARAM = "q"


def most_counted(words: str) -> int:
    """How far a list is counted that is searched for ``words``, or is not."""
    return COUNTED_IN_SEARCH if words.strip() else COUNTED_MOST


class TipPagination(CursorPagination):
    """``{count, next, previous, results}``, newest first; ``next`` is as fast at any depth.

    ``count`` stops at ``COUNTED_MOST``, that of a search at ``COUNTED_IN_SEARCH``. ``?page=N`` opens a page
    by its number, up to as many rows.
    """

    ordering = "-id"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200

    def paginate_queryset(self, queryset: QuerySet, request: Request, view: Any = None) -> list | None:
        words = request.query_params.get(SEARCH_PARAM, "")
        # Words are met in the order of the list; other rows are sooner gathered from an index.
        counted = NEWEST_FIRST.sorted(queryset) if words.strip() else queryset.order_by()
        self.count = capped_count(counted, most_counted(words))
        return super().paginate_queryset(queryset, request, view)

    def decode_cursor(self, request: Request) -> Cursor | None:
        asked = request.query_params.get(PAGE_PARAM)
        if asked is None or self.cursor_query_param in request.query_params:
            return super().decode_cursor(request)
        start = ((whole_number(asked, digits=5) or 0) - 1) * self.get_page_size(request)
        if not 0 <= start < max(self.count, 1):
            raise exceptions.NotFound(_("Không có trang này. Xin theo địa chỉ ở next của trang trước."))
        return Cursor(offset=start, reverse=False, position=None)

    def get_paginated_response(self, data: list) -> Response:
        links = {"next": self.get_next_link(), "previous": self.get_previous_link()}
        return Response({"count": self.count, **links, "results": data})

    def get_paginated_response_schema(self, schema: dict) -> dict:
        shape = super().get_paginated_response_schema(schema)
        count = {
            "type": "integer",
            "maximum": COUNTED_MOST,
            "description": f"{COUNTED_MOST}, khi tìm theo từ {COUNTED_IN_SEARCH}: chừng đó hoặc nhiều hơn",
        }
        return {
            **shape,
            "required": ["count", "results"],
            "properties": {"count": count, **shape["properties"]},
        }
