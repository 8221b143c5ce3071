"""Requests of people about their own data: entered, confirmed, decided, carried out, each within its term."""

import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from groups.models import Unit
from groups.permissions import holds
from portal.audit.services import record
from portal.clock import this_minute
from portal.errors import WrongStateError
from tips import deadlines, permissions, receipts, validators
from tips.enums import OPEN
from tips.models import DataRequest, Tip
from tips.models.registers import REGISTER_ROLES
from tips.services import erasing
from tips.services.changes import require
from tips.terms import TermKind
from tips.validators import keyed

State, Kind, Check, Source = DataRequest.State, DataRequest.Kind, DataRequest.Check, DataRequest.Source
TERM_OF: dict[str, TermKind] = {
    Kind.ACCESS: TermKind.REQUEST_ACCESS,
    Kind.CORRECT: TermKind.REQUEST_CORRECTION,
    Kind.DELETE: TermKind.REQUEST_DELETION,
    Kind.OBJECT: TermKind.REQUEST_OBJECTION,
}

# What a sender cannot ask for without saying what it is about.
NEEDS_WORDS = (Kind.CORRECT, Kind.OBJECT)


def can_keep(user: Any, unit: Unit) -> bool:
    """Supervisors and administrators of the unit or above it keep both registers."""
    return holds(user, unit, *REGISTER_ROLES)


def may_act(user: Any, request: DataRequest) -> bool:
    """Who keeps the register the request stands in, and is not whom its tip complains about.

    About a restricted tip also who leads it: nobody of its circle may keep the register.
    """
    tip = request.tip
    if tip is not None and tip.is_restricted and permissions.can_lead(user, tip):
        return True
    return can_keep(user, request.keeper) and (tip is None or user.pk not in tip.named_ids)


def may_read(user: Any, request: DataRequest) -> bool:
    """May read its words and decide on it: about a restricted tip only the circle of that tip."""
    tip = request.tip
    is_closed = tip is not None and tip.is_restricted and not permissions.can_handle(user, tip)
    return may_act(user, request) and not is_closed


def by_receipt(tip: Tip) -> list[DataRequest]:
    """What the sender asked for, by the receipt; never what others asked about the same tip."""
    return list(tip.data_requests.filter(source=Source.RECEIPT).order_by("pk"))


def ask_by_receipt(tip: Tip, *, kind: Any, words: Any) -> DataRequest:
    """What a sender asks from the follow page: the receipt says that it is their tip.

    The same wish while one waits is the same request; only to correct or to object needs words. Raises
    ValidationError keyed ``kind`` or ``words``.
    """
    wanted = keyed("kind", _kind, kind)
    said = keyed("words", validators.clean_words, words) if words or wanted in NEEDS_WORDS else ""
    now = this_minute()
    fields = {"tip": tip, "source": Source.RECEIPT, "check_kind": Check.RECEIPT, "words": said}
    with transaction.atomic():
        # A second click waits here, and then sees what the first one wrote.
        handler = erasing.locked(tip.pk).handler
        same = tip.data_requests.filter(source=Source.RECEIPT, kind=wanted)
        return same.waiting().first() or _create(handler, wanted, now, actor=None, **fields)


def enter(
    *, actor: Any, unit: Unit, kind: Any, source: Any, person: Any, words: Any, tip: Tip | None
) -> DataRequest:
    """Write down what somebody asks at the counter, by letter, by phone. Raises ValidationError keyed."""
    require(can_keep(actor, unit))
    wanted = keyed("kind", _kind, kind)
    if source not in (Source.COUNTER, Source.LETTER, Source.PHONE):
        raise ValidationError({"source": _("Xin chọn nguồn trong danh sách.")})
    who = keyed("person", validators.clean_words, person)
    said = keyed("words", validators.clean_words, words)
    return _create(unit, wanted, timezone.now(), actor=actor, tip=tip, source=source, person=who, words=said)


def confirm(request: DataRequest, *, actor: Any, check: Any) -> DataRequest:
    """Tell the person that it arrived, and note how their identity was checked."""
    require(may_act(actor, request))
    if check not in Check.values or check == Check.NONE:
        raise ValidationError({"check": _("Xin ghi đã kiểm tra danh tính thế nào.")})
    values = {
        "state": State.CONFIRMED,
        "confirmed_at": timezone.now(),
        "confirmed_by": actor,
        "check_kind": check,
    }
    return _move(request, actor, "confirmed", (State.NEW,), values, {"check": str(check)})


def extend(request: DataRequest, *, actor: Any, reason: Any) -> DataRequest:
    """Once, and with a reason, the term runs a second time."""
    require(may_act(actor, request))
    why = keyed("reason", validators.clean_reveal_reason, reason)
    if request.extension_reason:
        raise WrongStateError(_("Đã gia hạn một lần rồi."))
    due = deadlines.due_now(TERM_OF[request.kind], since=request.due_at, received=request.received_at)
    values = {"due_at": due, "extension_reason": why}
    return _move(request, actor, "extended", DataRequest.WAITING, values, {"to": due.isoformat()})


def grant(
    request: DataRequest, *, actor: Any, reason: Any, done: Any, erase_content: bool = False
) -> DataRequest:
    """Carry out what was asked. A deletion forgets the sender of the tip; its content too, if it has ended.

    Content goes by two people, one who confirmed and another who grants; nothing goes that a chief holds.
    Raises NotAllowedError outside the circle of a restricted tip, ValidationError keyed by the argument at
    fault, WrongStateError before identity was checked or while the tip is held.
    """
    require(may_read(actor, request))
    why = keyed("reason", validators.clean_reason, reason)
    what = keyed("done", validators.clean_words, done)
    if request.check_kind in (Check.NONE, Check.FAILED):
        raise WrongStateError(_("Chưa xác định người yêu cầu là chính người đó thì không thực hiện được."))
    with transaction.atomic():
        values = _decision(actor, State.GRANTED, why) | {"done": what}
        granted = _move(request, actor, "granted", (State.CONFIRMED,), values, {})
        if request.kind == Kind.DELETE and request.tip_id:
            if erase_content and request.confirmed_by_id in (None, actor.pk):
                raise ValidationError({"erase_content": _("Xóa nội dung cần người khác người đã xác nhận.")})
            _erase(request.tip_id, actor, code=request.code, with_content=erase_content)
    return granted


def refuse(request: DataRequest, *, actor: Any, reason: Any) -> DataRequest:
    """Say no, and why: the person may complain about it."""
    require(may_read(actor, request))
    why = keyed("reason", validators.clean_reveal_reason, reason)
    values = _decision(actor, State.REFUSED, why)
    return _move(request, actor, "refused", DataRequest.WAITING, values, {})


def _create(unit: Unit, kind: str, now: datetime.datetime, *, actor: Any, **fields: Any) -> DataRequest:
    with transaction.atomic():
        row = DataRequest.objects.create(
            code=receipts.new_public_id(),
            unit=unit,
            kind=kind,
            received_at=now,
            confirm_by=deadlines.due_now(TermKind.REQUEST_RECEIPT, since=now),
            due_at=deadlines.due_now(TERM_OF[kind], since=now),
            **fields,
        )
        facts = {"kind": kind, "source": str(row.source)}
        record(actor, "tips.request.entered", row, unit_path=row.keeper.path, data=facts, at=now)
    return row


def _move(
    request: DataRequest, actor: Any, act: str, states: tuple, values: dict[str, Any], facts: dict[str, Any]
) -> DataRequest:
    """One conditional UPDATE and one audit entry. Raises WrongStateError when somebody was faster."""
    with transaction.atomic():
        rows = DataRequest.objects.filter(pk=request.pk, state__in=states, due_at=request.due_at)
        if rows.update(**values) != 1:
            raise WrongStateError
        record(actor, f"tips.request.{act}", request, unit_path=request.keeper.path, data=facts)
    return DataRequest.objects.select_related("unit", "tip__handler").get(pk=request.pk)


def _decision(actor: Any, state: str, why: str) -> dict[str, Any]:
    return {"state": state, "reason": why, "decided_by": actor, "decided_at": timezone.now()}


def _erase(tip_id: int, actor: Any, *, code: str, with_content: bool) -> None:
    source = _("Theo yêu cầu %(code)s của chủ thể dữ liệu") % {"code": code}
    tip = erasing.locked(tip_id)
    if tip.holds.filter(until__gte=timezone.localdate()).exists():
        raise WrongStateError(_("Chỉ huy đang giữ tin này lâu hơn thời hạn: chưa xóa được."))
    if with_content and tip.status in OPEN:
        raise ValidationError({"erase_content": _("Tin chưa kết thúc nên chưa xóa nội dung được.")})
    erasing.erase_contact(tip, actor=actor, source=source)
    is_there = with_content and tip.erased_at is None
    if is_there and not erasing.erase_content(tip, timezone.now(), actor=actor, source=source):
        raise WrongStateError


def _kind(value: Any) -> str:
    if value not in Kind.values:
        raise ValidationError(_("Xin chọn một yêu cầu trong danh sách."), code="invalid")
    return str(value)
