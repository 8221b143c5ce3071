"""A broadcast is done when all its rows are final. Asked by the drain that wrote the last, and the sweep."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef

from broadcasts.enums import OPEN, BroadcastState
from broadcasts.models import Broadcast, Delivery
from broadcasts.services.transitions import trace


def finish(broadcast_ids: Iterable[int] | None = None, *, now: datetime) -> None:
    """Close those of ``broadcast_ids`` (or of all) that have no open row left. Safe to run at any time."""
    open_rows = Delivery.objects.filter(broadcast=OuterRef("pk"), state__among=OPEN)
    over = Broadcast.objects.filter(~Exists(open_rows), state=BroadcastState.SENDING)
    if broadcast_ids is not None:
        over = over.filter(pk__in=list(broadcast_ids))
    for broadcast in over.select_related("unit"):
        with transaction.atomic():
            changed = Broadcast.objects.filter(
                ~Exists(open_rows), pk=broadcast.pk, state=BroadcastState.SENDING
            ).update(state=BroadcastState.DONE, finished_at=now, version=F("version") + 1)
            if changed == 1:
                trace(None, "broadcasts.broadcast.done", broadcast)
