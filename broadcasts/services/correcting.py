"""Corrections of what turns out to be in a group only after its post was withdrawn."""

from datetime import datetime

from django.db import transaction

from broadcasts import tasks
from broadcasts.enums import BroadcastState
from broadcasts.hints import hint
from broadcasts.models import Broadcast
from broadcasts.services import finishing
from broadcasts.services.rows import write_rows
from broadcasts.services.sending import groups_of

# Its rows were written before; until then the groups are chosen when they are.
WRITTEN = (BroadcastState.SENDING, BroadcastState.DONE)


def correct_late(broadcast_id: int, *, now: datetime) -> None:
    """Groups that are now known to have this post get its correction too, if it was withdrawn."""
    corrections = Broadcast.objects.filter(corrects=broadcast_id, state__in=WRITTEN)
    correction = corrections.select_related("unit", "corrects").first()
    if correction is not None and complete(correction, now=now):
        hint(tasks.drain)


def complete(correction: Broadcast, *, now: datetime) -> int:
    """Write the rows of ``correction`` that are missing and have it sent on; returns how many."""
    with transaction.atomic():
        added = write_rows(correction, groups_of(correction), now=now)
        if added:
            finishing.reopen(correction, actor=None)
    return added
