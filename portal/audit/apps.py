"""Audit: who did what, when, to which object."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    """Append-only entries written by services in their own transaction."""

    name = "portal.audit"
    label = "audit"
    verbose_name = _("Nhật ký")
