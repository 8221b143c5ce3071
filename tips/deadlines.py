"""When a tip is due: one pure function over a dated table of terms, and the table and calendar to feed it.

The rule that counts is the one in force on the day a tip was received: a change applies to what comes in
after it. Terms in hours run through nights and holidays, terms in office hours and working days do not, terms
in days end at 24:00 (Criminal Procedure Code 2015, article 134).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from groups.models import Holiday
from portal.calendar import Pause, TermUnit, WorkCalendar, due_at, local_date
from portal.memory import Memory
from tips.enums import ENDED, EventKind, Priority, TipStatus
from tips.models.rules import DeadlineRule
from tips.terms import BUILT_IN, CRIME, TermKind, TermRule, rule_for

_ROUND_THE_CLOCK = (TermUnit.MINUTES, TermUnit.HOURS)
_NO_CALENDAR = WorkCalendar()
# What the event of a tip that became P0 says of its priority: before, after.
_RAISED = tuple([int(level), int(Priority.P0)] for level in Priority if level != Priority.P0)
# Two tables of some rows that every tip asks for and that change a few times a year.
_remembered = Memory(size=2)


@dataclass(frozen=True)
class Milestone:
    """One point a tip has to reach by ``due``; ``reached`` is when it did, None while it has not."""

    rule: TermRule
    due: datetime
    reached: datetime | None
    # The tip ended without it: nobody waits for it any more, and nobody kept or missed it.
    is_void: bool = False

    def state(self, now: datetime) -> str:
        """``met``, ``late``, ``open`` or ``void``."""
        if self.is_void:
            return "void"
        if (self.reached or now) > self.due:
            return "late"
        return "met" if self.reached else "open"


def due_time(
    rules: tuple[TermRule, ...],
    kind: TermKind,
    *,
    received: datetime,
    calendar: WorkCalendar,
    priority: int | None = None,
    since: datetime | None = None,
    pauses: Iterable[Pause] = (),
) -> datetime:
    """When the term ``kind`` of a tip received at ``received`` ends. Pure: same arguments, same answer.

    ``since`` is where counting starts when that is not the receipt (a transfer, a reopening); the rule stays
    the one of the day of receipt. Raises LookupError when ``rules`` have none for that day.
    """
    rule = rule_for(rules, kind, local_date(received), priority=priority)
    return due_at(since or received, rule.term, calendar, pauses)


def rule_table() -> tuple[TermRule, ...]:
    """All rows: those the portal starts with, then those decided here, which win on the same day."""
    return _remembered.get("rules", _rule_table)


def _rule_table() -> tuple[TermRule, ...]:
    return (*BUILT_IN, *(row.rule for row in DeadlineRule.objects.order_by("pk")))


def work_calendar() -> WorkCalendar:
    """Days off and made-up days as the directory has them."""
    return _remembered.get("calendar", _work_calendar)


def _work_calendar() -> WorkCalendar:
    days = list(Holiday.objects.values_list("day", "is_working_day"))
    return WorkCalendar(
        holidays=frozenset(day for day, is_working in days if not is_working),
        makeup_days=frozenset(day for day, is_working in days if is_working),
    )


def deadline(
    *, priority: int, since: datetime, is_opened: bool = False, received: datetime | None = None
) -> datetime:
    """When a tip of ``priority`` that reached its unit at ``since`` is due.

    A P0 tip nobody has opened is due within minutes; ``is_opened`` gives it its handling term instead.
    ``received`` is when the tip came to the portal, if not at ``since``.
    """
    kind = TermKind.DANGER if priority == Priority.P0 and not is_opened else TermKind.HANDLING
    return due_now(kind, priority=priority, since=since, received=received or since)


def due_now(
    kind: TermKind, *, since: datetime, priority: int | None = None, received: datetime | None = None
) -> datetime:
    """``due_time`` with the table of this portal, and with its calendar for terms that need one."""
    rule = rule_for(rule_table(), kind, local_date(received or since), priority=priority)
    return due_at(since, rule.term, _calendar_for(rule))


def in_force(kind: TermKind, *, received: datetime, priority: int | None = None) -> TermRule:
    """The rule of a tip received then."""
    return rule_for(rule_table(), kind, local_date(received), priority=priority)


def milestones(tip) -> list[Milestone]:
    """The points a tip has to reach, soonest first: service promises, the law's terms for a crime."""
    rules, calendar = rule_table(), work_calendar()
    look = TermKind.DANGER if tip.priority == Priority.P0 else TermKind.FIRST_LOOK
    wanted = {look: tip.accepted_at, TermKind.FIRST_ANSWER: tip.first_answer_at}
    has_ended = tip.status in ENDED
    if tip.category in CRIME:
        moved = [event.at for event in tip.events.all() if event.kind == EventKind.TRANSFERRED]
        # A duplicate goes on in the main tip of its case.
        resolved = tip.closed_at if tip.status != TipStatus.DUPLICATE else None
        wanted |= {TermKind.TRANSFER: min(moved, default=None), TermKind.RESOLUTION: resolved}
    day = local_date(tip.received_at)
    found = []
    for kind, reached in wanted.items():
        rule = rule_for(rules, kind, day, priority=tip.priority)
        since = _in_danger_since(tip) if kind == TermKind.DANGER else tip.received_at
        if kind == TermKind.RESOLUTION:
            since = _taken_up(tip)
        due = due_at(since, rule.term, calendar)
        if kind == TermKind.RESOLUTION:
            due = max([due, *_granted(tip, since)])
        found.append(Milestone(rule, due, reached, is_void=has_ended and reached is None))
    return sorted(found, key=lambda milestone: milestone.due)


def _in_danger_since(tip) -> datetime:
    """When a P0 tip became one: with its receipt, or when somebody or the system raised it."""
    raised = [event.at for event in tip.events.all() if event.data.get("priority") in _RAISED]
    return max(raised, default=tip.received_at)


def _taken_up(tip) -> datetime:
    """When what has to be resolved began: with the receipt, or when it was reopened last."""
    reopened = [event.at for event in tip.events.all() if event.kind == EventKind.REOPENED]
    return max(reopened, default=tip.received_at)


def _granted(tip, since: datetime) -> list[datetime]:
    """The deadlines somebody who decides gave the tip after ``since``: the law lets its term run longer."""
    steps = [event for event in tip.events.all() if event.kind == EventKind.EXTENDED and event.at >= since]
    return [datetime.fromisoformat(step.data["to"]) for step in steps if "to" in step.data]


def _calendar_for(rule: TermRule) -> WorkCalendar:
    return _NO_CALENDAR if rule.term.unit in _ROUND_THE_CLOCK else work_calendar()
