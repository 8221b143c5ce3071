"""The project itself as an application: its system checks and its own commands."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """Has no models; everything with data lives in the applications below it."""

    name = "portal"
    label = "portal"

    def ready(self) -> None:
        """Register the checks of the configuration."""
        from portal import checks

        checks.register_all()
