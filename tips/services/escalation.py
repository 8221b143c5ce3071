"""Overdue tips are told to the chief, and if that does not help to those above: once a stage and missed
deadline.  ``escalate_overdue`` is a sweep: safe at any time, twice, anywhere. A unique constraint says who
told a stage, a conditional UPDATE who mails about it. Mails hold numbers, never a tip.
"""

import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from groups.models import Posting, Unit
from groups.permissions import DECIDING_ROLES
from portal.audit.services import record
from portal.calendar import latest_start, local_date
from tips import deadlines, permissions
from tips.enums import EventKind, Priority
from tips.models import Escalation, Tip, TipEvent
from tips.querysets import TipQuerySet
from tips.services.letters import Letter, send_once
from tips.terms import TermKind, rule_for

AT_ONCE = 200
Stage = Escalation.Stage


def escalate_overdue(now: datetime.datetime | None = None) -> int:
    """Tell every stage whose time has come, then mail; returns the number of new rows."""
    now = now or timezone.now()
    told = sum(_tell_stage(stage, now) for stage in Stage)
    mail_escalations(now)
    return told


def escalated_to(unit: Unit, tips: QuerySet[Tip], now: datetime.datetime) -> QuerySet[Tip]:
    """Those of ``tips`` that are overdue now and were told to ``unit``."""
    told = Escalation.objects.filter(tip=OuterRef("pk"), deadline=OuterRef("deadline"), unit=unit)
    return tips.overdue(now).filter(Exists(told))


def mail_escalations(now: datetime.datetime) -> int:
    """One mail a person about all that is new to them; returns the number of mails.

    What the mail server did not take is tried again next time.
    """
    rows = Escalation.objects.filter(mailed_at=None).select_related("tip__handler", "unit").order_by("pk")
    return send_once(
        rows[:AT_ONCE], people=lambda row: people_told(row.tip, row.unit), letter=_letter, now=now
    )


def people_told(tip: Tip, unit: Unit) -> list[Any]:
    """Chiefs and supervisors of ``unit`` who may open the tip."""
    postings = _deciding(unit).filter(unit=unit)
    return [posting.user for posting in postings if permissions.can_decide(posting.user, tip)]


def people_in_charge(tip: Tip, *, besides: int | None = None) -> list[Any]:
    """Chiefs of the nearest unit who may open the tip; the person with the id ``besides`` does not count."""
    found = [
        posting
        for posting in _deciding(tip.handler)
        if posting.user_id != besides and permissions.can_decide(posting.user, tip)
    ]
    return [posting.user for posting in found if posting.unit_id == found[0].unit_id]


def _tell_stage(stage: Stage, now: datetime.datetime) -> int:
    """Tell ``stage`` of tips whose turn has come, longest overdue first, until ``AT_ONCE`` were told.

    Tips that nobody can be told of wait for somebody to be posted there; they hold up no others.
    """
    told, units = 0, {}
    due = _due(stage, now)
    ids = list(due.values_list("pk", flat=True))
    for start in range(0, len(ids), AT_ONCE):
        some = due.filter(pk__in=ids[start : start + AT_ONCE])
        for tip in some.select_related("handler").prefetch_related("named_officers"):
            alike = (tip.handler_id, tip.is_restricted, tip.named_ids)
            if alike not in units:
                units[alike] = _unit_of(tip, stage)
            told += units[alike] is not None and _tell(tip, stage, units[alike], now)
            if told == AT_ONCE:
                return told
    return told


def _due(stage: Stage, now: datetime.datetime) -> TipQuerySet:
    """Overdue tips whose turn at ``stage`` has come and was not told yet, longest overdue first."""
    told = Escalation.objects.filter(tip=OuterRef("pk"), stage=stage, deadline=OuterRef("deadline"))
    rows = Tip.objects.overdue(now).filter(~Exists(told)).without_words()
    if stage == Stage.SUPERIOR:
        rows = rows.filter(_late_enough(now))
    return rows.order_by("deadline", "pk")


def _late_enough(now: datetime.datetime) -> Q:
    """Tips so late that their chief alone is not enough: their term of ``ESCALATION`` is over."""
    rules, calendar = deadlines.rule_table(), deadlines.work_calendar()
    condition = Q(pk__in=[])
    for level in Priority:
        rule = rule_for(rules, TermKind.ESCALATION, local_date(now), priority=level)
        condition |= Q(priority=level, deadline__lt=latest_start(now, rule.term, calendar))
    return condition


def _tell(tip: Tip, stage: Stage, unit: Unit, now: datetime.datetime) -> bool:
    """Write that the stage was told; False when another process did."""
    with transaction.atomic():
        __, is_new = Escalation.objects.get_or_create(
            tip=tip, stage=stage, deadline=tip.deadline, defaults={"unit": unit, "at": now}
        )
        if is_new:
            facts = {"stage": int(stage), "unit": unit.code}
            TipEvent.objects.create(tip=tip, kind=EventKind.ESCALATED, at=now, data=facts)
            record(None, "tips.tip.escalated", tip, unit_path=tip.handler.path, data=facts)
    return is_new


def _unit_of(tip: Tip, stage: Stage) -> Unit | None:
    """The nearest unit from the handler up where a chief may open the tip; for superiors the next."""
    found: list[Unit] = []
    for posting in _deciding(tip.handler):
        if posting.unit not in found and permissions.can_decide(posting.user, tip):
            found.append(posting.unit)
            if len(found) == stage:
                return posting.unit
    return None


def _deciding(unit: Unit) -> QuerySet[Posting]:
    rows = Posting.objects.serving(unit, *DECIDING_ROLES)
    return rows.select_related("user", "unit").order_by("-unit__path", "pk")


def _letter(number: int) -> Letter:
    return Letter(
        subject=_("Có tin báo quá hạn cần chỉ đạo"),
        text=_("%(number)d tin báo đã quá hạn xử lý và chưa xong. Nội dung chỉ xem được sau khi đăng nhập.")
        % {"number": number},
        path=reverse("desk:today"),
    )
