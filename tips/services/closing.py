"""Deadlines moved, tips ended, reopened, marked as valuable."""

import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from tips import deadlines, permissions, validators
from tips.enums import EventKind, Outcome, TipStatus
from tips.models import Tip
from tips.services.changes import Step, apply, check_version, require
from tips.services.handling import add_internal, add_public
from tips.services.states import STATUS_OF_OUTCOME, Act
from tips.validators import keyed

LONGEST_EXTENSION = datetime.timedelta(days=366)


def extend(tip: Tip, *, actor: Any, version: int, deadline: datetime.datetime, reason: str) -> Tip:
    """Give a tip more time. Raises ValidationError keyed ``deadline`` (must be later) or ``reason``."""
    check_version(tip, version)
    require(permissions.can_decide(actor, tip))
    why = keyed("reason", validators.clean_reason, reason)
    later = keyed("deadline", _later_deadline, tip, deadline)
    facts = {"from": tip.deadline.isoformat() if tip.deadline else None, "to": later.isoformat()}
    step = Step(EventKind.EXTENDED, "tips.tip.extended", note=why, facts=facts)
    return apply(tip, act=Act.EXTEND, actor=actor, version=version, values={"deadline": later}, step=step)


def close(
    tip: Tip,
    *,
    actor: Any,
    version: int,
    outcome: str,
    public_reason: str,
    note: str = "",
    valuable: bool | None = None,
    valuable_reason: str = "",
) -> Tip:
    """End a tip. The sender reads ``public_reason``, and so do the senders of its duplicates.

    Raises ValidationError keyed ``outcome``, ``public_reason``, ``note`` or ``valuable_reason``.
    """
    check_version(tip, version)
    require(permissions.can_lead(actor, tip))
    result = keyed("outcome", validators.clean_outcome, outcome)
    public = keyed("public_reason", validators.clean_reason, public_reason)
    internal = keyed("note", validators.clean_message, note) if note else ""
    now = timezone.now()
    values: dict[str, Any] = {
        "status": STATUS_OF_OUTCOME[Outcome(result)],
        "outcome": result,
        "public_reason": public,
        "closed_at": now,
        "first_answer_at": tip.first_answer_at or now,
    }
    if valuable is not None:
        values |= _value(valuable, valuable_reason, actor)

    def also() -> None:
        for told in (tip, *_duplicates(tip)):
            add_public(told, actor=actor, text=public, at=now)
        if internal:
            add_internal(tip, actor=actor, text=internal)

    act = Act.DISCARD if result == Outcome.SPAM else Act.CLOSE
    step = Step(EventKind.CLOSED, "tips.tip.closed", facts={"outcome": result})
    return apply(tip, act=act, actor=actor, version=version, values=values, step=step, also=also)


def reopen(tip: Tip, *, actor: Any, version: int, reason: str) -> Tip:
    """Take up an ended tip again, with a fresh deadline. Raises ValidationError keyed ``reason``."""
    check_version(tip, version)
    require(permissions.can_lead(actor, tip))
    why = keyed("reason", validators.clean_reason, reason)
    step = Step(EventKind.REOPENED, "tips.tip.reopened", note=why)
    return apply(tip, act=Act.REOPEN, actor=actor, version=version, values=reopened_values(tip), step=step)


def reopened_values(tip: Tip) -> dict[str, Any]:
    """What reopening changes, whoever does it; a duplicate leaves its case."""
    values: dict[str, Any] = {
        "status": TipStatus.REOPENED,
        "closed_at": None,
        "outcome": "",
        "deadline": deadlines.deadline(priority=tip.priority, since=timezone.now(), is_opened=True),
    }
    if tip.status == TipStatus.DUPLICATE:
        values["case"] = None
    return values


def set_valuable(tip: Tip, *, actor: Any, version: int, valuable: bool, reason: str = "") -> Tip:
    """Mark that a tip helped to find, prevent or clear something up, or take the mark back.

    Raises ValidationError keyed ``valuable_reason`` when a mark has no reason.
    """
    check_version(tip, version)
    require(permissions.can_lead(actor, tip))
    values = _value(valuable, reason, actor)
    step = Step(EventKind.VALUED, "tips.tip.valued", facts={"valuable": bool(valuable)})
    return apply(tip, act=Act.VALUE, actor=actor, version=version, values=values, step=step)


def _value(valuable: bool, reason: str, actor: Any) -> dict[str, Any]:
    if not valuable:
        return {"is_valuable": False, "valuable_reason": "", "valued_by": None}
    why = keyed("valuable_reason", validators.clean_reason, reason)
    return {"is_valuable": True, "valuable_reason": why, "valued_by": actor}


def _duplicates(tip: Tip) -> list[Tip]:
    if tip.case_id is None:
        return []
    return list(Tip.objects.filter(case=tip.case_id, status=TipStatus.DUPLICATE).exclude(pk=tip.pk))


def _later_deadline(tip: Tip, deadline: Any) -> datetime.datetime:
    if not isinstance(deadline, datetime.datetime):
        raise ValidationError(_("Xin ghi hạn mới."), code="required")
    if timezone.is_naive(deadline):
        deadline = timezone.make_aware(deadline)
    now = timezone.now()
    if deadline <= max(now, tip.deadline or now):
        raise ValidationError(_("Hạn mới phải sau hạn hiện tại."), code="earlier")
    if deadline > now + LONGEST_EXTENSION:
        raise ValidationError(_("Hạn mới quá xa. Xin kiểm tra lại năm."), code="far")
    return deadline
