"""Audited actions of the directory."""

from django.utils.translation import gettext_lazy as _

ACTIONS = {
    "groups.unit.imported": _("Nhập danh mục đơn vị"),
    "groups.unit.changed": _("Sửa đơn vị"),
    "groups.unit_change.recorded": _("Ghi biến động đơn vị"),
    "groups.posting.opened": _("Phân công cán bộ"),
    "groups.posting.confirmed": _("Xác nhận quyền quản trị"),
    "groups.posting.changed": _("Sửa phân công"),
    "groups.posting.closed": _("Kết thúc phân công"),
    "groups.user.changed": _("Sửa tài khoản cán bộ"),
    "groups.programme.changed": _("Sửa mô hình"),
    "groups.holiday.changed": _("Sửa lịch nghỉ"),
    "groups.group.created": _("Lập nhóm"),
    "groups.group.changed": _("Sửa thông tin nhóm"),
    "groups.group.joined": _("Nhận người xin vào nhóm Zalo"),
    "groups.group.join_refused": _("Từ chối người xin vào nhóm Zalo"),
    "groups.group.imported": _("Nhập danh sách nhóm"),
    "groups.members.imported": _("Nhập danh sách thành viên"),
    "groups.member.changed": _("Sửa thành viên nhóm"),
    "groups.join_link.opened": _("Mở liên kết tham gia"),
    "groups.placement.changed": _("Ghi nơi dán thư mời"),
    "groups.size.recorded": _("Ghi số thành viên nhóm"),
    "groups.steward.changed": _("Đổi người phụ trách nhóm"),
    "groups.account.connected": _("Kết nối tài khoản Zalo OA"),
    "groups.account.connect_failed": _("Kết nối tài khoản Zalo OA không thành công"),
    "groups.account.changed": _("Sửa tài khoản Zalo OA"),
    "groups.account.needs_grant": _("Tài khoản Zalo OA cần cấp quyền lại"),
    "groups.event.retried": _("Cho xử lý lại sự kiện Zalo"),
    "groups.account.stopped": _("Dừng tài khoản Zalo OA"),
}
