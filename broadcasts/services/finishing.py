"""A broadcast is done when all its rows are final, and goes on when one of them gets open again.

Both lock the broadcast before they look at its rows. Whoever waits for that lock asks in a statement of its
own afterwards, so it sees what the other committed: no broadcast ends with an open row.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef

from broadcasts.enums import OPEN, BroadcastState
from broadcasts.models import Broadcast, Delivery
from broadcasts.services.transitions import trace

# Dead letters are shown for as long (see ``dead_letters``): what is older is history.
REPAIRED = timedelta(days=30)
OPEN_ROWS = Delivery.objects.filter(broadcast=OuterRef("pk"), state__among=OPEN)


def finish(broadcast_ids: Iterable[int] | None = None, *, now: datetime) -> None:
    """Close those of ``broadcast_ids`` (or of all) that have no open row left. Safe to run at any time."""
    over = Broadcast.objects.filter(~Exists(OPEN_ROWS), state=BroadcastState.SENDING)
    if broadcast_ids is not None:
        over = over.filter(pk__in=list(broadcast_ids))
    for pk in over.values_list("pk", flat=True):
        with transaction.atomic():
            broadcast = locked(pk)
            changed = Broadcast.objects.filter(
                ~Exists(OPEN_ROWS), pk=pk, state=BroadcastState.SENDING
            ).update(state=BroadcastState.DONE, finished_at=now, version=F("version") + 1)
            if changed == 1:
                trace(None, "broadcasts.broadcast.done", broadcast)


def reopen_all(*, now: datetime) -> None:
    """A broadcast that is done although a row of it is open goes on: otherwise nobody would see the row."""
    recent = Broadcast.objects.filter(state=BroadcastState.DONE, finished_at__gt=now - REPAIRED)
    for pk in recent.filter(Exists(OPEN_ROWS)).values_list("pk", flat=True):
        with transaction.atomic():
            broadcast = locked(pk)
            if broadcast.deliveries.filter(state__among=OPEN).exists():
                reopen(broadcast, actor=None)


def locked(pk: int) -> Broadcast:
    """The broadcast, until the caller's transaction ends; take it before any of its rows."""
    rows = Broadcast.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("unit").get(pk=pk)


def reopen(broadcast: Broadcast, *, actor: Any) -> bool:
    """A ``locked`` broadcast that was done is being sent again; False when it was not done."""
    changed = Broadcast.objects.filter(pk=broadcast.pk, state=BroadcastState.DONE).update(
        state=BroadcastState.SENDING, finished_at=None, version=F("version") + 1
    )
    if changed == 1:
        trace(actor, "broadcasts.broadcast.reopened", broadcast)
    return changed == 1
