"""News from Zalo for the apps above: they connect, nobody here knows them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.dispatch import Signal

from groups.models import OfficialAccount


@dataclass(frozen=True)
class News:
    """One event whose signature was checked. ``account`` is None for an account nobody connected.

    ``name`` is Zalo's, with aliases resolved; ``body`` is as it came, of any shape. Neither is for a log.
    """

    name: str
    account: OfficialAccount | None
    sent_at: datetime
    body: dict[str, Any] = field(repr=False)


# ``zalo_event.send(sender=ZaloEvent, news=News(...))``, in the transaction that marks the event as done: a
# receiver writes to the database only. What it raises undoes everything, and the event is tried again later.
zalo_event = Signal()
