"""Application configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SiteConfig(AppConfig):
    """Wiring: imports the other apps, is imported by none."""

    name = "portal.site"
    label = "site"
    verbose_name = _("Trang công khai")
