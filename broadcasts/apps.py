"""Application configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from portal.audit import registry


class BroadcastsConfig(AppConfig):
    """Registers the app's audited actions and what roles may do in the admin."""

    name = "broadcasts"
    verbose_name = _("Phát tin")

    def ready(self):
        from broadcasts import receivers  # noqa: F401 (connects them)
        from broadcasts.audit_actions import ACTIONS
        from groups import permissions
        from groups.enums import Role

        registry.register(ACTIONS)
        models = ("broadcast", "delivery", "post", "notice", "mailbox")
        seen = [f"broadcasts.view_{model}" for model in models]
        for role in permissions.ADMIN_ROLES:
            permissions.grant(role, *seen)
        # Alarms are for those who act on them; auditors read what was done.
        for role in (Role.SUPERVISOR, Role.ADMINISTRATOR):
            permissions.grant(role, "broadcasts.view_alarm")
        permissions.grant(Role.SUPERVISOR, "broadcasts.add_post", "broadcasts.change_post")
