"""Time for a tip: asking its sender and stopping the clock, asking for more time, and who decides on that."""

import datetime
import logging
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.calendar import local_date
from portal.errors import NotAllowedError, WrongStateError
from tips import deadlines, permissions, validators
from tips.enums import EventKind, TipStatus
from tips.evidence import attach, stored_uploads
from tips.models import Extension, Tip
from tips.services.changes import Step, apply, check_version, require
from tips.services.clock import paused_values, resumed_values
from tips.services.handling import add_public
from tips.services.states import Act
from tips.terms import TermKind
from tips.validators import keyed

SWEPT_AT_ONCE = 200
logger = logging.getLogger(__name__)


def ask_sender(tip: Tip, *, actor: Any, version: int, text: str, files: Sequence[Any] = ()) -> Tip:
    """Ask the sender for what is missing; the clock stands until they answer or the waiting term is over.

    Raises ValidationError keyed ``text`` or ``files``, WrongStateError for a tip that waits already or is
    late.
    """
    check_version(tip, version)
    require(permissions.can_handle(actor, tip))
    clean = keyed("text", validators.clean_message, text)
    now = timezone.now()
    if tip.paused_at is not None:
        raise WrongStateError(_("Đang chờ người gửi bổ sung rồi."))
    if tip.deadline is None or tip.deadline < now:
        raise WrongStateError(_("Tin đã quá hạn nên không tạm dừng hạn được. Xin dùng trả lời thường."))
    with stored_uploads(files) as stored:

        def also() -> None:
            attach(stored, tip=tip, message=add_public(tip, actor=actor, text=clean, at=now))

        values = {
            "status": TipStatus.ANSWERED,
            "first_answer_at": tip.first_answer_at or now,
            **paused_values(tip, now),
        }
        step = Step(EventKind.PAUSED, "tips.tip.paused")
        return apply(tip, act=Act.QUESTION, actor=actor, version=version, values=values, step=step, also=also)


def resume(tip: Tip, *, actor: Any, version: int) -> Tip:
    """Let the clock run again without an answer. Raises WrongStateError when it runs."""
    check_version(tip, version)
    require(permissions.can_handle(actor, tip))
    return _resume(tip, actor=actor)


def resume_unanswered(now: datetime.datetime | None = None) -> int:
    """Start the clock of tips whose sender had the whole term to answer, about 200 at once; returns how many.

    A tip whose clock cannot run again is logged and holds up no other.
    """
    now = now or timezone.now()
    paused = Tip.objects.filter(paused_at__lt=now).order_by("paused_at").values_list("pk", "paused_at")
    # Who was asked later may have to answer sooner: each under the rule of the day it was asked.
    over = [
        pk
        for pk, asked_at in paused.iterator()
        if deadlines.due_now(TermKind.SENDER_ANSWER, since=asked_at) < now
    ]
    resumed = 0
    for start in range(0, len(over), SWEPT_AT_ONCE):
        tips = Tip.objects.filter(pk__in=over[start : start + SWEPT_AT_ONCE]).select_related("handler")
        resumed += sum(_is_resumed(tip) for tip in tips.order_by("paused_at"))
        # What cannot be resumed stays the longest due: it may not use up what a run does.
        if resumed >= SWEPT_AT_ONCE:
            break
    return resumed


def _is_resumed(tip: Tip) -> bool:
    try:
        _resume(tip, actor=None)
    except WrongStateError:
        return False
    except Exception as error:
        logger.exception("resume_failed: %s", type(error).__name__)
        return False
    return True


def _resume(tip: Tip, *, actor: Any) -> Tip:
    if tip.paused_at is None:
        raise WrongStateError(_("Hạn của tin này đang chạy."))
    step = Step(EventKind.RESUMED, "tips.tip.resumed")
    values = {"status": TipStatus.VERIFYING, **resumed_values(tip)}
    return apply(tip, act=Act.RESUME, actor=actor, version=tip.version, values=values, step=step)


def extend(tip: Tip, *, actor: Any, version: int, deadline: datetime.datetime, reason: str) -> Tip:
    """Give a tip more time: for those who decide; others ask (``ask_for_time``). Grants what was asked.

    Raises ValidationError keyed ``deadline`` (later, and no more than the law allows at once) or ``reason``.
    """
    check_version(tip, version)
    require(permissions.can_decide(actor, tip))
    why = keyed("reason", validators.clean_reason, reason)
    later = keyed("deadline", _later_deadline, tip, deadline)
    now = timezone.now()

    def also() -> None:
        decision = {"state": Extension.State.APPROVED, "decided_by": actor, "decided_at": now}
        waiting = tip.extensions.filter(state=Extension.State.ASKED)
        if not waiting.update(new_deadline=later, **decision):
            Extension.objects.create(**_row(tip, later, why), asked_by=actor, **decision)

    return _extended(tip, actor=actor, version=version, later=later, why=why, also=also)


def ask_for_time(tip: Tip, *, actor: Any, version: int, deadline: datetime.datetime, reason: str) -> Tip:
    """Whoever handles the tip asks those who decide for a later deadline; the present one runs on meanwhile.

    Raises ValidationError like ``extend``, WrongStateError while an earlier request waits.
    """
    check_version(tip, version)
    require(permissions.can_lead(actor, tip))
    why = keyed("reason", validators.clean_reason, reason)
    later = keyed("deadline", _later_deadline, tip, deadline)
    if tip.extensions.filter(state=Extension.State.ASKED).exists():
        raise WrongStateError(_("Đã có đề nghị gia hạn đang chờ duyệt."))
    step = Step(EventKind.ASKED_TIME, "tips.extension.asked", note=why, facts={"to": later.isoformat()})
    return apply(
        tip,
        act=Act.EXTEND,
        actor=actor,
        version=version,
        step=step,
        also=lambda: Extension.objects.create(**_row(tip, later, why), asked_by=actor),
    )


def approve_time(tip: Tip, *, actor: Any, version: int) -> Tip:
    """Grant the request that waits, never one's own. Raises WrongStateError: none waits, or too late."""
    asked = _asked(tip, actor=actor, version=version)
    if asked.new_deadline <= _due_so_far(tip):
        raise WrongStateError(
            _("Hạn xin đã qua hoặc sớm hơn hạn hiện tại. Xin gia hạn với ngày khác, hoặc không duyệt.")
        )
    why, later = asked.reason, asked.new_deadline
    decide = _decision(asked, actor, Extension.State.APPROVED)
    return _extended(tip, actor=actor, version=version, later=later, why=why, also=decide)


def refuse_time(tip: Tip, *, actor: Any, version: int, reason: str) -> Tip:
    """Refuse the request that waits. Raises ValidationError keyed ``reason``, or WrongStateError."""
    asked = _asked(tip, actor=actor, version=version)
    why = keyed("reason", validators.clean_reason, reason)
    step = Step(EventKind.REFUSED_TIME, "tips.extension.refused", note=why)
    decide = _decision(asked, actor, Extension.State.REFUSED, answer=why)
    return apply(tip, act=Act.EXTEND, actor=actor, version=version, step=step, also=decide)


def drop_time(tip: Tip, *, actor: Any, version: int) -> Tip:
    """Take back one's own request that waits. Raises WrongStateError when there is none."""
    check_version(tip, version)
    require(permissions.can_handle(actor, tip))
    asked = waiting_request(tip)
    if asked is None or asked.asked_by_id != actor.pk:
        raise WrongStateError(_("Anh/chị không có đề nghị gia hạn nào đang chờ."))
    step = Step(EventKind.DROPPED_TIME, "tips.extension.dropped")
    drop = _decision(asked, actor, Extension.State.DROPPED)
    return apply(tip, act=Act.EXTEND, actor=actor, version=version, step=step, also=drop)


def waiting_request(tip: Tip) -> Extension | None:
    """The request for more time nobody has decided on."""
    return tip.extensions.filter(state=Extension.State.ASKED).select_related("asked_by").first()


def _asked(tip: Tip, *, actor: Any, version: int) -> Extension:
    check_version(tip, version)
    require(permissions.can_decide(actor, tip))
    asked = waiting_request(tip)
    if asked is None:
        raise WrongStateError(_("Không có đề nghị gia hạn nào đang chờ."))
    if asked.asked_by_id == actor.pk:
        raise NotAllowedError(_("Người đề nghị không tự duyệt được."))
    return asked


def _decision(asked: Extension, actor: Any, state: str, *, answer: str = ""):
    def decide() -> None:
        rows = Extension.objects.filter(pk=asked.pk, state=Extension.State.ASKED)
        if rows.update(state=state, decided_by=actor, decided_at=timezone.now(), answer=answer) != 1:
            raise WrongStateError

    return decide


def _extended(tip: Tip, *, actor: Any, version: int, later: datetime.datetime, why: str, also: Any) -> Tip:
    before = tip.deadline or tip.paused_deadline
    facts = {"from": before.isoformat() if before else None, "to": later.isoformat()}
    step = Step(EventKind.EXTENDED, "tips.tip.extended", note=why, facts=facts)
    values = {"deadline": later}
    return apply(tip, act=Act.EXTEND, actor=actor, version=version, values=values, step=step, also=also)


def _row(tip: Tip, later: datetime.datetime, why: str) -> dict[str, Any]:
    return {
        "tip": tip,
        "reason": why,
        "old_deadline": tip.deadline or tip.paused_deadline,
        "new_deadline": later,
    }


def _due_so_far(tip: Tip) -> datetime.datetime:
    """The deadline a later one has to come after, never in the past."""
    now = timezone.now()
    return max(now, tip.deadline or tip.paused_deadline or now)


def _later_deadline(tip: Tip, deadline: Any) -> datetime.datetime:
    if not isinstance(deadline, datetime.datetime):
        raise ValidationError(_("Xin ghi hạn mới."), code="required")
    if timezone.is_naive(deadline):
        deadline = timezone.make_aware(deadline)
    start = _due_so_far(tip)
    if deadline <= start:
        raise ValidationError(_("Hạn mới phải sau hạn hiện tại."), code="earlier")
    latest = local_date(deadlines.due_now(TermKind.EXTENSION, since=start, received=tip.received_at))
    if local_date(deadline) > latest:
        raise ValidationError(
            _("Mỗi lần gia hạn tới ngày %(day)s là dài nhất. Xin kiểm tra lại ngày, năm."),
            code="far",
            params={"day": latest.strftime("%d/%m/%Y")},
        )
    return deadline
