"""Audited actions of the public site's texts, and of whole copies."""

from django.utils.translation import gettext_lazy as _

ACTIONS = {
    "site.procedure.changed": _("Sửa trang thủ tục hành chính"),
    "site.contact.changed": _("Sửa danh bạ liên hệ"),
    "site.backup.made": _("Sao lưu toàn bộ dữ liệu"),
    "site.backup.restored": _("Khôi phục toàn bộ dữ liệu từ bản sao lưu"),
}
