"""Application configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from portal.audit import registry


class TipsConfig(AppConfig):
    """Registers the app's audited actions and what roles may do in the admin."""

    name = "tips"
    verbose_name = _("Tin báo")

    def ready(self):
        from groups import permissions
        from groups.enums import Role
        from tips.audit_actions import ACTIONS

        registry.register(ACTIONS)
        permissions.grant(Role.SUPERVISOR, "tips.view_tip", "tips.change_tip")
