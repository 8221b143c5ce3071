"""The project itself as an application: its system checks and its own commands."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """Has no models; everything with data lives in the applications below it."""

    name = "portal"
    label = "portal"

    def ready(self) -> None:
        """Register the checks, and the Celery application that every ``shared_task`` belongs to."""
        from portal import celery, checks  # noqa: F401

        checks.register_all()
