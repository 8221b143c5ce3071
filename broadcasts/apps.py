"""Application configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from portal.audit import registry


class BroadcastsConfig(AppConfig):
    """Registers the app's audited actions."""

    name = "broadcasts"
    verbose_name = _("Phát tin")

    def ready(self):
        from broadcasts.audit_actions import ACTIONS

        registry.register(ACTIONS)
