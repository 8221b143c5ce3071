"""The audit trail for auditors: who read, revealed, exported, approved what. Nothing can be changed."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from groups import permissions
from groups.admin.scoping import ScopedAdmin
from groups.models import Posting
from portal.audit import registry
from portal.audit.models import AuditEntry


class ActionFilter(admin.SimpleListFilter):
    """Actions in words, in alphabetical order of the words."""

    title = _("hành động")
    parameter_name = "action"

    def lookups(self, request, model_admin):
        return sorted(registry.actions().items(), key=lambda item: str(item[1]))

    def queryset(self, request, queryset):
        return queryset.filter(action=self.value()) if self.value() else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(ScopedAdmin):
    """Entries of the auditor's area. Acts without a unit (log-ins) count where their actor serves."""

    scope_field = "unit_path"
    list_display = ("at", "actor_column", "sentence_column", "target_label", "details_column")
    list_display_links = None
    list_filter = (ActionFilter, "at")
    search_fields = ("actor__username", "target_label", "target_id")
    search_help_text = _("Tên đăng nhập, mã tin, mã bài")
    ordering = ("-id",)
    list_select_related = ("actor",)

    def scope_queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        tops = self.paths_for(request, "view")
        staff = Posting.objects.filter(permissions.paths_q(tops, "unit__path")).values("user")
        without_unit = Q(unit_path="", actor__in=staff)
        seen = queryset.filter(permissions.paths_q(tops, "unit_path") | without_unit)
        return seen.exclude(registry.hidden_from(request.user))

    def get_search_results(self, request, queryset, search_term):
        """Labels and ids are short and mixed: searched as typed, case ignored."""
        for word in search_term.split():
            condition = Q(pk__in=[])
            for field in self.search_fields:
                condition |= Q(**{f"{field}__icontains": word})
            queryset = queryset.filter(condition)
        return queryset, False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    @admin.display(description=_("Người thực hiện"), ordering="actor_name")
    def actor_column(self, entry: AuditEntry) -> str:
        return entry.actor_name or str(_("Hệ thống hoặc người gửi ẩn danh"))

    @admin.display(description=_("Việc đã làm"), ordering="action")
    def sentence_column(self, entry: AuditEntry) -> str:
        return registry.actions().get(entry.action, entry.action)

    @admin.display(description=_("Chi tiết"))
    def details_column(self, entry: AuditEntry) -> str:
        return "; ".join(
            f"{KEYS.get(name, name)}: {_in_words(entry, name, value)}" for name, value in entry.data.items()
        )


# Names of details that services write; anything else is shown as it was written.
KEYS = {
    "assignee": _("người xử lý"),
    "category": _("loại tin"),
    "channel": _("cách gửi"),
    "code": _("mã"),
    "day": _("ngày"),
    "fields": _("đã sửa"),
    "from": _("từ"),
    "group": _("nhóm"),
    "households": _("hộ đại diện"),
    "members": _("thành viên"),
    "oa_id": _("mã OA"),
    "outcome": _("kết quả"),
    "paused": _("tạm dừng"),
    "priority": _("mức ưu tiên"),
    "reason": _("lý do"),
    "renewed": _("thay liên kết cũ"),
    "role": _("vai trò"),
    "rows": _("số dòng"),
    "secrets": _("khóa bí mật"),
    "skipped": _("bỏ qua"),
    "state": _("trạng thái"),
    "status": _("trạng thái"),
    "to": _("sang"),
    "unit": _("đơn vị"),
    "user": _("tài khoản"),
}


def _in_words(entry: AuditEntry, name: str, value: Any) -> str:
    """A value as a reader wants it: fields by their labels, choices by theirs, a pair is a change."""
    if isinstance(value, list):
        is_change = len(value) == 2 and name not in ("fields", "secrets")
        return (" → " if is_change else ", ").join(_one_in_words(entry, name, part) for part in value)
    return _one_in_words(entry, name, value)


def _one_in_words(entry: AuditEntry, name: str, value: Any) -> str:
    if value in (None, ""):
        return "–"
    if isinstance(value, bool):
        return str(_("có") if value else _("không"))
    if name in ("fields", "secrets"):
        field = _field(entry, str(value))
        return str(field.verbose_name) if field else str(EVENTS.get(value, value))
    field = _field(entry, name)
    # A name may also be that of a relation from elsewhere, which has no choices.
    choices = {str(key): label for key, label in getattr(field, "flatchoices", ())}
    return str(choices.get(str(value), value))


EVENTS = {"deleted": _("đã xóa"), "password": _("mật khẩu"), "placements": _("nơi dán")}


def _field(entry: AuditEntry, name: str) -> Any:
    """The field of the entry's object with that name, or None."""
    try:
        return apps.get_model(entry.target_type)._meta.get_field(name)
    except (LookupError, ValueError, FieldDoesNotExist):
        return None
