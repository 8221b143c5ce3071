"""The one way a broadcast changes its state: a conditional UPDATE that decides, and one audit entry."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from broadcasts.enums import BroadcastState
from broadcasts.models import Broadcast
from portal.audit.services import record
from portal.errors import StaleVersionError, WrongStateError

MAX_REASON = 500


def move(
    broadcast: Broadcast,
    *,
    to: BroadcastState,
    sources: Iterable[BroadcastState],
    actor: Any,
    action: str,
    data: dict[str, Any] | None = None,
    seen_version: int | None = None,
    only: Q | None = None,
    **fields: Any,
) -> Broadcast:
    """Move ``broadcast`` from one of ``sources``, while ``only`` holds, to ``to``; record ``action``.

    Raises ``WrongStateError`` when another process or person was faster, ``StaleVersionError`` when it is no
    longer the ``seen_version``. Refreshes the caller's object.
    """
    with transaction.atomic():
        rows = Broadcast.objects.filter(only or Q(), pk=broadcast.pk, state__in=tuple(sources))
        seen = rows if seen_version is None else rows.filter(version=seen_version)
        changed = seen.update(state=to, version=F("version") + 1, **fields)
        if changed != 1:
            raise StaleVersionError if rows.exists() else WrongStateError
        broadcast.refresh_from_db(fields=["state", "version", *fields])
        trace(actor, action, broadcast, data=data)
    return broadcast


def trace(actor: Any, action: str, broadcast: Broadcast, *, data: dict[str, Any] | None = None) -> None:
    """Record ``action``; the entry names the code, never the text."""
    record(
        actor,
        action,
        broadcast,
        unit_path=broadcast.unit.path,
        data={"code": broadcast.code, **(data or {})},
    )
