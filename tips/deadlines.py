"""How long a tip of each priority may take, as dated rules with their source.

The terms are this programme's own promise, not law. The law's 24 hours for passing a crime report on (joint
circular TTLT 01/2017) is what an accepted P0 tip falls back to once somebody has opened it. Terms in hours
run through nights and holidays, terms in working days end at 24:00 (Criminal Procedure Code, article 134).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from groups.models import Holiday
from portal.calendar import ZONE, Term, TermUnit, WorkCalendar, due_at, local_date
from tips.enums import Priority

MINUTES_TO_OPEN_DANGER = 5


@dataclass(frozen=True)
class DeadlineRules:
    """The terms in force from a day on. ``danger_minutes`` is the time to open a P0 tip."""

    valid_from: date
    source: str
    danger_minutes: int
    terms: Mapping[Priority, Term]


RULES = (
    DeadlineRules(
        valid_from=date(2019, 1, 1),
        source="Quy chế vận hành cổng kết nối; 24 giờ của P0 sau tiếp nhận: TTLT 01/2017",
        danger_minutes=MINUTES_TO_OPEN_DANGER,
        terms={
            Priority.P0: Term(24, TermUnit.HOURS),
            Priority.P1: Term(2, TermUnit.HOURS),
            Priority.P2: Term(24, TermUnit.HOURS),
            Priority.P3: Term(3, TermUnit.WORKING_DAYS),
            Priority.P4: Term(5, TermUnit.WORKING_DAYS),
        },
    ),
)


def rules_on(day: date) -> DeadlineRules:
    """The rules in force on a day: those with the latest start not after it."""
    return max((rules for rules in RULES if rules.valid_from <= day), key=lambda rules: rules.valid_from)


def work_calendar() -> WorkCalendar:
    """Days off and made-up days as the directory has them."""
    days = Holiday.objects.values_list("day", "is_working_day")
    return WorkCalendar(
        holidays=frozenset(day for day, is_working in days if not is_working),
        makeup_days=frozenset(day for day, is_working in days if is_working),
    )


def deadline(*, priority: int, since: datetime, is_opened: bool = False) -> datetime:
    """When a tip of ``priority`` that reached its unit at ``since`` is due.

    A P0 tip nobody has opened is due within minutes; ``is_opened`` gives it its handling term instead.
    """
    rules = rules_on(local_date(since))
    if priority == Priority.P0 and not is_opened:
        return since.astimezone(ZONE) + timedelta(minutes=rules.danger_minutes)
    return due_at(since, rules.terms[Priority(priority)], work_calendar())
