"""Deliveries: where a post is, where it is not, and why."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from broadcasts.admin.acting import ActingAdmin
from broadcasts.models import Attempt, Delivery
from broadcasts.services import settle
from groups import permissions
from groups.admin.scoping import AreaFilter


class AttemptInline(admin.TabularInline):
    """Every call made for a row."""

    model = Attempt
    extra = 0
    can_delete = False
    fields = readonly_fields = ("number", "started_at", "finished_at", "outcome", "error_code", "error")

    def has_add_permission(self, request: HttpRequest, obj: Delivery | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Delivery | None = None) -> bool:
        return True


@admin.register(Delivery)
class DeliveryAdmin(ActingAdmin):
    """Unknown outcomes and stuck rows of the area; a chief's decisions as actions."""

    scope_field = "group__unit__path"
    list_display = (
        "code",
        "group",
        "unit",
        "state",
        "attempts",
        "last_error",
        "next_attempt_at",
        "updated_at",
    )
    list_filter = ("state", AreaFilter)
    list_select_related = ("broadcast", "group__unit")
    ordering = ("-id",)
    search_fields = ("group__search_key",)
    actions = ("mark_seen", "send_again")
    inlines = (AttemptInline,)
    fields = (
        ("broadcast", "group", "account"),
        ("state", "attempts", "message_id"),
        ("last_error", "last_error_code"),
        ("next_attempt_at", "due_at", "claimed_at"),
        ("unknown_at", "reads", "clean_since"),
        ("settled_by", "settled_at", "proof"),
        "reason",
    )

    def scope_queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        paths = self.paths_for(request, "view", "change")
        mine = permissions.paths_q(paths, "group__unit__path")
        return queryset.filter(mine | permissions.paths_q(paths, "broadcast__unit__path"))

    @admin.display(description=_("mã bài"), ordering="broadcast")
    def code(self, delivery: Delivery) -> str:
        return delivery.broadcast.code

    @admin.display(description=_("đơn vị"))
    def unit(self, delivery: Delivery) -> str:
        return delivery.group.unit.full_name

    @admin.action(description=_("Đã thấy bài trong nhóm"), permissions=["decide"])
    def mark_seen(self, request: HttpRequest, queryset: QuerySet) -> None:
        self.act(request, queryset.select_related("group__unit", "broadcast__unit"), settle.confirm_seen)

    @admin.action(description=_("Gửi lại (đã xem, bài chưa vào nhóm)"), permissions=["decide"])
    def send_again(self, request: HttpRequest, queryset: QuerySet) -> None:
        self.act(request, queryset.select_related("group__unit", "broadcast__unit"), settle.resend)
