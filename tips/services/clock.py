"""The clock of a tip stands while its sender is asked something: what standing and running again changes."""

import datetime
from typing import Any

from django.utils import timezone

from portal.calendar import Pause, shifted
from tips import deadlines
from tips.models import Tip
from tips.terms import TermKind

RUNNING: dict[str, Any] = {"paused_at": None, "paused_deadline": None}


def paused_values(tip: Tip, now: datetime.datetime) -> dict[str, Any]:
    """What stopping the clock changes: a tip without a deadline is neither due nor overdue."""
    return {"paused_at": now, "paused_deadline": tip.deadline, "deadline": None}


def resumed_values(tip: Tip, now: datetime.datetime | None = None) -> dict[str, Any]:
    """What starting the clock of a paused tip changes: its deadline moves by the time it stood."""
    now = now or timezone.now()
    rule = deadlines.in_force(TermKind.HANDLING, received=tip.received_at, priority=tip.priority)
    pause = Pause(tip.paused_at, max(now, tip.paused_at))
    due = shifted(tip.paused_deadline, pause, rule.term.unit, deadlines.work_calendar())
    return {**RUNNING, "deadline": due}


def kept_running(tip: Tip, values: dict[str, Any]) -> dict[str, Any]:
    """``values`` of any act, with the clock started again when the act ends the waiting for the sender."""
    if tip.paused_at is None or "paused_at" in values:
        return values
    if "deadline" in values:
        return {**values, **RUNNING}
    return (
        {**resumed_values(tip), **values} if "status" in values and values["status"] != tip.status else values
    )
