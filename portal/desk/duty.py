"""What the duty page shows: the roster of a unit, and the urgent tips that call this person."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from groups.models import Posting, Unit
from tips.models import AlarmCall, DutyShift, Tip
from tips.querysets import words_of
from tips.services import duty, offers

CALLS_SHOWN = 20
DAYS_AHEAD = 7
WEEKDAYS = (
    _("Thứ Hai"),
    _("Thứ Ba"),
    _("Thứ Tư"),
    _("Thứ Năm"),
    _("Thứ Sáu"),
    _("Thứ Bảy"),
    _("Chủ nhật"),
)


@dataclass(frozen=True)
class Line:
    """A day or a weekday of the roster: its name, what the form sends for it, who is on it."""

    title: Any
    day: date | None
    weekday: int
    people: list[Any]


@dataclass(frozen=True)
class Ringing:
    """An urgent tip that calls this person; of one they may not open, whom to ask instead."""

    tip: Tip
    since: datetime
    can_open: bool
    circle: list[Posting]


@dataclass(frozen=True)
class Roster:
    """Who is on duty today, and each week; ``staff`` are those who could be."""

    today: Line
    is_weekly: bool
    staff: list[Posting]
    weekly: list[Line]
    ahead: list[Line]


def roster(unit: Unit, now: datetime) -> Roster:
    """The roster of a unit: two queries."""
    staff = {posting.user_id: posting for posting in duty.staff(unit)}
    today = duty.duty_day(now)
    shown = DutyShift.objects.filter(unit=unit, user__in=list(staff)).select_related("user")
    shifts = list(shown.order_by("user__full_name", "pk"))
    of_today = [shift for shift in shifts if shift.day == today]
    weekly = [
        Line(name, None, number, [s.user for s in shifts if s.weekday == number])
        for number, name in enumerate(WEEKDAYS)
    ]
    people = [shift.user for shift in of_today] or weekly[today.weekday()].people
    return Roster(
        today=Line(_("Hôm nay"), today, -1, people),
        is_weekly=not of_today and bool(people),
        staff=list(staff.values()),
        weekly=weekly,
        ahead=_ahead(shifts, today),
    )


def _ahead(shifts: list[DutyShift], today: date) -> list[Line]:
    """The next days that somebody was put on by date."""
    days = [today + timedelta(days=number) for number in range(1, DAYS_AHEAD + 1)]
    lines = [Line(WEEKDAYS[day.weekday()], day, -1, [s.user for s in shifts if s.day == day]) for day in days]
    return [line for line in lines if line.people]


def ringing_for(user: Any) -> list[Ringing]:
    """The urgent tips that call this person, the longest waiting first."""
    calls = AlarmCall.objects.filter(user=user, ended_at=None).order_by("alarm__tip__received_at", "pk")
    calls = calls.select_related("alarm__tip__handler").defer(*words_of("alarm__tip"))
    tips = {call.alarm.tip_id: call.alarm.tip for call in calls}
    visible = set(Tip.objects.visible_to(user).filter(pk__in=tips).values_list("pk", flat=True))
    return [
        Ringing(tip, tip.received_at, tip.pk in visible, [] if tip.pk in visible else offers.colleagues(tip))
        for tip in list(tips.values())[:CALLS_SHOWN]
    ]
