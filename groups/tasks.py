"""Periodic work of the directory."""

from celery import shared_task


@shared_task(name="groups.renew_quiet_accounts")
def renew_quiet_accounts() -> None:
    """Once a day: keep the grants of accounts alive that send seldom."""
    from groups.services import tokens  # leaf

    tokens.renew_quiet_accounts()


@shared_task(name="groups.sync_admin_access")
def sync_admin_access() -> None:
    """Once an hour: postings begin and end by the calendar, and the admin opens and closes with them."""
    from groups.services import postings  # leaf

    postings.sync_all_admin_access()
