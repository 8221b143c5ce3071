"""What workers do for tips. Safe to lose, double or delay."""

from celery import shared_task


@shared_task(name="tips.erase_expired")
def erase_expired() -> None:
    """Once a day: erase tips whose time is over and files that belong to nothing."""
    from tips.services import retention

    retention.erase_expired()
    retention.remove_orphaned_files()
