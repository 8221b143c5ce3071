"""From "due" to delivery rows: starting, firing recurring parents, writing the rows.

Every step may run twice, in two processes, at any time: a conditional UPDATE or a unique constraint decides
who did it. Nothing here talks to Zalo; the drain does (``broadcasts.engine``).
"""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from broadcasts import codes, recurrence, rendering, tasks
from broadcasts.enums import REACHED, BroadcastState
from broadcasts.hints import hint
from broadcasts.models import Broadcast, Delivery
from broadcasts.services.audience import recipients
from broadcasts.services.rows import write_rows
from broadcasts.services.transitions import trace
from groups.models import Group

logger = logging.getLogger(__name__)

# A start within this time of its hour counts as punctual.
PUNCTUAL = timedelta(seconds=60)


def start_due(now: datetime) -> int:
    """Start every due broadcast and fire every due recurring parent; returns how many were started.

    One that cannot be started is logged and must not keep the others waiting.
    """
    started = 0
    for broadcast in Broadcast.objects.due(now).select_related("unit").order_by("due_at", "pk"):
        try:
            started += _start_or_fire(broadcast, now)
        except Exception:
            logger.exception("broadcast_not_started: %s", broadcast.code)
    return started


def _start_or_fire(broadcast: Broadcast, now: datetime) -> bool:
    if not broadcast.recurrence or broadcast.parent_id is not None:
        return start(broadcast, now)
    child = fire(broadcast, now)
    return child is not None and start(child, now)


def start(broadcast: Broadcast, now: datetime) -> bool:
    """Move one due broadcast to EXPANDING, or to MISSED when it is past its usefulness.

    True for exactly one caller, and only when it was started.
    """
    is_missed = now > useful_until(broadcast)
    state = BroadcastState.MISSED if is_missed else BroadcastState.EXPANDING
    fields = {"finished_at": now} if is_missed else {"started_at": now}
    with transaction.atomic():
        changed = Broadcast.objects.filter(
            pk=broadcast.pk, state=BroadcastState.APPROVED, due_at=broadcast.due_at
        ).update(state=state, is_late=now > broadcast.due_at + PUNCTUAL, version=F("version") + 1, **fields)
        if changed != 1:
            return False
        action = "broadcasts.broadcast.missed" if is_missed else "broadcasts.broadcast.started"
        trace(None, action, broadcast)
    if not is_missed:
        hint(tasks.expand, broadcast.pk)
    return not is_missed


def useful_until(broadcast: Broadcast) -> datetime:
    """After this moment a broadcast that has not started is missed, never sent."""
    if broadcast.expires_at is not None:
        return broadcast.expires_at
    hours = settings.USEFUL_HOURS_URGENT if broadcast.is_urgent else settings.USEFUL_HOURS_ROUTINE
    return broadcast.due_at + timedelta(hours=hours)


def fire(parent: Broadcast, now: datetime) -> Broadcast | None:
    """Make the child of a recurring parent's latest due hour and move the parent to its next hour.

    Hours missed meanwhile are skipped: after three days without a beat a daily post goes out once, not three
    times. None when another process fired it.
    """
    due = [parent.due_at, *recurrence.firings_between(parent.recurrence, parent.send_at, parent.due_at, now)]
    following = recurrence.next_firing(parent.recurrence, parent.send_at, due[-1])
    if following is not None and parent.expires_at is not None and following > parent.expires_at:
        following = None
    values = {"due_at": following} if following else {"state": BroadcastState.DONE, "finished_at": now}
    with transaction.atomic():
        changed = Broadcast.objects.filter(
            pk=parent.pk, state=BroadcastState.APPROVED, due_at=parent.due_at
        ).update(version=F("version") + 1, **values)
        if changed != 1:
            return None
        child = _create_child(parent, due_at=due[-1])
        if len(due) > 1:
            trace(None, "broadcasts.broadcast.missed", parent, data={"skipped": len(due) - 1})
    return child


def expand(broadcast_id: int) -> int:
    """Write the delivery rows of a started broadcast; returns how many were added.

    The text is frozen first, so every group gets the same. Running it again adds nothing but what is missing.
    """
    broadcast = (
        Broadcast.objects.select_related("unit", "corrects")
        .filter(pk=broadcast_id, state=BroadcastState.EXPANDING)
        .first()
    )
    if broadcast is None:
        return 0
    text = broadcast.text or rendering.compose(broadcast.title, broadcast.body, broadcast.code)
    Broadcast.objects.filter(pk=broadcast.pk, text="").update(text=text)
    with transaction.atomic():
        added = write_rows(broadcast, groups_of(broadcast), now=timezone.now())
        changed = Broadcast.objects.filter(pk=broadcast.pk, state=BroadcastState.EXPANDING).update(
            state=BroadcastState.SENDING, version=F("version") + 1
        )
        if changed != 1:
            # Stopped, or expanded by another process, while the rows were being written.
            transaction.set_rollback(True)
            return 0
        trace(None, "broadcasts.broadcast.expanded", broadcast, data={"rows": added})
    hint(tasks.drain)
    return added


def groups_of(broadcast: Broadcast) -> QuerySet[Group]:
    """Who gets it: the rule's groups; for a correction exactly those that have (or may have) the original."""
    if broadcast.corrects_id is None:
        return recipients(broadcast.audience, under=broadcast.unit)
    reached = Delivery.objects.filter(broadcast_id=broadcast.corrects_id, state__in=REACHED)
    return Group.objects.filter(pk__in=reached.values("group_id"))


def _create_child(parent: Broadcast, *, due_at: datetime) -> Broadcast:
    return Broadcast.objects.create(
        code=codes.next_code(codes.BROADCAST),
        kind=parent.kind,
        title=parent.title,
        body=parent.body,
        urgency=parent.urgency,
        unit=parent.unit,
        audience=parent.audience,
        picture_id=parent.picture_id,
        notice_id=parent.notice_id,
        post_id=parent.post_id,
        expires_at=parent.expires_at,
        parent=parent,
        author_id=parent.author_id,
        approver_id=parent.approver_id,
        approved_at=parent.approved_at,
        state=BroadcastState.APPROVED,
        due_at=due_at,
    )
