"""Mailboxes: which account sends now, what rests and why."""

from datetime import datetime

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from broadcasts.admin.acting import ActingAdmin
from broadcasts.models import Mailbox
from broadcasts.services import mailboxes
from broadcasts.services.mailbox_status import MOST_COUNTED, Status, statuses
from groups.enums import Role
from groups.permissions import DECIDING_ROLES, has_role


@admin.register(Mailbox)
class MailboxAdmin(ActingAdmin):
    """Stop or restart all sending of an account."""

    scope_field = "account__unit__path"
    list_display = (
        "account",
        "condition",
        "calls",
        "waiting",
        "last_good_at",
        "last_error",
        "pause_reason",
    )
    list_select_related = ("account__unit", "paused_by")
    ordering = ("account__unit__path", "id")
    actions = ("pause", "resume")
    fields = (
        "account",
        ("condition", "calls", "waiting"),
        ("last_good_at", "last_error"),
        "failures_in_row",
        ("paused_at", "paused_by"),
        "pause_reason",
    )
    readonly_fields = ("condition", "calls", "waiting", "last_good_at", "last_error")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return has_role(request.user, *DECIDING_ROLES, Role.ADMINISTRATOR)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """The page's rows with what each mailbox does, read for all of them at once."""
        changelist = super().get_changelist_instance(request)
        changelist.result_list = list(changelist.result_list)
        for status in statuses(changelist.result_list, timezone.now()):
            status.mailbox.status = status
        return changelist

    @admin.display(description=_("tình trạng"))
    def condition(self, mailbox: Mailbox) -> str:
        status = _status(mailbox)
        if status.next_at is None:
            return status.doing.label
        at = f"{timezone.localtime(status.next_at):%H:%M:%S}"
        return _now("%(doing)s, gọi tiếp lúc %(at)s") % {"doing": status.doing.label, "at": at}

    @admin.display(description=_("lượt gọi còn"))
    def calls(self, mailbox: Mailbox) -> str:
        status = _status(mailbox)
        return f"{status.free}/{status.limit}"

    @admin.display(description=_("bài đang chờ"))
    def waiting(self, mailbox: Mailbox) -> str:
        status = _status(mailbox)
        if status.is_counted_out:
            return f"{number_format(MOST_COUNTED)}+"
        if not status.waiting or status.done_at is None:
            return number_format(status.waiting)
        at = f"{timezone.localtime(status.done_at):%H:%M %d/%m}"
        return _now("%(count)s, dự kiến xong %(at)s") % {"count": number_format(status.waiting), "at": at}

    @admin.display(description=_("lỗi gần nhất"))
    def last_error(self, mailbox: Mailbox) -> str:
        return mailbox.account.last_error

    @admin.display(description=_("gửi được lúc"))
    def last_good_at(self, mailbox: Mailbox) -> datetime | None:
        return mailbox.account.last_good_at

    @admin.action(description=_("Tạm dừng gửi"), permissions=["decide"])
    def pause(self, request: HttpRequest, queryset: QuerySet) -> None:
        reason = _now("Tạm dừng từ trang quản trị.")
        rows = queryset.select_related("account__unit")
        self.act(request, rows, mailboxes.pause_mailbox, reason=reason)

    @admin.action(description=_("Cho gửi tiếp"), permissions=["decide"])
    def resume(self, request: HttpRequest, queryset: QuerySet) -> None:
        self.act(request, queryset.select_related("account__unit"), mailboxes.resume_mailbox)


def _status(mailbox: Mailbox) -> Status:
    """What the list has read for all its rows; the page of one mailbox reads its own."""
    if not hasattr(mailbox, "status"):
        (mailbox.status,) = statuses([mailbox], timezone.now())
    return mailbox.status
