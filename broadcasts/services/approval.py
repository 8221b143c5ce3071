"""Judging a broadcast and stopping it: submit, approve, return, reject, cancel, pause, resume, withdraw."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from broadcasts import codes, permissions, recurrence, rendering, tasks
from broadcasts.enums import (
    CANCELLABLE,
    EDITABLE,
    NOT_OUT_YET,
    PAUSABLE,
    WITHDRAWABLE,
    BroadcastState,
    DeliveryState,
    NoticeState,
    PostKind,
    Urgency,
)
from broadcasts.hints import hint
from broadcasts.models import Broadcast, Delivery
from broadcasts.services import notice_states, sending
from broadcasts.services.duplicates import require_no_duplicate, take_turn
from broadcasts.services.transitions import MAX_REASON, move
from portal.errors import NotAllowedError, WrongStateError
from portal.text import clean


def submit_broadcast(broadcast: Broadcast, *, actor: Any, confirm_duplicate: bool = False) -> Broadcast:
    """The author hands it to the chief. Raises ``ValidationError`` when its hour is already past use.

    Raises ``DuplicateError`` when some of its groups get the same words twice in a day, unless
    ``confirm_duplicate`` says that this is meant.
    """
    _require(permissions.can_edit(actor, broadcast))
    _require_live_notice(broadcast)
    _require_useful_hour(broadcast)
    if broadcast.state in EDITABLE:
        require_no_duplicate(broadcast, is_confirmed=confirm_duplicate)
    return move(
        broadcast,
        sources=EDITABLE,
        to=BroadcastState.SUBMITTED,
        actor=actor,
        action="broadcasts.broadcast.submitted",
        submitted_at=timezone.now(),
        reason="",
    )


def approve_broadcast(
    broadcast: Broadcast, *, actor: Any, version: int | None = None, confirm_duplicate: bool = False
) -> Broadcast:
    """A chief who did not write it lets it go out, at ``send_at`` or at once; its notice becomes active.

    ``version`` is the one the chief read. Raises ``NotAllowedError`` (the author too), ``WrongStateError``,
    ``StaleVersionError`` when it was changed and submitted again meanwhile, ``DuplicateError`` like
    ``submit_broadcast``.
    """
    _require(permissions.can_approve(actor, broadcast))
    _require_live_notice(broadcast)
    now = timezone.now()
    with transaction.atomic():
        take_turn(broadcast.unit)
        if broadcast.state == BroadcastState.SUBMITTED:
            require_no_duplicate(broadcast, is_confirmed=confirm_duplicate)
        move(
            broadcast,
            sources=[BroadcastState.SUBMITTED],
            to=BroadcastState.APPROVED,
            actor=actor,
            action="broadcasts.broadcast.approved",
            seen_version=version,
            approver=actor,
            approved_at=now,
            due_at=first_due_at(broadcast, now),
        )
        notice_states.activate(broadcast, actor=actor)
    hint(tasks.start_due_broadcasts)
    return broadcast


def return_broadcast(broadcast: Broadcast, *, actor: Any, reason: str) -> Broadcast:
    """The chief sends it back with a reason; the author may change and submit it again."""
    _require(permissions.can_decide(actor, broadcast))
    return move(
        broadcast,
        sources=[BroadcastState.SUBMITTED],
        to=BroadcastState.RETURNED,
        actor=actor,
        action="broadcasts.broadcast.returned",
        reason=required_reason(reason),
    )


def reject_broadcast(broadcast: Broadcast, *, actor: Any, reason: str) -> Broadcast:
    """The chief turns it down for good."""
    _require(permissions.can_decide(actor, broadcast))
    return move(
        broadcast,
        sources=[BroadcastState.SUBMITTED],
        to=BroadcastState.REJECTED,
        actor=actor,
        action="broadcasts.broadcast.rejected",
        reason=required_reason(reason),
    )


def cancel_broadcast(broadcast: Broadcast, *, actor: Any, reason: str = "") -> Broadcast:
    """Nothing has gone out yet, and nothing will; also ends the repeating of a recurring one.

    A post that was paused before its hour can be cancelled too.

    A notice that only this post was about is a draft again.
    """
    _require(permissions.can_stop(actor, broadcast))
    with transaction.atomic():
        move(
            broadcast,
            sources=(*CANCELLABLE, BroadcastState.PAUSED),
            only=~Q(state=BroadcastState.PAUSED) | Q(paused_from=BroadcastState.APPROVED),
            to=BroadcastState.CANCELLED,
            actor=actor,
            action="broadcasts.broadcast.cancelled",
            reason=clean(reason)[:MAX_REASON],
            finished_at=timezone.now(),
        )
        notice_states.back_to_draft(broadcast, actor=actor)
    return broadcast


def discard_broadcast(broadcast: Broadcast, *, actor: Any) -> Broadcast:
    """The author throws a draft away, or one that was returned: cancelled before anybody approved it."""
    _require(permissions.can_edit(actor, broadcast))
    return move(
        broadcast,
        sources=EDITABLE,
        to=BroadcastState.CANCELLED,
        actor=actor,
        action="broadcasts.broadcast.discarded",
        reason=_("Người soạn bỏ bản nháp."),
        finished_at=timezone.now(),
    )


def pause_broadcast(broadcast: Broadcast, *, actor: Any, reason: str = "") -> Broadcast:
    """No further group gets it until it is resumed; calls already on their way end as they end."""
    _require(permissions.can_stop(actor, broadcast))
    if broadcast.state not in PAUSABLE:
        raise WrongStateError
    return move(
        broadcast,
        sources=[broadcast.state],
        to=BroadcastState.PAUSED,
        actor=actor,
        action="broadcasts.broadcast.paused",
        paused_from=broadcast.state,
        reason=clean(reason)[:MAX_REASON],
    )


def resume_broadcast(broadcast: Broadcast, *, actor: Any, skip_missed: bool = False) -> Broadcast:
    """Go on from where it was paused: waiting for its hour, or sending.

    ``skip_missed``: a repeating one whose hour passed meanwhile waits for its next hour.
    """
    _require(permissions.can_decide(actor, broadcast))
    _require_live_notice(broadcast)
    was_sending = broadcast.paused_from != BroadcastState.APPROVED
    fields: dict[str, Any] = {"to": BroadcastState.SENDING if was_sending else BroadcastState.APPROVED}
    if skip_missed and has_missed_hour(broadcast, timezone.now()):
        fields |= _from_next_hour(broadcast, timezone.now())
    move(
        broadcast,
        sources=[BroadcastState.PAUSED],
        only=Q(paused_from=broadcast.paused_from),
        actor=actor,
        action="broadcasts.broadcast.resumed",
        paused_from="",
        reason="",
        **fields,
    )
    hint(tasks.drain if was_sending else tasks.start_due_broadcasts)
    return broadcast


def has_missed_hour(broadcast: Broadcast, now: datetime) -> bool:
    """Whether a repeating post was paused over an hour of it, which resuming would make up for at once."""
    paused = broadcast.state == BroadcastState.PAUSED and broadcast.is_repeating
    return paused and broadcast.due_at is not None and broadcast.due_at <= now


def _from_next_hour(broadcast: Broadcast, now: datetime) -> dict[str, Any]:
    """Wait for the first hour after ``now``; one that has none left is done."""
    following = sending.following_hour(broadcast, now)
    if following is None:
        return {"to": BroadcastState.DONE, "finished_at": now}
    return {"due_at": following, "data": {"skipped_until": following.isoformat()}}


def withdraw_broadcast(
    broadcast: Broadcast, *, actor: Any, reason: str, now: datetime | None = None
) -> Broadcast:
    """Take a post back: what is not out yet is skipped, and the groups that have it get a correction at once.

    The correction is a child broadcast that names the original's code. It needs no second person: it is
    the chief's own act, and it only says that something no longer holds. Posts withdrawn with one ``now``
    tell a group once, about the latest it has. Raises ``ValidationError`` on ``reason``, ``NotAllowedError``,
    ``WrongStateError`` (a recurring one too, which is never sent itself).
    """
    _require(permissions.can_decide(actor, broadcast))
    if broadcast.is_repeating:
        raise WrongStateError(_("Bài lặp lại không gửi trực tiếp. Xin thu hồi từng lần gửi."))
    reason = required_reason(reason)
    now = now or timezone.now()
    with transaction.atomic():
        move(
            broadcast,
            sources=WITHDRAWABLE,
            to=BroadcastState.WITHDRAWN,
            actor=actor,
            action="broadcasts.broadcast.withdrawn",
            reason=reason,
            finished_at=now,
        )
        Delivery.objects.filter(broadcast=broadcast, state__in=NOT_OUT_YET).update(
            state=DeliveryState.SKIPPED,
            reason=_("Bài đã được thu hồi."),
            settled_at=now,
            updated_at=now,
        )
        _create_correction(broadcast, actor=actor, reason=reason, now=now)
        notice_states.end_as_withdrawn(broadcast, actor=actor)
    hint(tasks.start_due_broadcasts)
    return broadcast


def correction_body(broadcast: Broadcast, reason: str) -> str:
    """What members of the groups that have the original read."""
    return _(
        "Bài “%(title)s” (mã %(code)s) đã được thu hồi. Lý do: %(reason)s\n"
        "Đề nghị bà con không chia sẻ tiếp bài này. Xin cảm ơn bà con."
    ) % {"title": broadcast.title, "code": broadcast.code, "reason": reason}


def required_reason(reason: str) -> str:
    """The reason, cleaned. Raises ``ValidationError`` on ``reason`` for an empty or overlong one."""
    reason = clean(reason or "")
    if not reason:
        raise ValidationError({"reason": _("Xin nêu lý do.")})
    if len(reason) > MAX_REASON:
        raise ValidationError({"reason": _("Lý do không quá 500 ký tự.")})
    return reason


def first_due_at(broadcast: Broadcast, now: datetime) -> datetime:
    """When an approved broadcast goes out first."""
    if broadcast.recurrence and broadcast.send_at:
        return recurrence.first_firing(broadcast.recurrence, broadcast.send_at)
    return broadcast.send_at or now


def _create_correction(broadcast: Broadcast, *, actor: Any, reason: str, now: datetime) -> Broadcast:
    body = correction_body(broadcast, reason)
    excess = -rendering.room_left(_("ĐÍNH CHÍNH"), body)
    if excess > 0:
        raise ValidationError({"reason": _("Lý do dài quá %(excess)d ký tự.") % {"excess": excess}})
    return Broadcast.objects.create(
        code=codes.next_code(codes.BROADCAST),
        kind=PostKind.CORRECTION,
        title=_("ĐÍNH CHÍNH"),
        body=body,
        urgency=Urgency.URGENT,
        unit=broadcast.unit,
        audience=broadcast.audience,
        corrects=broadcast,
        author=actor,
        state=BroadcastState.APPROVED,
        approved_at=now,
        due_at=now,
    )


def _require(is_allowed: bool) -> None:
    if not is_allowed:
        raise NotAllowedError


def _require_useful_hour(broadcast: Broadcast) -> None:
    if broadcast.recurrence or (broadcast.send_at is None and broadcast.expires_at is None):
        return
    until = sending.useful_until(broadcast)
    if until is not None and until <= timezone.now():
        field = "expires_at" if broadcast.send_at is None else "send_at"
        message = _("Giờ gửi đã qua, bài không còn kịp hữu ích. Xin sửa giờ gửi hoặc giờ hết giá trị.")
        raise ValidationError({field: message})


def _require_live_notice(broadcast: Broadcast) -> None:
    """A post about a notice that has ended must not go out any more."""
    if broadcast.notice is not None and broadcast.notice.state == NoticeState.ENDED:
        raise WrongStateError(_("Thông báo này đã kết thúc, không gửi bài được nữa."))
