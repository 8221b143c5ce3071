"""Posts that people put into groups: confirmed, taken back, reminded of, handed to somebody else.

A phone may confirm long after the act, and more than once: each key a phone gave is used once, so a
repetition changes nothing, and the moment the person named counts unless it lies ahead.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from broadcasts import permissions, tasks
from broadcasts.enums import POSTABLE, BroadcastState, DeliveryState
from broadcasts.hints import hint
from broadcasts.models import Broadcast, Delivery, Picture, PostingTask, UsedKey
from broadcasts.services import correcting, finishing
from broadcasts.services.settle import require, settle_row
from portal.audit.services import record
from portal.errors import StaleVersionError, WrongStateError
from portal.text import clean

UNDO_FOR = timedelta(minutes=15)
REMIND_AGAIN_AFTER = timedelta(hours=1)
# What takes longer to arrive was made without network.
LATE_AFTER = timedelta(minutes=2)
# A broadcast in one of these may still get a row back.
UNDOABLE = (BroadcastState.SENDING, BroadcastState.PAUSED, BroadcastState.DONE)


def confirm_posted(
    delivery: Delivery,
    *,
    actor: Any,
    proof: Picture | None = None,
    key: str = "",
    made_at: datetime | None = None,
) -> Delivery:
    """A person has posted it in the group, at ``made_at`` (default now). The same person again: no change.

    Raises ``NotAllowedError``, ``WrongStateError``. What was posted just before the post was withdrawn or ran
    out may still be confirmed: a correction then reaches that group too.
    """
    require(permissions.can_confirm_posted(actor, delivery))
    closed = _closed_by_machine(delivery)
    sources = (*POSTABLE, *closed)
    with transaction.atomic():
        past = {"last_error": "", "last_error_code": None}
        _settle(delivery, sources, DeliveryState.POSTED, "posted", actor, key, made_at, proof=proof, **past)
        if closed:
            correcting.correct_late(delivery.broadcast_id, now=timezone.now())
    return delivery


def skip(
    delivery: Delivery, *, actor: Any, reason: str, key: str = "", made_at: datetime | None = None
) -> Delivery:
    """Nobody will post it in this group, and this is why. The same person again: no change."""
    require(permissions.can_confirm_posted(actor, delivery))
    reason = clean(reason or "")
    if not reason:
        raise ValidationError({"reason": _("Xin nêu lý do bỏ qua nhóm này.")})
    return _settle(
        delivery, POSTABLE, DeliveryState.SKIPPED, "skipped", actor, key, made_at, reason=reason[:300]
    )


def undo(delivery: Delivery, *, actor: Any) -> Delivery:
    """Take back one's own confirmation within ``UNDO_FOR``: the row waits to be posted again.

    Raises ``WrongStateError`` later than that, for somebody else's, and once the post was withdrawn.
    """
    require(permissions.can_confirm_posted(actor, delivery))
    now = timezone.now()
    live = Broadcast.objects.filter(pk=OuterRef("broadcast"), state__in=UNDOABLE)
    with transaction.atomic():
        broadcast = finishing.locked(delivery.broadcast_id)
        settle_row(
            delivery,
            sources=(DeliveryState.POSTED, DeliveryState.SKIPPED),
            only=Q(Exists(live), settled_by=actor, updated_at__gt=now - UNDO_FOR),
            to=DeliveryState.OVERDUE if delivery.due_at and delivery.due_at <= now else DeliveryState.TO_POST,
            actor=actor,
            action="broadcasts.delivery.reopened",
            settled_by=None,
            settled_at=None,
            proof=None,
            reason="",
        )
        PostingTask.objects.filter(delivery=delivery).update(received_at=None)
        # Its last row was final for a moment.
        finishing.reopen(broadcast, actor=actor)
    return delivery


def can_undo(user: Any, delivery: Delivery, *, now: datetime | None = None) -> bool:
    """Whether ``undo`` would take this row back for ``user``."""
    settled = delivery.state in (DeliveryState.POSTED, DeliveryState.SKIPPED)
    is_live = delivery.broadcast.state in UNDOABLE
    recent = delivery.updated_at > (now or timezone.now()) - UNDO_FOR
    return settled and is_live and recent and delivery.settled_by_id == user.pk


def remind(deliveries: Iterable[Delivery], *, actor: Any) -> list[Delivery]:
    """Remind whoever is to post these rows, at most once an hour each; returns the rows reminded of.

    They see it with the post; who has an e-mail address gets a mail as well.
    """
    now, reminded = timezone.now(), []
    for delivery in deliveries:
        require(permissions.can_lead_posting(actor, delivery))
        if _mark_reminded(delivery, actor, now):
            reminded.append(delivery)
    if reminded:
        hint(tasks.mail_posters, [delivery.pk for delivery in reminded])
    return reminded


def hand_over(delivery: Delivery, *, to: Any, actor: Any, seen: int | None) -> Delivery:
    """Somebody else posts it; ``seen`` is the key of the person it was handed to when the chief looked.

    Handing it to the same person again changes nothing. Raises ``ValidationError`` when ``to`` does not serve
    there, ``WrongStateError`` when it was posted meanwhile, ``StaleVersionError`` when somebody was faster.
    """
    require(permissions.can_lead_posting(actor, delivery))
    if not permissions.can_take_posting(to, delivery.group.unit):
        raise ValidationError({"assignee": _("Người nhận phải đang làm việc hoặc giúp đăng bài ở đây.")})
    now = timezone.now()
    with transaction.atomic():
        # The row is the lock: who confirms it now waits, or was first.
        if not Delivery.objects.filter(pk=delivery.pk, state__in=POSTABLE).update(updated_at=now):
            raise WrongStateError
        task, _created = PostingTask.objects.get_or_create(delivery=delivery)
        if task.assignee_id == to.pk:
            return delivery
        if task.assignee_id != seen:
            raise StaleVersionError
        PostingTask.objects.filter(pk=task.pk).update(
            assignee=to, assigned_at=now, reminded_at=None, mail_wanted_at=now
        )
        data = {"code": delivery.broadcast.code, "group": delivery.group_id, "to": to.username}
        _trace(actor, "broadcasts.delivery.handed_over", delivery, data)
    hint(tasks.mail_posters, [delivery.pk])
    return delivery


def _settle(
    delivery: Delivery,
    sources: Iterable[DeliveryState],
    to: DeliveryState,
    verb: str,
    actor: Any,
    key: str,
    made_at: datetime | None,
    **fields: Any,
) -> Delivery:
    """Move the row, use up the key, keep lateness; a repetition of one's own act answers as the act did."""
    now = timezone.now()
    at = min(max(made_at or now, delivery.created_at), now)
    try:
        with transaction.atomic():
            settle_row(
                delivery,
                sources=sources,
                to=to,
                actor=actor,
                action=f"broadcasts.delivery.{verb}",
                data={"made_at": at.isoformat()} if now - at > LATE_AFTER else {},
                settled_by=actor,
                settled_at=at,
                **fields,
            )
            if key and not UsedKey.objects.get_or_create(delivery=delivery, key=key)[1]:
                raise WrongStateError(_("Xác nhận này đã được hoàn tác trước đó."))
            if now - at > LATE_AFTER:
                PostingTask.objects.update_or_create(delivery=delivery, defaults={"received_at": now})
    except WrongStateError as error:
        delivery.refresh_from_db(fields=["state", "settled_by", "settled_at", "reason", "updated_at"])
        if delivery.state == to and delivery.settled_by_id == actor.pk:
            return delivery
        raise _told(delivery, error) from error
    return delivery


def _told(delivery: Delivery, error: WrongStateError) -> WrongStateError:
    """The same error; when somebody else was first it says who, what and when."""
    if delivery.settled_by is None:
        return error
    words = {
        "who": delivery.settled_by.display_name,
        "state": delivery.get_state_display().lower(),
        "at": date_format(timezone.localtime(delivery.settled_at), "H:i d/m"),
    }
    return WrongStateError(_("%(who)s đã xác nhận nhóm này lúc %(at)s: %(state)s.") % words)


def _closed_by_machine(delivery: Delivery) -> tuple[DeliveryState, ...]:
    """States from which a post that a person did make may still be confirmed: nobody closed it by hand."""
    if delivery.account_id is not None or delivery.settled_by_id is not None:
        return ()
    broadcast = Broadcast.objects.filter(pk=delivery.broadcast_id)
    if broadcast.filter(state=BroadcastState.WITHDRAWN).exists():
        return (DeliveryState.SKIPPED,)
    if broadcast.filter(expires_at__lte=timezone.now()).exists():
        return (DeliveryState.REFUSED,)
    return ()


def _mark_reminded(delivery: Delivery, actor: Any, now: datetime) -> bool:
    """Whether the row still waits and nobody reminded of it within the hour."""
    due = Q(reminded_at=None) | Q(reminded_at__lte=now - REMIND_AGAIN_AFTER)
    waiting = Delivery.objects.filter(pk=OuterRef("pk"), state__in=POSTABLE)
    with transaction.atomic():
        PostingTask.objects.get_or_create(delivery=delivery)
        changed = PostingTask.objects.filter(due, Exists(waiting), pk=delivery.pk).update(
            reminded_at=now, mail_wanted_at=now
        )
        if changed:
            data = {"code": delivery.broadcast.code, "group": delivery.group_id}
            _trace(actor, "broadcasts.delivery.reminded", delivery, data)
    return changed == 1


def _trace(actor: Any, action: str, delivery: Delivery, data: dict[str, Any]) -> None:
    record(actor, action, delivery, unit_path=delivery.group.unit.path, data=data)
