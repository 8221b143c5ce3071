"""Application configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DeskConfig(AppConfig):
    """Wiring: imports the other apps, is imported by none."""

    name = "portal.desk"
    label = "desk"
    verbose_name = _("Bàn làm việc")
