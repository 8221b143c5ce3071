"""Accounts: the people who log in."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """The user model, log-in and the second factor."""

    name = "portal.accounts"
    label = "accounts"
    verbose_name = _("Tài khoản")
