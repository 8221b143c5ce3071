"""Deliveries: where a post is, where it is not, and why."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from broadcasts.admin.acting import ActingAdmin
from broadcasts.models import Attempt, Delivery, PostingTask
from broadcasts.services import retrying, settle
from broadcasts.services.dead_letters import Reason, dead_letters
from groups import permissions
from groups.admin.scoping import AreaFilter

RELATED = ("group__unit", "group__official_account", "broadcast__unit")


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


class PostingTaskInline(admin.StackedInline):
    """Of a row that a person posts: who it was handed to, reminders, a confirmation made without network."""

    model = PostingTask
    extra = 0
    can_delete = False
    fields = readonly_fields = ("assignee", "assigned_at", "reminded_at", "received_at")

    def has_add_permission(self, request: HttpRequest, obj: Delivery | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Delivery | None = None) -> bool:
        return True


class DeadLetterFilter(admin.SimpleListFilter):
    """Rows that wait for a person, by why they lie there."""

    title = _("cần xử lý")
    parameter_name = "dead"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [("any", _("Mọi lý do")), *Reason.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        if not self.value():
            return queryset
        lying = dead_letters(timezone.now(), reason=self.value())
        return queryset.filter(pk__in=lying.values("pk"))


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
    list_filter = (DeadLetterFilter, "state", AreaFilter)
    list_select_related = ("broadcast", "group__unit")
    ordering = ("-id",)
    search_fields = ("group__search_key",)
    actions = ("mark_seen", "send_again", "discard")
    inlines = (AttemptInline, PostingTaskInline)
    fields = (
        ("broadcast", "group", "account"),
        ("state", "attempts", "crashes", "message_id"),
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
        self.act(request, queryset.select_related(*RELATED), settle.confirm_seen)

    @admin.action(description=_("Gửi lại (lượt chưa rõ: đã xem, bài chưa vào nhóm)"), permissions=["decide"])
    def send_again(self, request: HttpRequest, queryset: QuerySet) -> None:
        self.act(request, queryset.select_related(*RELATED), retrying.retry)

    @admin.action(description=_("Bỏ qua, không gửi vào nhóm này nữa"), permissions=["decide"])
    def discard(self, request: HttpRequest, queryset: QuerySet) -> None:
        reason = _now("Bỏ qua từ trang quản trị.")
        self.act(request, queryset.select_related(*RELATED), retrying.discard, reason=reason)
