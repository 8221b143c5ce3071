"""Terms and deadlines in Vietnamese time: pure functions over a calendar that is passed in.

The way of counting is that of the Criminal Procedure Code 2015, article 134: a term in days ends at 24:00 of
its last day, a term in months on the same date of the month (or the month's last day), and a term that ends
on a day off ends with the next working day. A term in hours runs through nights and holidays.

A pause moves the end by what it took out of the term: the same time for a term in hours, the same office time
for one in office hours, whole days for the others. Vietnam has no daylight saving time.

24:00 is written as 23:59:59 of that day, never as 00:00 of the next, so that the date shown is the legal one;
something done at `moment` is on time when `moment <= due`.
"""

from bisect import bisect_left
from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
END_OF_DAY = time(23, 59, 59)
SATURDAY = 5
ONE_DAY = timedelta(days=1)
OFFICE_HOURS = ((time(7, 30), time(11, 30)), (time(13, 30), time(17, 0)))


class TermUnit(StrEnum):
    """How a term is counted."""

    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    WORKING_DAYS = "working_days"
    MONTHS = "months"
    WORKING_HOURS = "working_hours"


@dataclass(frozen=True)
class Term:
    """A length of time as a law or a promise states it: 24 hours, 20 days, 3 working days."""

    amount: int
    unit: TermUnit

    def __post_init__(self) -> None:
        if self.amount < 1:
            raise ValueError("a term has a positive amount")
        object.__setattr__(self, "unit", TermUnit(self.unit))


@dataclass(frozen=True)
class WorkCalendar:
    """Which days and hours are worked: Monday to Friday, less `holidays`, plus `makeup_days`.

    A date in both sets is worked: days are swapped by a decision that comes after the list of holidays.
    """

    holidays: frozenset[date] | set[date] = frozenset()
    makeup_days: frozenset[date] | set[date] = frozenset()
    office_hours: tuple[tuple[time, time], ...] = OFFICE_HOURS

    def __post_init__(self) -> None:
        marks = [mark for span in self.office_hours for mark in span]
        if not marks or any(later <= earlier for earlier, later in zip(marks, marks[1:], strict=False)):
            raise ValueError("office hours must be non-empty, in order and apart")

    def is_working_day(self, day: date) -> bool:
        """Whether offices are open on that day."""
        if day in self.makeup_days:
            return True
        return day.weekday() < SATURDAY and day not in self.holidays

    def working_days_from(self, day: date) -> Iterator[date]:
        """Working days in order, beginning with `day` itself when it is one."""
        while True:
            if self.is_working_day(day):
                yield day
            day += ONE_DAY

    def first_working_day(self, day: date) -> date:
        """`day`, or the next working day when it is a day off."""
        return next(self.working_days_from(day))


@dataclass(frozen=True)
class Pause:
    """A time that does not count: the sender was asked something and has not answered yet."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError("a pause ends after it starts")


def due_at(
    received_at: datetime, rule: Term, calendar: WorkCalendar, pauses: Iterable[Pause] = ()
) -> datetime:
    """Return when the term that starts at `received_at` ends, in Vietnamese time.

    The day of receipt is not counted. Pauses that begin after the end change nothing: what is late stays
    late. Raises ValueError for a time without zone.
    """
    due = _plain_due_at(received_at, rule, calendar)
    for pause in sorted(pauses, key=lambda pause: pause.start):
        if pause.start < due:
            due = shifted(due, pause, rule.unit, calendar)
    return due


def latest_start(end: datetime, rule: Term, calendar: WorkCalendar) -> datetime:
    """The latest second from which the term is over by ``end``: ``due_at`` the other way round.

    Days off cannot be subtracted like hours: it is found by halving, since later starts never end earlier.
    """
    step = timedelta(days=1)
    while due_at(end - step, rule, calendar) > end:
        step *= 2
    early, length = end - step, int(step.total_seconds())
    over = bisect_left(
        range(length),
        True,
        key=lambda second: due_at(early + timedelta(seconds=second + 1), rule, calendar) > end,
    )
    return early + timedelta(seconds=over)


def shifted(due: datetime, pause: Pause, unit: TermUnit, calendar: WorkCalendar) -> datetime:
    """The end of a term counted in `unit` once `pause` has been taken out of it."""
    start, end = pause.start.astimezone(ZONE), pause.end.astimezone(ZONE)
    if unit in (TermUnit.MINUTES, TermUnit.HOURS):
        return due.astimezone(ZONE) + (end - start)
    if unit == TermUnit.WORKING_HOURS:
        left = working_time(start, end, calendar)
        return _after_working_time(due.astimezone(ZONE), left, calendar) if left else due
    days = (end.date() - start.date()).days
    if unit == TermUnit.WORKING_DAYS:
        between = (start.date() + ONE_DAY * n for n in range(1, days + 1))
        return _later_working_day(due, sum(map(calendar.is_working_day, between)), calendar)
    return end_of_day(calendar.first_working_day(local_date(due) + ONE_DAY * days)) if days else due


def working_time(start: datetime, end: datetime, calendar: WorkCalendar) -> timedelta:
    """Office time between two moments."""
    start, end = start.astimezone(ZONE), end.astimezone(ZONE)
    total = timedelta()
    for day in (start.date() + ONE_DAY * n for n in range((end.date() - start.date()).days + 1)):
        if calendar.is_working_day(day):
            for opens, closes in calendar.office_hours:
                begin = max(start, datetime.combine(day, opens, ZONE))
                total += max(timedelta(), min(end, datetime.combine(day, closes, ZONE)) - begin)
    return total


def _later_working_day(due: datetime, days: int, calendar: WorkCalendar) -> datetime:
    """The end of the working day that comes `days` working days after `due`."""
    if not days:
        return due
    following = calendar.working_days_from(local_date(due) + ONE_DAY)
    return end_of_day(next(day for count, day in enumerate(following, start=1) if count == days))


def _plain_due_at(received_at: datetime, rule: Term, calendar: WorkCalendar) -> datetime:
    if received_at.tzinfo is None:
        raise ValueError("received_at needs a time zone")
    start = received_at.astimezone(ZONE)
    match rule.unit:
        case TermUnit.MINUTES:
            return start + timedelta(minutes=rule.amount)
        case TermUnit.HOURS:
            return (received_at.astimezone(UTC) + timedelta(hours=rule.amount)).astimezone(ZONE)
        case TermUnit.WORKING_HOURS:
            return _after_working_time(start, timedelta(hours=rule.amount), calendar)
        case TermUnit.WORKING_DAYS:
            days = calendar.working_days_from(start.date() + ONE_DAY)
            return end_of_day(next(day for count, day in enumerate(days, start=1) if count == rule.amount))
        case TermUnit.DAYS:
            last_day = start.date() + timedelta(days=rule.amount)
        case TermUnit.MONTHS:
            last_day = add_months(start.date(), rule.amount)
    return end_of_day(calendar.first_working_day(last_day))


def _after_working_time(start: datetime, left: timedelta, calendar: WorkCalendar) -> datetime:
    """The moment when `left` of office time has passed since `start`."""
    for day in calendar.working_days_from(start.date()):
        for opens, closes in calendar.office_hours:
            begin = max(start, datetime.combine(day, opens, ZONE))
            end = datetime.combine(day, closes, ZONE)
            if begin >= end:
                continue
            if begin + left <= end:
                return begin + left
            left -= end - begin
    raise AssertionError("working days never run out")


def add_months(day: date, months: int) -> date:
    """The same date `months` later, or the last day of that month when it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def end_of_day(day: date) -> datetime:
    """24:00 of a day in Vietnam, written as 23:59:59."""
    return datetime.combine(day, END_OF_DAY, ZONE)


def local_date(moment: datetime) -> date:
    """The date in Vietnam at that moment."""
    return moment.astimezone(ZONE).date()


def period_bounds(first_day: date, last_day: date) -> tuple[datetime, datetime]:
    """A reporting period as a half-open interval: 00:00 of the first day up to 24:00 of the last.

    Query with `>= start` and `< end`. Raises ValueError when the period ends before it starts.
    """
    if last_day < first_day:
        raise ValueError("the period ends before it starts")
    return (
        datetime.combine(first_day, time.min, ZONE),
        datetime.combine(last_day + ONE_DAY, time.min, ZONE),
    )


def previous_period(first_day: date, last_day: date) -> tuple[date, date]:
    """The period of equal length just before, for comparison."""
    length = last_day - first_day + ONE_DAY
    return first_day - length, last_day - length
