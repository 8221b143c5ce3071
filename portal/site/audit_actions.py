"""Audited actions of the public site's texts."""

from django.utils.translation import gettext_lazy as _

ACTIONS = {
    "site.procedure.changed": _("Sửa trang thủ tục hành chính"),
    "site.contact.changed": _("Sửa danh bạ liên hệ"),
}
