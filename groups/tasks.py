"""Periodic work of the directory."""

from celery import shared_task
from django.contrib.auth import get_user_model


@shared_task(name="groups.renew_tokens")
def renew_tokens() -> None:
    """Every quarter of an hour: renew tokens at half of their life, also of accounts that send seldom."""
    from groups.services import tokens  # leaf

    tokens.renew_ahead()


@shared_task(name="groups.sync_admin_access")
def sync_admin_access() -> None:
    """Once an hour: postings begin and end by the calendar, and the admin opens and closes with them."""
    from groups.services import postings  # leaf

    postings.sync_all_admin_access()


@shared_task(name="groups.process_events")
def process_events() -> None:
    """Every 15 s, and a second after an event came: do what Zalo's events ask for."""
    from groups.services import inbox  # leaf

    inbox.process_due()


@shared_task(name="groups.forget_events")
def forget_events() -> None:
    """Once a day: forget the events that are long done."""
    from groups.services import inbox  # leaf

    inbox.forget_old()


@shared_task(name="groups.sync_groups")
def sync_groups() -> None:
    """At night, every ten minutes: read the groups of the accounts whose turn it is."""
    from groups.services import sync  # leaf

    sync.sync_due()


@shared_task(name="groups.sync_account")
def sync_account(account_id: int, user_id: int | None = None) -> None:
    """Read one account's groups, because ``user_id`` asked for it."""
    from groups.services import sync  # leaf

    user = get_user_model().objects.filter(pk=user_id).first()
    sync.sync_accounts([account_id], seconds=sync.ASKED_SECONDS, by=user)
