"""Audited actions of the directory."""

from django.utils.translation import gettext_lazy as _

ACTIONS = {
    "groups.unit.imported": _("Nhập danh mục đơn vị"),
    "groups.group.created": _("Lập nhóm"),
    "groups.group.changed": _("Sửa thông tin nhóm"),
    "groups.group.imported": _("Nhập danh sách nhóm"),
    "groups.members.imported": _("Nhập danh sách thành viên"),
    "groups.size.recorded": _("Ghi số thành viên nhóm"),
    "groups.steward.changed": _("Đổi người phụ trách nhóm"),
    "groups.account.connected": _("Kết nối tài khoản Zalo OA"),
    "groups.account.needs_grant": _("Tài khoản Zalo OA cần cấp quyền lại"),
    "groups.account.stopped": _("Dừng tài khoản Zalo OA"),
}
