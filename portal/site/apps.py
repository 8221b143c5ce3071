"""Application configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from portal.audit import registry


class SiteConfig(AppConfig):
    """Wiring: imports the other apps, is imported by none."""

    name = "portal.site"
    label = "site"
    verbose_name = _("Trang công khai")

    def ready(self):
        from groups import permissions
        from groups.enums import Role
        from portal.site.audit_actions import ACTIONS
        from portal.site.published import procedure_pages
        from tips import procedures

        registry.register(ACTIONS)
        procedures.register(procedure_pages)
        seen = ("site.view_procedure", "site.view_contact")
        written = [
            f"site.{verb}_{model}"
            for verb in ("add", "change", "delete")
            for model in ("procedure", "contact")
        ]
        permissions.grant(Role.ADMINISTRATOR, *seen, *written)
        permissions.grant(Role.SUPERVISOR, *seen, "site.add_contact", "site.change_contact")
        permissions.grant(Role.AUDITOR, *seen)
