from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CryptoConfig(AppConfig):
    """Encryption at rest."""

    name = "portal.crypto"
    label = "crypto"
    verbose_name = _("Mã hóa")
    default_auto_field = "django.db.models.BigAutoField"
