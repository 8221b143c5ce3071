"""Alarms: opened when something is wrong, closed by themselves, seen by a person, mailed at most three times.

``watch`` is called by the sweep, and by web requests when the clock may have stopped. It may run at any time,
twice, anywhere: a unique constraint says who opened an alarm, a conditional UPDATE who mails about it.
"""

import logging
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from broadcasts.enums import AlarmKind
from broadcasts.models import Alarm
from broadcasts.services import alarm_mail, conditions
from broadcasts.services.conditions import Finding
from groups.enums import Role
from groups.models import Posting
from groups.permissions import DIRECTORY_ROLES, has_role, holds
from portal.audit.services import record
from portal.errors import NotAllowedError, WrongStateError

logger = logging.getLogger(__name__)

LOOK_SECONDS = 30.0
# A cause must be gone this long: what flickers is one alarm.
GONE_FOR = timedelta(minutes=3)

_next_look = 0.0


def watch(now: datetime, *, besides: Iterable[Finding] = ()) -> None:
    """Look at everything, keep the alarms up to date, and send the mails that are due.

    ``besides``: what the caller knows to be wrong.
    """
    update([*conditions.findings(now), *besides], now)
    alarm_mail.send_due(now)


def watch_for_the_clock(now: datetime) -> None:
    """For web requests: when beat, workers or broker are gone, nobody else would look.

    Costs a healthy system two answers of Redis every ``LOOK_SECONDS`` and process, and never fails a page.
    """
    global _next_look
    if not settings.ALARMS_FROM_WEB or time.monotonic() < _next_look:
        return
    _next_look = time.monotonic() + LOOK_SECONDS
    try:
        if conditions.of_the_system():
            watch(now)
    except DatabaseError as error:
        logger.warning("alarms_not_kept: %s", type(error).__name__)


def update(findings: Iterable[Finding], now: datetime) -> None:
    """Open an alarm for each new finding, keep those still found, close those gone for a while.

    What nobody could look for is not gone.
    """
    findings = list(findings)
    known = {(alarm.kind, alarm.subject): alarm for alarm in Alarm.objects.open()}
    seen: list[int] = []
    for finding in findings:
        alarm = known.get((finding.kind, finding.subject))
        if alarm is None:
            _open(finding, now)
            continue
        seen.append(alarm.pk)
        if alarm.detail != finding.detail:
            Alarm.objects.filter(pk=alarm.pk).update(detail=finding.detail)
    Alarm.objects.open().filter(pk__in=seen).update(last_seen_at=now)
    if conditions.is_blind(findings):
        return
    gone = Alarm.objects.open().filter(last_seen_at__lt=now - GONE_FOR)
    if any(kind in conditions.SYSTEM for kind, _subject in known):
        gone = gone.exclude(kind=AlarmKind.STALLED)
    gone.update(closed_at=now)


def can_acknowledge(user: Any, alarm: Alarm) -> bool:
    """Those who answer for the unit; for the whole system its highest administrators, whom mails go to."""
    if alarm.unit is not None:
        return holds(user, alarm.unit, *DIRECTORY_ROLES)
    if not has_role(user, Role.ADMINISTRATOR):
        return False
    is_highest = alarm_mail.highest_administrators(Posting.objects.open()).filter(user=user).exists()
    return is_highest or user.email in alarm_mail.recipients(alarm)


def acknowledge(alarm: Alarm, *, actor: Any) -> Alarm:
    """Somebody has seen it and deals with it: no escalation any more. It stays open while its cause does."""
    if not can_acknowledge(actor, alarm):
        raise NotAllowedError
    now = timezone.now()
    with transaction.atomic():
        rows = Alarm.objects.open().filter(pk=alarm.pk, acknowledged_at=None)
        if rows.update(acknowledged_at=now, acknowledged_by=actor) != 1:
            raise WrongStateError
        path = alarm.unit.path if alarm.unit else ""
        data = {"kind": alarm.kind, "subject": alarm.subject}
        record(actor, "broadcasts.alarm.acknowledged", alarm, unit_path=path, data=data)
    alarm.refresh_from_db(fields=["acknowledged_at", "acknowledged_by"])
    return alarm


def _open(finding: Finding, now: datetime) -> None:
    cause = {"kind": finding.kind, "subject": finding.subject}
    if _reopen(finding, cause, now):
        return
    alarm = Alarm(
        **cause,
        unit=finding.unit,
        account=finding.account,
        detail=finding.detail,
        opened_at=now,
        last_seen_at=now,
    )
    Alarm.objects.bulk_create([alarm], ignore_conflicts=True)


def _reopen(finding: Finding, cause: dict[str, str], now: datetime) -> bool:
    """What comes back before its end was mailed is the same alarm: no mail, and who took it has it."""
    same = Alarm.objects.filter(**cause, closed_at__gte=now - alarm_mail.CLOSING_AFTER, closing_mail_at=None)
    last = same.order_by("-closed_at").values_list("pk", flat=True).first()
    try:
        with transaction.atomic():
            return 1 == same.filter(pk=last).update(closed_at=None, last_seen_at=now, detail=finding.detail)
    except IntegrityError:
        # Another process opened it meanwhile: the constraint let one of us.
        return True
