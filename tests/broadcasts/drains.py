"""The engine run on the connection of the test, and what it left behind."""

from typing import Any

from django.db import connections
from django.utils import timezone

from broadcasts.engine import outcomes, store
from broadcasts.engine.database import DatabaseThread
from broadcasts.engine.drain import Report, drain
from broadcasts.models import Broadcast, Mailbox


def drain_here(*, seconds: float, **options: Any) -> Report:
    """One drain inside the test's own transaction."""
    connection = connections["default"]
    connection.inc_thread_sharing()
    try:
        return drain(**{"seconds": seconds, "database": DatabaseThread(shared=connection)} | options)
    finally:
        connection.dec_thread_sharing()


def states(broadcast: Broadcast) -> list[str]:
    return sorted(broadcast.deliveries.values_list("state", flat=True))


def claim_as(owner: str) -> list[outcomes.Call]:
    """Up to three rows of the only mailbox, claimed by a holder of its lease."""
    mailbox = Mailbox.objects.get()
    Mailbox.objects.update(lease_owner=owner)
    calls, held = store.claim(
        owner, [(mailbox.pk, mailbox.account_id, 3)], {mailbox.pk: {}}, now=timezone.now()
    )
    assert held == {mailbox.pk}
    return calls
