"""Application configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from portal.audit import registry

VERBS = ("view", "add", "change", "delete")


class TipsConfig(AppConfig):
    """Registers audited actions, what roles may do in the admin, and the count of answers to a broadcast."""

    name = "tips"
    verbose_name = _("Tin báo")

    def ready(self):
        from broadcasts import responses
        from groups import permissions
        from groups.enums import Role
        from tips import receivers  # noqa: F401 (connects them)
        from tips.audit_actions import ACTIONS
        from tips.querysets import entries_naming
        from tips.responses import responses_to

        registry.register(ACTIONS)
        registry.hide(entries_naming)
        responses.register(responses_to)
        permissions.grant(Role.SUPERVISOR, "tips.view_tip", "tips.change_tip")
        for role in (Role.SUPERVISOR, Role.ADMINISTRATOR):
            permissions.grant(role, *(f"tips.{verb}_answertemplate" for verb in VERBS))
        for role in (Role.SUPERVISOR, Role.ADMINISTRATOR, Role.AUDITOR):
            permissions.grant(role, "tips.view_deadlinerule", "tips.view_retentionrule")
        for name in ("deadlinerule", "retentionrule"):
            permissions.grant(Role.ADMINISTRATOR, f"tips.add_{name}", f"tips.change_{name}")
