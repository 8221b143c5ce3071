"""Application configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from portal.audit import registry


class GroupsConfig(AppConfig):
    """Registers the app's audited actions."""

    name = "groups"
    verbose_name = _("Địa bàn và nhóm Zalo")

    def ready(self):
        from groups import receivers  # noqa: F401 (connects them)
        from groups.audit_actions import ACTIONS

        registry.register(ACTIONS)
