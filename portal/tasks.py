"""Tasks of the project itself."""

from celery import shared_task


@shared_task(name="portal.heartbeat")
def heartbeat() -> None:
    """Note that beat, broker and worker are alive."""
    from portal import heartbeat as clock

    clock.note()
