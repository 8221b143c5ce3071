"""What people say about a row: seen in the group, send again. What they post themselves: ``posting``.

Each is one conditional UPDATE: a row that a worker, an echo or a colleague moved meanwhile is not touched,
and the person is told to look again.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Least
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from broadcasts import permissions, tasks
from broadcasts.enums import SUSPECT_CRASHES, BroadcastState, DeliveryState
from broadcasts.hints import hint
from broadcasts.models import Broadcast, Delivery
from portal.audit.services import record
from portal.clock import database_now
from portal.errors import NotAllowedError, WrongStateError

# While a broadcast is in one of these, its rows may still go out.
LIVE = (BroadcastState.SENDING, BroadcastState.PAUSED)


def confirm_seen(delivery: Delivery, *, actor: Any) -> Delivery:
    """An officer has looked into the group and the post is there: an unknown outcome is settled."""
    require(permissions.can_confirm_seen(actor, delivery))
    return settle_row(
        delivery,
        sources=[DeliveryState.UNKNOWN],
        to=DeliveryState.SENT,
        actor=actor,
        action="broadcasts.delivery.seen",
        claim="",
        last_error="",
        settled_by=actor,
        settled_at=timezone.now(),
    )


def resend(delivery: Delivery, *, actor: Any) -> Delivery:
    """An officer has looked and the post is not there: it goes out again.

    Only while its broadcast is being sent: a withdrawn post stays withdrawn, and what is past its use is sent
    into no group any more.
    """
    require(permissions.can_resend(actor, delivery))
    broadcast = Broadcast.objects.filter(pk=delivery.broadcast_id, state__in=LIVE).first()
    if broadcast is None:
        raise WrongStateError
    now = database_now()
    require_use(broadcast, now)
    settle_row(
        delivery,
        sources=[DeliveryState.UNKNOWN],
        to=DeliveryState.WAITING,
        actor=actor,
        action="broadcasts.delivery.resent",
        claim="",
        attempts=0,
        crashes=Least("crashes", SUSPECT_CRASHES),
        reads=0,
        clean_since=None,
        unknown_at=None,
        next_attempt_at=now,
    )
    hint(tasks.drain)
    return delivery


def is_past_use(broadcast: Broadcast, now: datetime) -> bool:
    """Whether nothing of it is sent any more."""
    return any(end is not None and end <= now for end in (broadcast.expires_at, broadcast.useful_until))


def require_use(broadcast: Broadcast, now: datetime) -> None:
    """Raise ``WrongStateError``, with the hour, when it is past its use."""
    if is_past_use(broadcast, now):
        ends = [end for end in (broadcast.expires_at, broadcast.useful_until) if end is not None]
        at = date_format(timezone.localtime(min(ends)), "H:i d/m/Y")
        raise WrongStateError(_("Bài đã hết giá trị lúc %(at)s, không gửi lại được.") % {"at": at})


def settle_row(
    delivery: Delivery,
    *,
    sources: Iterable[DeliveryState],
    to: DeliveryState,
    actor: Any,
    action: str,
    only: Q | None = None,
    data: dict[str, Any] | None = None,
    **fields: Any,
) -> Delivery:
    """Move ``delivery`` from one of ``sources``, while ``only`` holds, to ``to``; record ``action``."""
    with transaction.atomic():
        rows = Delivery.objects.filter(only or Q(), pk=delivery.pk, state__in=tuple(sources))
        changed = rows.update(state=to, updated_at=timezone.now(), **fields)
        if changed != 1:
            raise WrongStateError
        data = {"code": delivery.broadcast.code, "group": delivery.group_id, **(data or {})}
        record(actor, action, delivery, unit_path=delivery.group.unit.path, data=data)
    delivery.refresh_from_db(fields=["state", "updated_at", *fields])
    return delivery


def require(is_allowed: bool) -> None:
    """Raise ``NotAllowedError`` unless it is."""
    if not is_allowed:
        raise NotAllowedError
