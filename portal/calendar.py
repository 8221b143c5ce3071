"""Terms and deadlines in Vietnamese time: pure functions over a calendar that is passed in.

The way of counting is that of the Criminal Procedure Code 2015, article 134: a term in days ends at 24:00 of
its last day, a term in months on the same date of the month (or the month's last day), and a term that ends
on a day off ends with the next working day. A term in hours runs through nights and holidays.

24:00 is written as 23:59:59 of that day, never as 00:00 of the next, so that the date shown is the legal one;
something done at `moment` is on time when `moment <= due`.
"""

from calendar import monthrange
from collections.abc import Iterator
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


def due_at(received_at: datetime, rule: Term, calendar: WorkCalendar) -> datetime:
    """Return when the term that starts at `received_at` ends, in Vietnamese time.

    The day of receipt is not counted. Raises ValueError for a time without zone.
    """
    if received_at.tzinfo is None:
        raise ValueError("received_at needs a time zone")
    start = received_at.astimezone(ZONE)
    match rule.unit:
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
