"""What may no longer be kept: planned by one function, warned of, delayed by a chief, erased part by part.

``plan`` says what ``run`` does: a dry run prints the plan of the same moment. Nothing goes while a chief
holds it, while a request about it waits, right after somebody added something, or while its matter is open;
the content of a tip goes only once its chief had ``WARNED_FOR`` to object. Spam needs no warning.
"""

import datetime
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.audit.services import record
from portal.calendar import local_date
from portal.errors import WrongStateError
from tips import permissions, validators
from tips.enums import OPEN, Category, TipStatus
from tips.keeping import BUILT_IN, Ending, KeepRule, Part, keep_rule
from tips.models import (
    Contact,
    DataRequest,
    ErasureNotice,
    Message,
    Original,
    RetentionHold,
    RetentionRule,
    Tip,
)
from tips.services import erasing
from tips.services.changes import require
from tips.services.escalation import people_in_charge
from tips.services.letters import Letter, send_once
from tips.validators import keyed

AT_ONCE = 200
WARN_AHEAD = datetime.timedelta(days=30)
WARNED_FOR = datetime.timedelta(days=14)
AFTER_NEW_CONTENT = datetime.timedelta(days=90)
LONGEST_HOLD = datetime.timedelta(days=730)

_ENDINGS: dict[str, Q] = {
    Ending.HANDLED: Q(status=TipStatus.CLOSED, outcome=Ending.HANDLED),
    Ending.GUIDED: Q(status=TipStatus.CLOSED, outcome__in=["", Ending.GUIDED]),
    Ending.INSUFFICIENT: Q(status=TipStatus.CLOSED, outcome=Ending.INSUFFICIENT),
    Ending.UNFOUNDED: Q(status=TipStatus.UNFOUNDED),
    Ending.SPAM: Q(status=TipStatus.SPAM),
    Ending.DUPLICATE: Q(status=TipStatus.DUPLICATE),
}


@dataclass(frozen=True)
class PlannedStep:
    """One part of one tip, or one request, that goes, and the text that says so."""

    part: Part
    pk: int
    public_id: str
    source: str


def rule_table() -> tuple[KeepRule, ...]:
    """All rows: those the portal starts with, then those decided here, which go before them."""
    return (*BUILT_IN, *(row.rule for row in RetentionRule.objects.order_by("valid_from", "pk")))


def plan(now: datetime.datetime) -> list[PlannedStep]:
    """What ``run`` erases at ``now``, in its order: who sent, originals, contents, requests about no tip."""
    rules = rule_table()
    return [step for part in Part for step in _steps(part, rules, now)]


def run(now: datetime.datetime | None = None) -> list[PlannedStep]:
    """Erase what ``plan`` says, part after part, ``AT_ONCE`` at a time; returns what was done."""
    now = now or timezone.now()
    rules = rule_table()
    done: list[PlannedStep] = []
    for part in Part:
        # All of a part before the next: with its content a tip would lose what is to go first.
        while steps := _steps(part, rules, now, AT_ONCE):
            erased = [step for step in steps if _erase(step, now)]
            done += erased
            if not erased:
                break
    return done


def warn(now: datetime.datetime | None = None) -> int:
    """Put tips that are due soon on their chiefs' list and mail once; returns how many are new there."""
    now = now or timezone.now()
    soon = due(Part.CONTENT, now + WARN_AHEAD, seen_at=now).exclude(status=TipStatus.SPAM)
    ErasureNotice.objects.exclude(tip__in=soon.values("pk")).filter(tip__erased_at=None).delete()
    new = list(soon.filter(erasure_notice=None).order_by("pk")[:AT_ONCE])
    notices = [ErasureNotice(tip=tip, at=now) for tip in new]
    ErasureNotice.objects.bulk_create(notices, ignore_conflicts=True)
    _mail(now)
    return len(new)


def due(part: Part, at: datetime.datetime, *, seen_at: datetime.datetime | None = None) -> QuerySet[Tip]:
    """Tips of which ``part`` may go at ``at``, as far as is known at ``seen_at``."""
    condition = Q(pk__in=[])
    for (days, _source), covered in _terms(part, rule_table(), local_date(at)).items():
        condition |= Q(closed_at__lt=at - datetime.timedelta(days=days)) & covered
    return _may_go(seen_at or at).filter(condition).filter(_has(part))


def hold(tip: Tip, *, actor: Any, until: Any, reason: str) -> RetentionHold:
    """Keep a tip longer, until the end of a day. Raises ValidationError keyed ``until`` or ``reason``.

    WrongStateError once it is erased: a hold made while erasing runs waits for it.
    """
    require(permissions.can_decide(actor, tip))
    why = keyed("reason", validators.clean_reveal_reason, reason)
    day = keyed("until", _hold_day, until)
    with transaction.atomic():
        if erasing.locked(tip.pk).erased_at is not None:
            raise WrongStateError(_("Nội dung tin đã được xóa."))
        row = RetentionHold.objects.create(tip=tip, until=day, reason=why, by=actor)
        ErasureNotice.objects.filter(tip=tip).delete()
        facts = {"until": day.isoformat()}
        record(actor, "tips.retention.held", tip, unit_path=tip.handler.path, data=facts)
    return row


def _steps(part: Part, rules: tuple, now: datetime.datetime, limit: int | None = None) -> list[PlannedStep]:
    """What may go of one part, in the order of its rows."""
    if part == Part.REQUEST:
        return _request_steps(rules, now, limit)
    found = []
    for (days, source), covered in _terms(part, rules, local_date(now)).items():
        rows = _may_go(now).filter(covered, _has(part), closed_at__lt=now - datetime.timedelta(days=days))
        pairs = _warned(part, rows, now).order_by("pk").values_list("pk", "public_id")[:limit]
        found += [PlannedStep(part, pk, public_id, source) for pk, public_id in pairs]
    return sorted(found, key=lambda step: step.pk)[:limit]


def _request_steps(rules: tuple, now: datetime.datetime, limit: int | None) -> list[PlannedStep]:
    rule = keep_rule(rules, Part.REQUEST, ending="", category="", day=local_date(now))
    if rule is None:
        return []
    before = now - datetime.timedelta(days=rule.days)
    rows = DataRequest.objects.filter(tip=None, decided_at__lt=before, erased_at=None)
    pairs = rows.order_by("pk").values_list("pk", "code")[:limit]
    return [PlannedStep(Part.REQUEST, pk, code, rule.source) for pk, code in pairs]


def _terms(part: Part, rules: tuple, day: datetime.date) -> dict[tuple[int, str], Q]:
    """(days, source) -> the tips it is for, from the row that counts for each ending and category."""
    groups: dict[tuple[int, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for ending in Ending:
        for category in Category:
            rule = keep_rule(rules, part, ending=ending, category=category, day=day)
            if rule is not None:
                groups[rule.days, rule.source][ending].append(category)
    terms = {}
    for key, by_ending in groups.items():
        covered = Q(pk__in=[])
        for ending, categories in by_ending.items():
            covered |= _ENDINGS[ending] & Q(category__in=categories)
        terms[key] = covered
    return terms


def _may_go(now: datetime.datetime) -> QuerySet[Tip]:
    """Ended tips that nothing keeps at ``now``."""
    held = RetentionHold.objects.filter(tip=OuterRef("pk"), until__gte=local_date(now))
    asked = DataRequest.objects.waiting().filter(tip=OuterRef("pk"))
    # What was said at the end is no news of its own.
    is_later = Q(author=None) | Q(at__gt=OuterRef("closed_at"))
    new = Message.objects.filter(is_later, tip=OuterRef("pk"), at__gt=now - AFTER_NEW_CONTENT)
    matter = Tip.objects.filter(case=OuterRef("case"), status__in=OPEN)
    return Tip.objects.filter(
        ~Exists(held), ~Exists(asked), ~Exists(new), ~Exists(matter), erased_at=None, closed_at__isnull=False
    )


def _has(part: Part) -> Q:
    if part == Part.CONTACT:
        return Q(Exists(Contact.objects.filter(tip=OuterRef("pk"))))
    if part == Part.ORIGINALS:
        return Q(Exists(Original.objects.filter(evidence__tip=OuterRef("pk"))))
    return Q()


def _erase(step: PlannedStep, now: datetime.datetime) -> bool:
    """Erase one part if it is due still: since the plan a chief may have held it, or its sender written."""
    if step.part == Part.REQUEST:
        return erasing.erase_request(step.pk, now, source=step.source)
    with transaction.atomic():
        tip = erasing.locked(step.pk)
        if not _warned(step.part, due(step.part, now), now).filter(pk=tip.pk).exists():
            return False
        if step.part == Part.CONTACT:
            return erasing.erase_contact(tip, source=step.source)
        if step.part == Part.ORIGINALS:
            return erasing.erase_originals(tip, source=step.source)
        return erasing.erase_content(tip, now, source=step.source)


def _warned(part: Part, rows: QuerySet[Tip], now: datetime.datetime) -> QuerySet[Tip]:
    """Of these only whose chief had time to object, where that is asked for."""
    if part != Part.CONTENT:
        return rows
    return rows.filter(Q(status=TipStatus.SPAM) | Q(erasure_notice__at__lte=now - WARNED_FOR))


def _mail(now: datetime.datetime) -> None:
    """One mail a chief about what is new on the list."""
    rows = ErasureNotice.objects.filter(mailed_at=None).select_related("tip__handler").order_by("pk")
    send_once(rows[:AT_ONCE], people=lambda row: people_in_charge(row.tip), letter=_letter, now=now)


def _letter(number: int) -> Letter:
    text = _(
        "%(number)d tin báo cũ sắp được xóa theo thời hạn lưu giữ. Tin nào còn cần xin kéo dài, nêu lý do."
    )
    return Letter(_("Tin báo sắp được xóa"), text % {"number": number}, reverse("desk:erasures"))


def _hold_day(value: Any) -> datetime.date:
    today = timezone.localdate()
    if not isinstance(value, datetime.date):
        raise ValidationError(_("Xin ghi ngày."), code="required")
    if value <= today:
        raise ValidationError(_("Ngày phải ở sau hôm nay."), code="past")
    if value > today + LONGEST_HOLD:
        raise ValidationError(_("Mỗi lần kéo dài tối đa hai năm."), code="far")
    return value
