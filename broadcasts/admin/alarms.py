"""Alarms: what is wrong with sending, who deals with it, what was wrong before."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from broadcasts.admin.acting import ActingAdmin
from broadcasts.models import Alarm
from broadcasts.services import alarms
from groups.permissions import DIRECTORY_ROLES, has_role


class OpenFilter(admin.SimpleListFilter):
    """Those whose cause is still there, and those that are over."""

    title = _("tình trạng")
    parameter_name = "life"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [("open", _("Đang mở")), ("closed", _("Đã hết"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Alarm]) -> QuerySet[Alarm]:
        if self.value() not in ("open", "closed"):
            return queryset
        return queryset.filter(closed_at__isnull=self.value() == "open")


@admin.register(Alarm)
class AlarmAdmin(ActingAdmin):
    """Seen by those who answer for sending; closes by itself."""

    list_display = ("kind", "unit", "detail", "opened_at", "last_seen_at", "acknowledged_by", "closed_at")
    list_filter = (OpenFilter, "kind")
    list_select_related = ("unit", "acknowledged_by")
    ordering = ("-id",)
    actions = ("acknowledge",)
    fields = (
        ("kind", "unit", "account"),
        "detail",
        ("opened_at", "last_seen_at", "closed_at"),
        ("acknowledged_by", "acknowledged_at"),
    )

    def scope_queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(pk__in=Alarm.objects.visible_to(request.user).values("pk"))

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return has_role(request.user, *DIRECTORY_ROLES)

    @admin.action(description=_("Nhận xử lý"), permissions=["decide"])
    def acknowledge(self, request: HttpRequest, queryset: QuerySet) -> None:
        self.act(request, queryset.select_related("unit"), alarms.acknowledge)
