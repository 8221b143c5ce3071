"""The queue of the admin, paged by keys: the last page of a million tips opens like the first."""

from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.http import HttpRequest

from portal.keyset import Slice, capped_count, cut
from tips.admin.filters import StatusFilter
from tips.models import Tip
from tips.paging import COUNTED_IN_SEARCH, most_counted
from tips.querysets import BY_DEADLINE, NEWEST_FIRST

AFTER, BEFORE = "sau", "truoc"


class TipChangeList(ChangeList):
    """Open tips by deadline, any other list newest first; counted up to ``most_counted``."""

    slice: Slice

    def __init__(self, request: HttpRequest, *args):
        self._most = most_counted(request.GET.get(SEARCH_VAR, ""))
        self._place = {"after": request.GET.get(AFTER, ""), "before": request.GET.get(BEFORE, "")}
        super().__init__(request, *args)
        # Django would look through all addresses of the portal for each row, to find that it leads to a tip.
        self._kept, self.preserved_filters = self.preserved_filters, ""

    def url_for_result(self, result: Tip) -> str:
        url = super().url_for_result(result)
        return f"{url}?{self._kept}" if self._kept else url

    def get_filters_params(self, params=None):
        return {
            name: value
            for name, value in super().get_filters_params(params).items()
            if name not in (AFTER, BEFORE)
        }

    def get_results(self, request: HttpRequest) -> None:
        # Links to other filters and searches begin with their first page.
        for name in (AFTER, BEFORE):
            self.params.pop(name, None)
            self.filter_params.pop(name, None)
        is_queue = StatusFilter.parameter_name not in request.GET
        order = BY_DEADLINE if is_queue else NEWEST_FIRST
        found = cut(
            self.queryset, order, size=self.list_per_page, marks=lambda: self.root_queryset, **self._place
        )
        self.result_list = found.rows
        # Words are met in the order of a list, newest first; other rows are sooner gathered from an index.
        is_searched = self._most == COUNTED_IN_SEARCH
        counted = order.sorted(self.queryset) if is_searched and not is_queue else self.queryset.order_by()
        self.result_count = self.full_result_count = capped_count(counted, self._most)
        self.show_full_result_count = self.can_show_all = False
        self.show_admin_actions = True
        self.multi_page = bool(found.before or found.after)
        self.slice = found

    @property
    def counted(self) -> str:
        """The number of results in words, "1000+" where nobody counted on."""
        return f"{self.result_count}+" if self.result_count == self._most else str(self.result_count)

    @property
    def previous_url(self) -> str:
        """The page before this one, or nothing."""
        return self._link(BEFORE, self.slice.before)

    @property
    def next_url(self) -> str:
        """The page after this one, or nothing."""
        return self._link(AFTER, self.slice.after)

    def _link(self, name: str, key: int | None) -> str:
        return self.get_query_string({name: str(key)}) if key else ""
