"""Accounts: the people who log in."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from portal.audit import registry


class AccountsConfig(AppConfig):
    """The user model, log-in and the second factor."""

    name = "portal.accounts"
    label = "accounts"
    verbose_name = _("Tài khoản")

    def ready(self) -> None:
        """Register the audited actions and write one of them at each log-in."""
        from django.contrib.auth.signals import user_logged_in

        from portal.accounts.audit_actions import ACTIONS
        from portal.accounts.services import record_login

        registry.register(ACTIONS)
        user_logged_in.connect(record_login, dispatch_uid="accounts.record_login")
