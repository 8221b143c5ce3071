"""Application configuration: the system checks of the keys."""

from django.apps import AppConfig
from django.core.checks import Tags, register
from django.utils.translation import gettext_lazy as _


class CryptoConfig(AppConfig):
    """Encryption at rest."""

    name = "portal.crypto"
    label = "crypto"
    verbose_name = _("Mã hóa")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the checks of the keys."""
        from portal.crypto import checks

        register(checks.check_field_keys, Tags.security)
        register(checks.check_identity_keys, Tags.security)
        register(checks.check_stored_keys, Tags.database)
