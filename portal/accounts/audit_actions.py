"""Audited actions of accounts."""

from django.utils.translation import gettext_lazy as _

ACTIONS = {
    "accounts.user.logged_in": _("Đăng nhập"),
    "accounts.password.changed": _("Đổi mật khẩu"),
    "accounts.second_factor.enabled": _("Bật xác thực hai lớp"),
    "accounts.second_factor.reset": _("Xóa xác thực hai lớp của một tài khoản"),
    "accounts.recovery_codes.renewed": _("Tạo bộ mã dự phòng mới"),
    "accounts.recovery_code.used": _("Đăng nhập bằng mã dự phòng"),
    "accounts.api_token.created": _("Tạo khóa API"),
}
