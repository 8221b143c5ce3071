"""Zalo's events in the admin: what came, what became of it, what nobody could work on. Never the words."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from groups.admin.scoping import AreaFilter, ScopedAdmin
from groups.models import ZaloEvent
from groups.services import inbox
from groups.zalo import events
from portal.errors import PortalError

LABELS = {
    events.JOINED: _("Có người vào nhóm"),
    events.LEFT: _("Có người rời nhóm"),
    events.CREATED: _("Nhóm được lập"),
    events.UPDATED: _("Nhóm đổi thông tin"),
    events.DELETED: _("Nhóm bị giải tán"),
    events.REVOKED: _("OA thu hồi quyền"),
    events.WITHDRAWN: _("Người dùng rút đồng ý"),
}
# By how the name begins, the longest first.
LABELS_BY_START = (
    (events.GROUP_MESSAGE, _("Thành viên nhắn trong nhóm")),
    (events.GROUP_ECHO, _("Bài của OA đã vào nhóm")),
    (events.PRIVATE_MESSAGE, _("Tin nhắn riêng tới OA")),
)


class ProgressFilter(admin.SimpleListFilter):
    """Done, waiting, or given up."""

    title = _("tiến độ")
    parameter_name = "progress"
    STATES = {
        "stuck": (_("Không xử lý được"), {"due_at": None, "processed_at": None}),
        "waiting": (_("Chờ xử lý"), {"due_at__isnull": False}),
        "done": (_("Đã xong"), {"processed_at__isnull": False}),
    }

    def lookups(self, request, model_admin):
        return [(name, label) for name, (label, _condition) in self.STATES.items()]

    def queryset(self, request, queryset):
        chosen = self.STATES.get(self.value())
        return queryset.filter(**chosen[1]) if chosen else queryset


@admin.register(ZaloEvent)
class ZaloEventAdmin(ScopedAdmin):
    """Read only; an administrator can have an event tried again after the reason was dealt with."""

    scope_field = "account__unit__path"
    list_display = ("received_at", "label", "account", "progress", "attempts", "reason")
    list_filter = (ProgressFilter, AreaFilter)
    list_select_related = ("account__unit",)
    ordering = ("-id",)
    actions = ("try_again",)
    fields = (("label", "name", "account"), "received_at", "progress", ("attempts", "reason"), "processed_at")
    readonly_fields = ("label", "progress", "reason")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Whether trying again is offered at all; the service judges each row."""
        return bool(self.paths_for(request, "retry"))

    @admin.display(description=_("việc đã xảy ra"), ordering="name")
    def label(self, event: ZaloEvent) -> str:
        """In words; an event that nobody here knows keeps Zalo's name for it."""
        if event.name in LABELS:
            return LABELS[event.name]
        return next((label for start, label in LABELS_BY_START if event.name.startswith(start)), event.name)

    @admin.display(description=_("Tiến độ"))
    def progress(self, event: ZaloEvent) -> str:
        if event.processed_at:
            return _("Đã xong")
        if event.is_stuck:
            return _("Không xử lý được")
        return _("Chờ xử lý, từ %(time)s") % {"time": f"{timezone.localtime(event.due_at):%H:%M %d/%m}"}

    @admin.display(description=_("lỗi"))
    def reason(self, event: ZaloEvent) -> str:
        """In words; what is stored is the type of the error, which the log has with its place."""
        if not event.error:
            return "–"
        if event.error == inbox.WORKER_LOST:
            return _("Tiến trình dừng giữa chừng khi xử lý sự kiện này.")
        return _("Cổng gặp lỗi khi xử lý. Nguyên nhân nằm trong nhật ký máy chủ.")

    @admin.action(description=_("Xử lý lại"), permissions=["retry"])
    def try_again(self, request: HttpRequest, queryset: QuerySet) -> None:
        done = 0
        for event in self.reachable(request, queryset, "retry"):
            try:
                inbox.try_again(event, by=request.user)
                done += 1
            except PortalError as error:
                self.message_user(request, f"{event}: {error.message}", messages.ERROR)
        if done:
            self.message_user(request, _("Sẽ xử lý lại %d sự kiện.") % done, messages.SUCCESS)
