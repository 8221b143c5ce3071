"""Periodic work of accounts."""

from celery import shared_task


@shared_task(name="accounts.forget_past_logins")
def forget_past_logins() -> None:
    """Once a day: forget where failed log-ins came from, and sessions that have ended."""
    from portal.accounts import services

    services.forget_past_logins()
