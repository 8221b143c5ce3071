"""Begins the stages of alarms that are due, and has the people of each told.

``ring`` is hinted at after the commit that made a tip urgent, and called by beat. It may run twice, late and
anywhere: a conditional UPDATE says who does each step, and the rows say what is left.
"""

import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from portal.audit.services import record
from portal.clock import minute
from tips.enums import OPEN, UNTAKEN, EventKind, Priority
from tips.models import AlarmCall, Tip, TipAlarm, TipEvent
from tips.services import calling, duty
from tips.services.alarms import forget_shown, raise_for

# A tip that got no alarm of its own is found here; nobody is woken for one of last week.
FORGOTTEN_FOR = datetime.timedelta(hours=24)
AT_ONCE = 100


def ring(now: datetime.datetime) -> int:
    """Do all that is due: stages, then the pushes and mails of their calls. Returns the stages begun."""
    _find_forgotten(now)
    due = TipAlarm.objects.filter(told_at=None, stopped_at=None, due_at__lte=now).order_by("due_at", "pk")
    begun = sum(_begin(alarm_id, now) for alarm_id in list(due.values_list("pk", flat=True)[:AT_ONCE]))
    calling.send_due(now)
    return begun


def _begin(alarm_id: int, now: datetime.datetime) -> bool:
    """Call the people of one stage. True for the one process that did."""
    at = minute(now)
    with transaction.atomic():
        urgent = Tip.objects.filter(pk=OuterRef("tip"), handler=OuterRef("unit"), priority=Priority.P0)
        is_urgent = Exists(urgent.filter(status__in=OPEN))
        row = TipAlarm.objects.filter(pk=alarm_id, told_at=None, stopped_at=None)
        if row.filter(is_urgent).update(told_at=at) != 1:
            row.filter(~is_urgent).update(stopped_at=at)
            return False
        alarm = TipAlarm.objects.select_related("tip__handler").get(pk=alarm_id)
        people = duty.to_call(alarm.tip, alarm.stage, now)
        AlarmCall.objects.bulk_create([AlarmCall(alarm=alarm, user=user) for user in people])
        _trace(alarm, people, at)
    forget_shown([user.pk for user in people])
    return True


def _trace(alarm: TipAlarm, people: list[Any], at: datetime.datetime) -> None:
    facts = {"stage": alarm.stage, "people": len(people)}
    TipEvent.objects.create(tip=alarm.tip, kind=EventKind.ALARMED, at=at, data=facts)
    names = {"users": [user.get_username() for user in people]}
    path = alarm.tip.handler.path
    record(None, "tips.alarm.called", alarm.tip, unit_path=path, data=facts | names, at=at)


def _find_forgotten(now: datetime.datetime) -> None:
    """Urgent tips that nobody has taken and that ring nowhere, whatever made them urgent."""
    rows = Tip.objects.filter(priority=Priority.P0, status__in=UNTAKEN, received_at__gt=now - FORGOTTEN_FOR)
    silent = rows.filter(~Exists(TipAlarm.objects.filter(tip=OuterRef("pk"), stopped_at=None)))
    for tip in silent.order_by("pk")[:AT_ONCE]:
        raise_for(tip, since=now)
