"""Tips ended, reopened, marked as valuable."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from tips import deadlines, permissions, validators
from tips.enums import EventKind, MessageKind, Outcome, TipStatus
from tips.models import Tip
from tips.outcomes import Results, clean_public_reason
from tips.services.cases import result_for
from tips.services.changes import Step, apply, check_version, require
from tips.services.handling import add_internal, add_public
from tips.services.states import STATUS_OF_OUTCOME, Act
from tips.validators import keyed


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
    results: Results | None = None,
) -> Tip:
    """End a tip. The sender reads ``public_reason``, and so do the senders of its duplicates.

    Where a duplicate has other readers among the staff, its sender is told only that the matter is settled.

    What was handled needs a note or a file of an officer that shows it, of this round. ``results`` is what
    came of it.
    Raises ValidationError keyed ``outcome``, ``public_reason``, ``note``, ``valuable_reason`` or a field of
    ``Results``.
    """
    check_version(tip, version)
    require(permissions.can_lead(actor, tip))
    result = keyed("outcome", validators.clean_outcome, outcome)
    check = validators.clean_reason if result == Outcome.SPAM else clean_public_reason
    public = keyed("public_reason", check, public_reason)
    internal = keyed("note", validators.clean_message, note) if note else ""
    if result == Outcome.HANDLED and not internal and not _is_shown(tip):
        raise ValidationError(
            {"note": _("Kết quả “Đã xử lý” cần ghi chú nội bộ hoặc tệp của cán bộ: đã làm gì.")}
        )
    now = timezone.now()
    values: dict[str, Any] = {
        "status": STATUS_OF_OUTCOME[Outcome(result)],
        "outcome": result,
        "public_reason": public,
        "closed_at": now,
        "first_answer_at": tip.first_answer_at or now,
        **((results or Results()).clean()),
    }
    if valuable is not None:
        values |= _value(valuable, valuable_reason, actor)

    def also() -> None:
        add_public(tip, actor=actor, text=public, at=now)
        for other in _duplicates(tip):
            add_public(other, actor=actor, text=result_for(tip, other, public), at=now)
        if internal:
            add_internal(tip, actor=actor, text=internal, at=now)

    act = Act.DISCARD if result == Outcome.SPAM else Act.CLOSE
    facts = {"outcome": result} | ({} if valuable is None else {"valuable": bool(valuable)})
    step = Step(EventKind.CLOSED, "tips.tip.closed", facts=facts)
    return apply(tip, act=act, actor=actor, version=version, values=values, step=step, also=also)


def reopen(tip: Tip, *, actor: Any, version: int, reason: str) -> Tip:
    """Take up an ended tip again, with a fresh deadline. Raises ValidationError keyed ``reason``."""
    check_version(tip, version)
    require(permissions.can_lead(actor, tip))
    why = keyed("reason", validators.clean_reason, reason)
    step = Step(EventKind.REOPENED, "tips.tip.reopened", note=why)
    return apply(
        tip,
        act=Act.REOPEN,
        actor=actor,
        version=version,
        values=reopened_values(tip, timezone.now()),
        step=step,
    )


def reopened_values(tip: Tip, at: datetime) -> dict[str, Any]:
    """What reopening changes; a duplicate leaves its case. What a sender does is ``at`` a whole minute."""
    values: dict[str, Any] = {
        "status": TipStatus.REOPENED,
        "closed_at": None,
        "outcome": "",
        "deadline": deadlines.deadline(
            priority=tip.priority, since=at, received=tip.received_at, is_opened=True
        ),
    }
    if tip.status == TipStatus.DUPLICATE:
        values["case"] = None
    return values


def set_valuable(tip: Tip, *, actor: Any, version: int, valuable: bool, reason: str = "") -> Tip:
    """Mark that a tip helped to find, prevent or clear something up, or take the mark back.

    Who judged last is kept with the tip, who judged before in the audit trail.
    Raises ValidationError keyed ``valuable_reason`` when a mark has no reason.
    """
    check_version(tip, version)
    require(permissions.can_lead(actor, tip))
    values = _value(valuable, reason, actor)
    step = Step(
        EventKind.VALUED, "tips.tip.valued", facts={"valuable": bool(valuable), "before": tip.is_valuable}
    )
    return apply(tip, act=Act.VALUE, actor=actor, version=version, values=values, step=step)


def _value(valuable: bool, reason: str, actor: Any) -> dict[str, Any]:
    if not valuable:
        return {"is_valuable": False, "valuable_reason": "", "valued_by": None}
    why = keyed("valuable_reason", validators.clean_reason, reason)
    return {"is_valuable": True, "valuable_reason": why, "valued_by": actor}


def _is_shown(tip: Tip) -> bool:
    """Whether an officer's note or file already says what was done, since the tip was last taken up again.

    Only a reopening follows an end: what came before either tells of the round before. The end counts too, as
    a sender's reopening bears its whole minute.
    """
    rounds = tip.events.filter(kind__in=(EventKind.CLOSED, EventKind.REOPENED))
    said = tip.messages.filter(author__isnull=False)
    if since := rounds.aggregate(Max("at"))["at__max"]:
        said = said.filter(at__gt=since)
    return said.filter(Q(kind=MessageKind.NOTE) | Q(evidence__isnull=False)).exists()


def _duplicates(tip: Tip) -> list[Tip]:
    if tip.case_id is None:
        return []
    return list(Tip.objects.filter(case=tip.case_id, status=TipStatus.DUPLICATE).exclude(pk=tip.pk))
