"""Mailboxes: which account sends now, what rests and why."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from broadcasts.admin.acting import ActingAdmin
from broadcasts.engine.pace import usable_rate
from broadcasts.models import Mailbox
from broadcasts.services import mailboxes
from groups.enums import Role
from groups.permissions import DECIDING_ROLES, has_role


@admin.register(Mailbox)
class MailboxAdmin(ActingAdmin):
    """Stop or restart all sending of an account."""

    scope_field = "account__unit__path"
    list_display = ("account", "unit", "condition", "calls", "failures_in_row", "pause_reason")
    list_select_related = ("account__unit", "paused_by")
    ordering = ("account__unit__path", "id")
    actions = ("pause", "resume")
    fields = ("account", "condition", "calls", "failures_in_row", ("paused_at", "paused_by"), "pause_reason")
    readonly_fields = ("condition", "calls")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return has_role(request.user, *DECIDING_ROLES, Role.ADMINISTRATOR)

    @admin.display(description=_("đơn vị"))
    def unit(self, mailbox: Mailbox) -> str:
        return mailbox.account.unit.full_name

    @admin.display(description=_("tình trạng"))
    def condition(self, mailbox: Mailbox) -> str:
        now = timezone.now()
        if mailbox.paused_at:
            return _now("Tạm dừng bằng tay")
        if mailbox.open_until and mailbox.open_until > now:
            return _now("Nghỉ đến %(time)s") % {"time": f"{timezone.localtime(mailbox.open_until):%H:%M:%S}"}
        if mailbox.lease_until and mailbox.lease_until > now:
            return _now("Đang gửi")
        return _now("Sẵn sàng")

    @admin.display(description=_("lượt gọi trong phút qua"))
    def calls(self, mailbox: Mailbox) -> str:
        since = timezone.now().timestamp() - 60
        recent = sum(n for second, n in mailbox.window.items() if second.isdecimal() and int(second) > since)
        return f"{recent}/{usable_rate(mailbox.account.rate_per_minute)}"

    @admin.action(description=_("Tạm dừng gửi"), permissions=["decide"])
    def pause(self, request: HttpRequest, queryset: QuerySet) -> None:
        reason = _now("Tạm dừng từ trang quản trị.")
        rows = queryset.select_related("account__unit")
        self.act(request, rows, mailboxes.pause_mailbox, reason=reason)

    @admin.action(description=_("Cho gửi tiếp"), permissions=["decide"])
    def resume(self, request: HttpRequest, queryset: QuerySet) -> None:
        self.act(request, queryset.select_related("account__unit"), mailboxes.resume_mailbox)
