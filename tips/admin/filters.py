"""Filters of the queue, in words. The queue opens with what is still to be done."""

import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tips.enums import Priority, TipStatus
from tips.querysets import DANGER_FIRST


class StatusFilter(admin.SimpleListFilter):
    """Open tips unless another status is asked for."""

    title = _("trạng thái")
    parameter_name = "status"
    EVERY = "all"

    def lookups(self, request, model_admin):
        return [*TipStatus.choices, (self.EVERY, _("Tất cả"))]

    def choices(self, changelist):
        yield {
            "selected": self.value() is None,
            "query_string": changelist.get_query_string(remove=[self.parameter_name]),
            "display": _("Đang mở"),
        }
        for value, label in self.lookup_choices:
            yield {
                "selected": self.value() == value,
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": label,
            }

    def queryset(self, request, queryset: QuerySet) -> QuerySet:
        if self.value() is None:
            return queryset.open()
        return queryset if self.value() == self.EVERY else queryset.filter(status=self.value())


class PriorityFilter(admin.SimpleListFilter):
    """P0 to P4 with their words."""

    title = _("mức ưu tiên")
    parameter_name = "priority"

    def lookups(self, request, model_admin):
        return [(priority.name, f"{priority.name} {priority.label}") for priority in Priority]

    def queryset(self, request, queryset: QuerySet) -> QuerySet:
        level = Priority.__members__.get(self.value())
        if level is None:
            return queryset
        if level == Priority.P0 and StatusFilter.parameter_name not in request.GET:
            # Of open tips their index knows it, in the order of the page; by number it would be asked of all.
            return queryset.alias(danger=DANGER_FIRST).filter(danger=0)
        return queryset.filter(priority=level)


class DeadlineFilter(admin.SimpleListFilter):
    """How the deadline stands."""

    title = _("hạn xử lý")
    parameter_name = "deadline"

    def lookups(self, request, model_admin):
        return [("late", _("Quá hạn")), ("day", _("Hạn trong 24 giờ tới"))]

    def queryset(self, request, queryset: QuerySet) -> QuerySet:
        now = timezone.now()
        if self.value() == "late":
            return queryset.overdue(now)
        if self.value() == "day":
            return queryset.open().filter(deadline__range=(now, now + datetime.timedelta(days=1)))
        return queryset


class HolderFilter(admin.SimpleListFilter):
    """Whose tips."""

    title = _("người xử lý")
    parameter_name = "holder"

    def lookups(self, request, model_admin):
        return [("me", _("Giao cho tôi")), ("nobody", _("Chưa giao ai"))]

    def queryset(self, request: Any, queryset: QuerySet) -> QuerySet:
        if self.value() == "me":
            return queryset.filter(assignee=request.user)
        return queryset.filter(assignee=None) if self.value() == "nobody" else queryset


class ValueFilter(admin.SimpleListFilter):
    """Tips that helped."""

    title = _("giá trị")
    parameter_name = "valuable"

    def lookups(self, request, model_admin):
        return [("yes", _("Có giá trị")), ("no", _("Chưa đánh dấu"))]

    def queryset(self, request, queryset: QuerySet) -> QuerySet:
        return queryset.filter(is_valuable=self.value() == "yes") if self.value() else queryset
