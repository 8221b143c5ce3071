"""From "due" to delivery rows: starting, firing recurring parents, writing the rows.

Every step may run twice, in two processes, at any time: a conditional UPDATE or a unique constraint decides
who did it. Nothing here talks to Zalo; the drain does (``broadcasts.engine``).
"""

import logging
from contextlib import suppress
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from broadcasts import codes, notice_text, recurrence, rendering, tasks
from broadcasts.enums import REACHED, BroadcastState, NoticeState
from broadcasts.hints import hint
from broadcasts.models import Broadcast, Delivery, Notice
from broadcasts.services.audience import recipients
from broadcasts.services.rows import write_rows
from broadcasts.services.transitions import MAX_REASON, move, trace
from groups.models import Group
from portal.clock import database_now
from portal.errors import WrongStateError

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
    if not broadcast.is_repeating:
        return start(broadcast, now)
    child = fire(broadcast, now)
    return child is not None and start(child, now)


def start(broadcast: Broadcast, now: datetime) -> bool:
    """Move one due broadcast to EXPANDING, or to MISSED when it is past its usefulness.

    True for exactly one caller, and only when it was started.
    """
    until = useful_until(broadcast)
    is_missed = until is not None and now > until
    state = BroadcastState.MISSED if is_missed else BroadcastState.EXPANDING
    fields = {"finished_at": now} if is_missed else {"started_at": now, "useful_until": until}
    with transaction.atomic():
        if _notice_has_ended(broadcast):
            _end_unsent(broadcast, BroadcastState.APPROVED, reason=notice_text.ending(broadcast.notice))
            return False
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


def useful_until(broadcast: Broadcast) -> datetime | None:
    """After this moment nothing of it is sent any more: None for a correction, which is never too late."""
    if broadcast.corrects_id is not None:
        return None
    if broadcast.expires_at is not None:
        return broadcast.expires_at
    hours = settings.USEFUL_HOURS_URGENT if broadcast.is_urgent else settings.USEFUL_HOURS_ROUTINE
    return (broadcast.due_at or broadcast.send_at or timezone.now()) + timedelta(hours=hours)


def fire(parent: Broadcast, now: datetime) -> Broadcast | None:
    """Make the child of a recurring parent's latest due hour and move the parent to its next hour.

    Hours missed meanwhile are skipped: after three days without a beat a daily post goes out once, not three
    times. None when another process fired it.
    """
    due = [parent.due_at, *recurrence.firings_between(parent.recurrence, parent.send_at, parent.due_at, now)]
    following = following_hour(parent, due[-1])
    values = {"due_at": following} if following else {"state": BroadcastState.DONE, "finished_at": now}
    with transaction.atomic():
        if _notice_has_ended(parent):
            _end_unsent(parent, BroadcastState.APPROVED, reason=notice_text.ending(parent.notice))
            return None
        changed = Broadcast.objects.filter(
            pk=parent.pk, state=BroadcastState.APPROVED, due_at=parent.due_at
        ).update(version=F("version") + 1, **values)
        if changed != 1:
            return None
        child = _create_child(parent, due_at=due[-1])
        if len(due) > 1:
            trace(None, "broadcasts.broadcast.missed", parent, data={"skipped": len(due) - 1})
    return child


def following_hour(parent: Broadcast, after: datetime) -> datetime | None:
    """When a repeating post fires next after ``after``; None when it has ended or runs out before."""
    following = recurrence.next_firing(parent.recurrence, parent.send_at, after)
    is_over = following is None or (parent.expires_at is not None and following > parent.expires_at)
    return None if is_over else following


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
    now = database_now()
    with transaction.atomic():
        groups = _groups_unless_over(broadcast, now)
        if groups is None:
            return 0
        added = write_rows(broadcast, groups, now=now)
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


def _groups_unless_over(broadcast: Broadcast, now: datetime) -> QuerySet[Group] | None:
    """Its groups, or None when it must not go out any more and was ended instead, with the reason."""
    source = BroadcastState.EXPANDING
    if _notice_has_ended(broadcast):
        _end_unsent(broadcast, source, reason=notice_text.ending(broadcast.notice))
        return None
    if broadcast.useful_until is not None and now > broadcast.useful_until:
        _end_unsent(broadcast, source, to=BroadcastState.MISSED)
        return None
    try:
        return groups_of(broadcast)
    except ValidationError as error:
        # A unit of the rule was abolished meanwhile: nobody can say any more who was meant.
        _end_unsent(broadcast, source, reason=" ".join(error.messages))
        return None


def _notice_has_ended(broadcast: Broadcast) -> bool:
    """Whether what it tells of has ended. Locks the notice: who ends it waits, or is seen here."""
    if broadcast.notice_id is None:
        return False
    broadcast.notice = Notice.objects.select_for_update().get(pk=broadcast.notice_id)
    return broadcast.notice.state == NoticeState.ENDED


def _end_unsent(
    broadcast: Broadcast,
    source: BroadcastState,
    *,
    to: BroadcastState = BroadcastState.CANCELLED,
    reason: str = "",
) -> None:
    """Cancelled or missed by the machine; nothing of it went out."""
    with suppress(WrongStateError):
        move(
            broadcast,
            sources=[source],
            to=to,
            actor=None,
            action=f"broadcasts.broadcast.{to.value}",
            reason=reason[:MAX_REASON],
            finished_at=timezone.now(),
        )


def groups_of(broadcast: Broadcast) -> QuerySet[Group]:
    """Who gets it: the rule's groups; for a correction exactly those that have (or may have) the original.

    Where several posts about one notice were withdrawn together, a group is told once, of the latest it has.
    """
    if broadcast.corrects_id is None:
        return recipients(broadcast.audience, under=broadcast.unit)
    reached = Delivery.objects.filter(broadcast_id=broadcast.corrects_id, state__in=REACHED)
    groups = Group.objects.filter(pk__in=reached.values("group_id"))
    original = broadcast.corrects
    if original.notice_id is None:
        return groups
    later = Delivery.objects.filter(
        broadcast__notice=original.notice_id,
        broadcast__state=BroadcastState.WITHDRAWN,
        broadcast__finished_at=original.finished_at,
        broadcast_id__gt=original.pk,
        state__in=REACHED,
    )
    return groups.exclude(pk__in=later.values("group_id"))


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
