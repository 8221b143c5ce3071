"""Application configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from portal.audit import registry


class TipsConfig(AppConfig):
    """Registers the app's audited actions."""

    name = "tips"
    verbose_name = _("Tin báo")

    def ready(self):
        from tips.audit_actions import ACTIONS

        registry.register(ACTIONS)
