"""Periodic work of the directory."""

from celery import shared_task


@shared_task(name="groups.renew_quiet_accounts")
def renew_quiet_accounts() -> None:
    """Once a day: keep the grants of accounts alive that send seldom."""
    from groups.services import tokens  # leaf

    tokens.renew_quiet_accounts()
