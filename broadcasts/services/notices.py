"""Notices: made from complete fields, active once a second person approved a post about them, ended with
corrections to exactly the groups that have it.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from broadcasts import codes, notice_text, permissions
from broadcasts.enums import (
    EDITABLE,
    NOTICE_KINDS,
    WITHDRAWABLE,
    BroadcastState,
    NoticeEnd,
    NoticeState,
    PostKind,
)
from broadcasts.models import Broadcast, Notice, Picture
from broadcasts.services.approval import withdraw_broadcast
from broadcasts.services.notice_states import trace_notice
from broadcasts.services.transitions import move
from groups.models import Unit
from portal.errors import NotAllowedError, WrongStateError
from portal.text import clean

# BLTTHS 2015, Article 231 with Article 132: what a wanted decision must hold to be recognised as one.
REQUIRED = {
    PostKind.WANTED: ("decision_number", "decision_date", "agency", "phone", "person_name"),
    PostKind.SUSPECT: ("features",),
    PostKind.MISSING: ("features",),
    PostKind.FOUND: ("features",),
    PostKind.HANDIN: ("features",),
}
REVIEW_DAYS = 90
_PHONE = re.compile(r"[\d\s.()+/-]{3,20}")
TEXT_FIELDS = (
    "decision_number",
    "agency",
    "phone",
    "person_name",
    "aliases",
    "gender",
    "residence",
    "offence",
    "features",
)


@dataclass(frozen=True, kw_only=True)
class NoticeFields:
    """What an officer fills in; which of it is required depends on the kind."""

    decision_number: str = ""
    decision_date: date | None = None
    agency: str = ""
    phone: str = ""
    person_name: str = ""
    aliases: str = ""
    birth_date: date | None = None
    birth_year: int | None = None
    gender: str = ""
    residence: str = ""
    offence: str = ""
    features: str = ""
    photo: Picture | None = None
    review_by: date | None = None


def create_notice(author: Any, *, kind: str, unit: Unit, fields: NoticeFields) -> Notice:
    """A draft notice of ``unit``. Raises ``ValidationError`` by field, ``NotAllowedError``.

    It becomes active, hence public, when a post about it is approved: by somebody else than its author.
    """
    if not permissions.can_write(author, unit):
        raise NotAllowedError
    values = clean_fields(kind, fields)
    with transaction.atomic():
        notice = Notice.objects.create(
            code=codes.next_code(codes.NOTICE), kind=kind, unit=unit, author=author, **values
        )
        trace_notice(author, "broadcasts.notice.created", notice)
    return notice


def update_notice(notice: Notice, *, actor: Any, fields: NoticeFields) -> Notice:
    """Replace the fields of a draft. Raises like ``create_notice``, ``WrongStateError`` once it is active."""
    if notice.author_id != actor.pk or not permissions.can_write(actor, notice.unit):
        raise NotAllowedError
    values = clean_fields(notice.kind, fields)
    if Notice.objects.filter(pk=notice.pk, state=NoticeState.DRAFT).update(**values) != 1:
        raise WrongStateError
    notice.refresh_from_db()
    return notice


def clean_fields(kind: str, fields: NoticeFields) -> dict[str, Any]:
    """The values to store. Raises ``ValidationError`` naming every field that is missing or must stay out."""
    values = {name: getattr(fields, name) for name in NoticeFields.__dataclass_fields__}
    values |= {name: clean(values[name] or "") for name in TEXT_FIELDS}
    if kind not in NOTICE_KINDS:
        raise ValidationError({"kind": _("Loại này không phải thông báo.")})
    errors = {name: _("Xin nhập mục này.") for name in REQUIRED[kind] if not values[name]}
    errors |= _too_long(values)
    today = timezone.localdate()
    if kind == PostKind.SUSPECT and not values["decision_number"]:
        shown = [name for name in ("person_name", "aliases", "photo") if values[name]]
        errors |= {name: _("Chưa có quyết định: không nêu tên, không đăng ảnh.") for name in shown}
    for name in ("decision_date", "birth_date"):
        if values[name] and values[name] > today:
            errors[name] = _("Ngày không được ở tương lai.")
    if values["birth_year"] and not 1900 <= values["birth_year"] <= today.year:
        errors["birth_year"] = _("Năm sinh không đúng.")
    if values["phone"] and "phone" not in errors and not _is_phone(values["phone"]):
        errors["phone"] = _("Số điện thoại chưa đúng.")
    if errors:
        raise ValidationError(errors)
    values["review_by"] = values["review_by"] or today + timedelta(days=REVIEW_DAYS)
    return values


def warnings_for(notice: Notice) -> list[str]:
    """What is allowed and still worth a second look before submitting."""
    found = []
    if notice.kind in (PostKind.WANTED, PostKind.MISSING) and notice.photo_id is None:
        found.append(_("Thông báo chưa có ảnh."))
    if notice.kind == PostKind.WANTED and not notice.offence:
        found.append(_("Chưa ghi tội danh bị khởi tố."))
    return found


def renew_notice(notice: Notice, *, actor: Any, review_by: date) -> Notice:
    """The facts still hold: keep it in force until ``review_by``."""
    if not permissions.can_end_notice(actor, notice):
        raise NotAllowedError
    if not timezone.localdate() < review_by <= timezone.localdate() + timedelta(days=366):
        raise ValidationError({"review_by": _("Ngày rà soát phải trong vòng một năm tới.")})
    with transaction.atomic():
        changed = Notice.objects.filter(pk=notice.pk, state=NoticeState.ACTIVE).update(review_by=review_by)
        if changed != 1:
            raise WrongStateError
        trace_notice(actor, "broadcasts.notice.renewed", notice)
    notice.refresh_from_db(fields=["review_by"])
    return notice


def end_notice(notice: Notice, *, actor: Any, ended_as: str) -> Notice:
    """The person is found, the property returned, the decision withdrawn.

    It disappears as widely as it appeared. In one transaction: no page shows it any more, posts that wait are
    stopped, and every group that has one gets a correction.
    """
    if not permissions.can_end_notice(actor, notice):
        raise NotAllowedError
    if ended_as not in NoticeEnd.values:
        raise ValidationError({"ended_as": _("Xin chọn lý do kết thúc.")})
    now = timezone.now()
    with transaction.atomic():
        changed = Notice.objects.filter(
            pk=notice.pk, state__in=(NoticeState.DRAFT, NoticeState.ACTIVE)
        ).update(state=NoticeState.ENDED, ended_as=ended_as, ended_on=now)
        if changed != 1:
            raise WrongStateError
        notice.refresh_from_db(fields=["state", "ended_as", "ended_on"])
        trace_notice(actor, "broadcasts.notice.ended", notice, ended_as=ended_as)
        for broadcast in notice.broadcasts.select_related("unit").order_by("pk"):
            _stop_broadcast(broadcast, notice, actor=actor, now=now)
    return notice


def expire_notice(notice: Notice, *, now: datetime) -> bool:
    """Nobody renewed it by its review date: off the public pages, and posts that wait are stopped.

    What is in groups stays there: that nobody looked again does not make it wrong. True for one caller.
    """
    with transaction.atomic():
        changed = Notice.objects.filter(
            pk=notice.pk, state=NoticeState.ACTIVE, review_by__lt=timezone.localdate(now)
        ).update(state=NoticeState.ENDED, ended_as=NoticeEnd.EXPIRED, ended_on=now)
        if changed != 1:
            return False
        notice.refresh_from_db(fields=["state", "ended_as", "ended_on"])
        trace_notice(None, "broadcasts.notice.expired", notice)
        for broadcast in notice.broadcasts.select_related("unit").order_by("pk"):
            if _waits(broadcast):
                _cancel(broadcast, notice, actor=None)
    return True


def _stop_broadcast(broadcast: Broadcast, notice: Notice, *, actor: Any, now: datetime) -> None:
    """Whatever state a post about an ended notice is in, it goes no further."""
    if _waits(broadcast):
        _cancel(broadcast, notice, actor=actor)
    elif broadcast.state in WITHDRAWABLE and not broadcast.is_repeating:
        withdraw_broadcast(broadcast, actor=actor, reason=notice_text.ending(notice), now=now)


def _waits(broadcast: Broadcast) -> bool:
    """Whether nothing of it has gone out, but still could."""
    return broadcast.is_unsent or broadcast.state in (*EDITABLE, BroadcastState.SUBMITTED)


def _cancel(broadcast: Broadcast, notice: Notice, *, actor: Any) -> None:
    move(
        broadcast,
        sources=[broadcast.state],
        to=BroadcastState.CANCELLED,
        actor=actor,
        action="broadcasts.broadcast.cancelled",
        reason=notice_text.ending(notice),
        finished_at=timezone.now(),
    )


def _too_long(values: dict[str, Any]) -> dict[str, str]:
    errors = {}
    for name in TEXT_FIELDS:
        limit = Notice._meta.get_field(name).max_length
        if len(values[name]) > limit:
            errors[name] = _("Mục này không quá %(limit)d ký tự.") % {"limit": limit}
    return errors


def _is_phone(text: str) -> bool:
    """Office lines such as 069 are in no public numbering plan, so only the shape counts."""
    return _PHONE.fullmatch(text) is not None and sum(char.isdigit() for char in text) >= 3
