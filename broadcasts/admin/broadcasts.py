"""Broadcasts: what goes out in the area, how far it got, what waits for approval."""

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from broadcasts.admin.acting import ActingAdmin
from broadcasts.enums import FINAL, PostKind
from broadcasts.models import Broadcast
from broadcasts.services import approval, counts, retrying
from groups.admin.scoping import AreaFilter
from portal.text import search_key


@admin.register(Broadcast)
class BroadcastAdmin(ActingAdmin):
    """Approve several at once, stop, go on; writing happens in the dashboard."""

    list_display = ("code", "title", "unit", "kind", "urgency", "state", "due_at", "author", "approver")
    list_filter = ("state", "urgency", "kind", AreaFilter)
    list_select_related = ("unit", "author", "approver")
    ordering = ("-id",)
    actions = ("approve", "approve_duplicates", "retry_failed", "pause", "resume", "cancel")
    search_fields = ("code",)
    fields = (
        ("code", "state", "is_late"),
        ("unit", "kind", "urgency"),
        "title",
        "body",
        "picture",
        "notice",
        "audience",
        ("send_at", "recurrence", "expires_at"),
        ("author", "created_at"),
        ("approver", "approved_at"),
        ("due_at", "started_at", "finished_at"),
        ("parent", "corrects"),
        "reason",
        "progress",
    )
    readonly_fields = ("progress",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        """By code, by words of the title as they are written, or by unit with or without diacritics."""
        for word in search_term.split():
            in_unit = Q(unit__search_key__contains=search_key(word))
            queryset = queryset.filter(Q(code__icontains=word) | Q(title__icontains=word) | in_unit)
        return queryset, False

    @admin.display(description=_("Tiến độ"))
    def progress(self, broadcast: Broadcast) -> str:
        found = counts.counts_of([broadcast.pk])[broadcast.pk]
        total, final = sum(found.values()), sum(found[state] for state in FINAL)
        if not total:
            return _("Chưa lập danh sách nhóm nhận.")
        labels = dict(broadcast.deliveries.model.State.choices)
        parts = ", ".join(f"{labels[state]}: {number}" for state, number in found.items() if number)
        return _("%(final)d/%(total)d nhóm xong. %(parts)s") % {
            "final": final,
            "total": total,
            "parts": parts,
        }

    @admin.action(description=_("Duyệt"), permissions=["decide"])
    def approve(self, request: HttpRequest, queryset: QuerySet) -> None:
        self._approve(request, queryset, confirm_duplicate=False)

    @admin.action(description=_("Duyệt, kể cả khi nhóm nhận trùng nội dung"), permissions=["decide"])
    def approve_duplicates(self, request: HttpRequest, queryset: QuerySet) -> None:
        self._approve(request, queryset, confirm_duplicate=True)

    def _approve(self, request: HttpRequest, queryset: QuerySet, *, confirm_duplicate: bool) -> None:
        wanted = queryset.filter(kind=PostKind.WANTED)
        if wanted.exists():
            message = _("Bài truy nã phải mở từng bài, đối chiếu với quyết định gốc rồi mới duyệt.")
            self.message_user(request, message, messages.WARNING)
        others = queryset.exclude(kind=PostKind.WANTED)
        self.act(
            request,
            others.select_related("unit", "notice"),
            approval.approve_broadcast,
            confirm_duplicate=confirm_duplicate,
        )

    @admin.action(description=_("Gửi lại các nhóm lỗi"), permissions=["decide"])
    def retry_failed(self, request: HttpRequest, queryset: QuerySet) -> None:
        self.act(request, queryset.select_related("unit"), retrying.retry_failed)

    @admin.action(description=_("Tạm dừng gửi"), permissions=["decide"])
    def pause(self, request: HttpRequest, queryset: QuerySet) -> None:
        self.act(request, queryset.select_related("unit"), approval.pause_broadcast)

    @admin.action(description=_("Gửi tiếp"), permissions=["decide"])
    def resume(self, request: HttpRequest, queryset: QuerySet) -> None:
        self.act(request, queryset.select_related("unit"), approval.resume_broadcast)

    @admin.action(description=_("Hủy bài chưa gửi"), permissions=["decide"])
    def cancel(self, request: HttpRequest, queryset: QuerySet) -> None:
        self.act(request, queryset.select_related("unit"), approval.cancel_broadcast)
